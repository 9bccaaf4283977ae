import { type Argument, type Operation, op } from './operation.js';
import { flatTypes, type Type } from './values.js';

/*
 * Aggregates and window functions. `$F` is the place of FILTER (WHERE …), `$O` of OVER (…).
 */
const whole: readonly Type[] = ['tinyint', 'smallint', 'int'];
const aggregate = (
  args: readonly Argument[],
  returns: Type,
  spark: string,
  duck = spark,
  more: Pick<Operation, 'rules' | 'inexact'> = {},
): Operation => op(args, returns, spark, duck, more);

export const aggregates: readonly Operation[] = [
  aggregate([], 'bigint', 'count(*)$F$O'),
  ...flatTypes.flatMap((type) => [
    aggregate([type], 'bigint', 'count($0)$F$O'),
    aggregate([type], 'bigint', 'count(DISTINCT $0)$F'),
    aggregate([type], type, 'min($0)$F$O', undefined, { rules: [15] }),
    aggregate([type], type, 'max($0)$F$O', undefined, { rules: [15] }),
  ]),
  aggregate(
    ['string', 'int'],
    'bigint',
    'count(DISTINCT $0, $1)$F',
    'count(DISTINCT CASE WHEN $0 IS NOT NULL AND $1 IS NOT NULL THEN ($0, $1) END)$F',
  ),
  ...whole.flatMap((type) => [
    aggregate([type], 'bigint', 'sum($0)$F$O', 'CAST(sum($0)$F$O AS BIGINT)', { rules: [5] }),
    aggregate([type], 'bigint', 'sum(DISTINCT $0)$F', 'CAST(sum(DISTINCT $0)$F AS BIGINT)', { rules: [5] }),
    aggregate([type], 'double', 'avg($0)$F$O', undefined, { inexact: true }),
    aggregate([type], 'double', 'stddev_samp($0)$F', undefined, { inexact: true }),
    aggregate([type], 'double', 'var_pop($0)$F', undefined, { inexact: true }),
    aggregate([type], 'double', 'percentile($0, 0.25)$F', 'quantile_cont(CAST($0 AS DOUBLE), 0.25)$F', {
      inexact: true,
    }),
    aggregate([type], 'double', 'median($0)$F', 'median(CAST($0 AS DOUBLE))$F', { inexact: true }),
    aggregate([type], type, 'bit_and($0)$F'),
    aggregate([type], type, 'bit_or($0)$F'),
    aggregate([type], type, 'bit_xor($0)$F'),
  ]),
  aggregate(['bigint'], 'bigint', 'sum($0 % 1000003L)$F$O', 'CAST(sum($0 % 1000003)$F$O AS BIGINT)', { rules: [5] }),
  aggregate(['double'], 'double', 'sum($0)$F', undefined, { inexact: true }),
  aggregate(['double'], 'double', 'avg($0)$F', undefined, { inexact: true }),
  aggregate(['decimal(9,2)'], 'decimal(38,6)', 'CAST(sum($0)$F$O AS DECIMAL(38,6))', undefined, { rules: [6] }),
  aggregate(['decimal(18,4)'], 'decimal(38,6)', 'CAST(sum($0)$F$O AS DECIMAL(38,6))', undefined, { rules: [6] }),
  aggregate(['boolean'], 'boolean', 'bool_and($0)$F$O'),
  aggregate(['boolean'], 'boolean', 'bool_or($0)$F$O'),
  aggregate(['boolean'], 'bigint', 'count_if($0)$F$O', 'CAST(coalesce(count_if($0)$F$O, 0) AS BIGINT)', {
    rules: [48],
  }),
  aggregate(['int', 'int'], 'double', 'covar_pop($0, $1)$F', undefined, { inexact: true }),
  aggregate(['smallint', 'tinyint'], 'bigint', 'regr_count($0, $1)$F', 'CAST(regr_count($0, $1)$F AS BIGINT)'),
  ...(['int', 'string'] as const).flatMap((type) => [
    aggregate(
      [type],
      `array<${type}>`,
      'sort_array(collect_list($0)$F)',
      "coalesce(list_sort(list($0)$F, 'ASC', 'NULLS FIRST')[1 + CAST(count(*)$F - count($0)$F AS INTEGER):], [])",
      { rules: [29, 30] },
    ),
    aggregate(
      [type],
      `array<${type}>`,
      'sort_array(collect_set($0)$F)',
      'list_sort(list_distinct(coalesce(list($0)$F, [])))',
      {
        rules: [29, 30],
      },
    ),
  ]),
  aggregate(['string'], 'string', "listagg($0, ',') WITHIN GROUP (ORDER BY $0)$F", "string_agg($0, ',' ORDER BY $0)$F"),
];

/** Those that need no order of all rows. */
export const rankings: readonly Operation[] = [
  aggregate([], 'int', 'rank()$O', 'CAST(rank()$O AS INTEGER)'),
  aggregate([], 'int', 'dense_rank()$O', 'CAST(dense_rank()$O AS INTEGER)'),
  aggregate([], 'double', 'percent_rank()$O', undefined, { inexact: true }),
  aggregate([], 'double', 'cume_dist()$O', undefined, { inexact: true }),
];

export const byPosition: readonly Operation[] = [
  aggregate([], 'int', 'row_number()$O', 'CAST(row_number()$O AS INTEGER)'),
  aggregate([], 'int', 'ntile(3)$O', 'CAST(ntile(3)$O AS INTEGER)'),
  ...(['int', 'string', 'double', 'decimal(9,2)', 'date'] as const).flatMap((type) => [
    aggregate([type], type, 'lag($0)$O'),
    aggregate([type], type, 'lead($0, 2)$O'),
    aggregate([type], type, 'first_value($0)$O'),
    aggregate([type], type, 'last_value($0)$O'),
    aggregate([type], type, 'nth_value($0, 2)$O'),
    aggregate([type], type, 'last_value($0) IGNORE NULLS$O', 'last_value($0 IGNORE NULLS)$O'),
  ]),
];

export const windowFunctions: readonly Operation[] = [...rankings, ...byPosition];

/** Aggregates that may stand over a window. */
export const overWindows: readonly Operation[] = aggregates.filter(({ spark }) => spark.includes('$O'));
