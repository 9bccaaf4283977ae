/**
 * The main job: real questions about 3,000,000 US flights of January to June 2001.
 *
 * Run it with `npm start`. The data comes with the npm package `vega-datasets`.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { col, fn, Session, Window, when } from 'sparrow-df';

const data = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '..', 'data');
const session = await Session.create();
const started = performance.now();

async function timed(question: string, rows: number, answer: () => Promise<void>): Promise<void> {
  const from = performance.now();
  console.log(`\n${question}`);
  await answer();
  const ms = performance.now() - from;
  console.log(`${ms.toFixed(0)} ms, ${((rows / ms) * 1000).toLocaleString('en', { maximumFractionDigits: 0 })} rows/s`);
}

try {
  const flights = session.read.parquet(join(data, 'flights-3m.parquet'));
  const airports = session.read.option('header', true).option('inferSchema', true).csv(join(data, 'airports.csv'));
  const rows = await flights.count();
  console.log(`${rows.toLocaleString('en')} flights, ${(await airports.count()).toLocaleString('en')} airports`);

  const worst = flights
    .groupBy('origin')
    .agg(fn.count().as('flights'), fn.avg('delay').as('meanDelay'))
    .join(airports.select(col('iata').as('origin'), 'name', 'city', 'state'), 'origin', 'left')
    .select('origin', 'name', 'city', 'state', 'flights', fn.round('meanDelay', 2).as('meanDelay'))
    .orderBy(col('meanDelay').desc(), 'origin')
    .limit(10);
  await timed('The ten origins with the worst mean delay (minutes):', rows, () => worst.show());

  const byHour = flights
    .groupBy(fn.hour('date').as('hour'))
    .agg(
      fn.count().as('flights'),
      fn.round(fn.avg('delay'), 2).as('meanDelay'),
      fn.max('delay').as('maxDelay'),
      fn.sum(when(col('delay').gt(60), 1).otherwise(0)).as('overAnHour'),
    )
    .orderBy('hour');
  await timed('Delay by hour of day:', rows, () => byHour.show(24));

  const byTraffic = Window.partitionBy('state').orderBy(col('flights').desc(), 'origin', 'destination');
  const busiest = flights
    .groupBy('origin', 'destination')
    .agg(fn.count().as('flights'), fn.avg('distance').as('miles'))
    .join(airports.select(col('iata').as('origin'), 'state'), 'origin')
    .withColumn('place', fn.rowNumber().over(byTraffic))
    .filter(col('place').eq(1))
    .select('state', 'origin', 'destination', 'flights', fn.round('miles').as('miles'))
    .orderBy('state');
  await timed('The busiest route of each state:', rows, () => busiest.show(60));

  console.log('\nHow the first answer was found:\n');
  console.log(await worst.explain('formatted'));
  const seconds = (performance.now() - started) / 1000;
  const { maxRSS } = process.resourceUsage();
  console.log(`\n${seconds.toFixed(2)} s in all, peak memory ${(maxRSS / 1024).toFixed(0)} MB`);
} finally {
  await session.stop();
}
