import { bitAggregates } from '../aggregate-bits.js';
import { histogramAggregates } from '../aggregate-histogram.js';
import { listAggregates } from '../aggregate-joined.js';
import { listAggregateFunctions } from '../aggregate-lists.js';
import { momentAggregates } from '../aggregate-moments.js';
import { percentileAggregates } from '../aggregate-percentile.js';
import { sketchAggregates } from '../aggregate-sketch.js';
import { statisticAggregates } from '../aggregate-statistics.js';
import { vectorAggregates } from '../vector.js';
import { windowFunctions } from '../window.js';

/** Aggregates beyond sums and extremes, and what is computed over windows only. */
export const analyticFamily = {
  ...momentAggregates,
  ...statisticAggregates,
  ...percentileAggregates,
  ...histogramAggregates,
  ...bitAggregates,
  ...listAggregates,
  ...sketchAggregates,
  ...listAggregateFunctions,
  ...vectorAggregates,
  ...windowFunctions,
};
