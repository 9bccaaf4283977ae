// Converts a CSV file to Parquet in folders by a column, as a user would, and tells what it took as one line of JSON.
import { Session } from 'sparrow-df';

const [, , csv = '', folder = '', threads = '2'] = process.argv;

const session = await Session.create({ workers: Number(threads) });
const started = performance.now();
await session.read
  .option('header', true)
  .option('inferSchema', true)
  .csv(csv)
  .write.mode('overwrite')
  .partitionBy('l_shipmode')
  .parquet(folder);
const ms = performance.now() - started;
await session.stop();
const { user, system } = process.cpuUsage();
const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ ms, cpuMs: Math.round((user + system) / 1000), peakRssMb }));
