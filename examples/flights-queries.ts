/** The questions of flights.ts as queries: a function of the two files, so that a test can hold them to another engine. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { col, fn, type Session, Window, when } from 'sparrow-df';

/** The folder of the npm package `vega-datasets` that holds `flights-3m.parquet` and `airports.csv`. */
export const data = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '..', 'data');

export function questions(session: Session) {
  const flights = session.read.parquet(join(data, 'flights-3m.parquet'));
  const airports = session.read.option('header', true).option('inferSchema', true).csv(join(data, 'airports.csv'));

  const worst = flights
    .groupBy('origin')
    .agg(fn.count().as('flights'), fn.avg('delay').as('meanDelay'))
    .join(airports.select(col('iata').as('origin'), 'name', 'city', 'state'), 'origin', 'left')
    .select('origin', 'name', 'city', 'state', 'flights', fn.round('meanDelay', 2).as('meanDelay'))
    .orderBy(col('meanDelay').desc(), 'origin')
    .limit(10);

  const byHour = flights
    .groupBy(fn.hour('date').as('hour'))
    .agg(
      fn.count().as('flights'),
      fn.round(fn.avg('delay'), 2).as('meanDelay'),
      fn.max('delay').as('maxDelay'),
      fn.sum(when(col('delay').gt(60), 1).otherwise(0)).as('overAnHour'),
    )
    .orderBy('hour');

  const byTraffic = Window.partitionBy('state').orderBy(col('flights').desc(), 'origin', 'destination');
  const busiest = flights
    .groupBy('origin', 'destination')
    .agg(fn.count().as('flights'), fn.avg('distance').as('miles'))
    .join(airports.select(col('iata').as('origin'), 'state'), 'origin')
    .withColumn('place', fn.rowNumber().over(byTraffic))
    .filter(col('place').eq(1))
    .select('state', 'origin', 'destination', 'flights', fn.round('miles').as('miles'))
    .orderBy('state');

  return { flights, airports, worst, byHour, busiest };
}
