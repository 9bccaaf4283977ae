/**
 * The main job: real questions about 3,000,000 US flights of January to June 2001.
 *
 * Run it with `npm start`. The data comes with the npm package `vega-datasets`; the queries are in flights-queries.ts.
 */
import { Session } from 'sparrow-df';
import { questions } from './flights-queries.js';

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
  const { flights, airports, worst, byHour, busiest } = questions(session);
  const rows = await flights.count();
  console.log(`${rows.toLocaleString('en')} flights, ${(await airports.count()).toLocaleString('en')} airports`);

  await timed('The ten origins with the worst mean delay (minutes):', rows, () => worst.show());
  await timed('Delay by hour of day:', rows, () => byHour.show(24));
  await timed('The busiest route of each state:', rows, () => busiest.show(60));

  console.log('\nHow the first answer was found:\n');
  console.log(await worst.explain('formatted'));
  const seconds = (performance.now() - started) / 1000;
  const { maxRSS } = process.resourceUsage();
  console.log(`\n${seconds.toFixed(2)} s in all, peak memory ${(maxRSS / 1024).toFixed(0)} MB`);
} finally {
  await session.stop();
}
