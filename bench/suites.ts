import { convert } from './convert/suite.js';
import { disk } from './disk/suite.js';
import { csv, ndjson, parquet } from './files/suite.js';
import { h2o } from './h2o/suite.js';
import { h2oJoin } from './h2o-join/suite.js';
import type { Suite } from './harness/contract.js';
import { loop } from './loop/suite.js';
import { micro } from './micro/suite.js';
import { operators } from './operators/suite.js';
import { plan } from './plan/suite.js';
import { rows } from './rows/suite.js';
import { startup } from './startup/suite.js';
import { tpch, tpchParquet, tpchZstd } from './tpch/suite.js';
import { udf } from './udf/suite.js';
import { write } from './write/suite.js';

/** Everything `npm run bench` can run. */
export const suites: readonly Suite[] = [
  tpch,
  tpchParquet,
  tpchZstd,
  h2o,
  h2oJoin,
  operators,
  disk,
  csv,
  ndjson,
  parquet,
  write,
  convert,
  rows,
  udf,
  startup,
  loop,
  plan,
  micro,
];
