// The same question, rows from JavaScript and back, by Polars.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Polars, PolarsLazy } from '../harness/polars.js';
import { mark, people, tell } from './data.js';

mark('node');
const [, , folder = ''] = process.argv;
const pl = createRequire(join(folder, 'package.json'))('nodejs-polars') as Polars;
mark('import');
const frame = pl.readRecords(people()) as unknown as { lazy(): PolarsLazy };
mark('session');
const rows = frame
  .lazy()
  .filter(pl.col('points').gt(10))
  .groupBy(['team'])
  .agg(pl.len().alias('n'), pl.col('points').mean().alias('mean'))
  .sort(['team'])
  .collectSync({ engine: 'in-memory' })
  .rows();
mark('collect');
tell(rows.map(([team, n, mean]) => [Number(team), Number(n), Number(mean)]));
