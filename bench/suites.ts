import { h2o } from './h2o/suite.js';
import type { Suite } from './harness/contract.js';
import { micro } from './micro/suite.js';
import { startup } from './startup/suite.js';
import { tpch, tpchParquet } from './tpch/suite.js';
import { udf } from './udf/suite.js';

/** Everything `npm run bench` can run. */
export const suites: readonly Suite[] = [tpch, tpchParquet, h2o, udf, startup, micro];
