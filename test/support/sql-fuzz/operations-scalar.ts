import { type Operation, oneOf, op } from './operation.js';
import { duckType, flatTypes, type Type } from './values.js';

const whole: readonly Type[] = ['tinyint', 'smallint', 'int', 'bigint'];

/** `x`, or DuckDB's error where the divisor is 0. */
const guard = (x: string): string => `CASE WHEN $1 = 0 AND $0 IS NOT NULL THEN error('DIVIDE_BY_ZERO') ELSE ${x} END`;

/** The remainder and the divisor added up as Java does: past the least integer it goes on from the greatest. */
const wrapped = (type: Type): string => {
  const sum = '(CAST($0 % $1 AS HUGEINT) + $1)';
  const bits = type === 'bigint' ? 64 : type === 'int' ? 32 : 0;
  return bits === 0
    ? sum
    : `(${sum} + CASE WHEN ${sum} < -${2n ** BigInt(bits - 1)} THEN ${2n ** BigInt(bits)} ELSE 0 END)`;
};

const logic: readonly Operation[] = [
  op(['boolean', 'boolean'], 'boolean', '($0 AND $1)', undefined, { rules: [40], weight: 6 }),
  op(['boolean', 'boolean'], 'boolean', '($0 OR $1)', undefined, { rules: [40], weight: 6 }),
  op(['boolean'], 'boolean', '(NOT $0)', undefined, { weight: 4 }),
  op(['boolean'], 'boolean', '($0 IS TRUE)'),
  op(['boolean'], 'boolean', '($0 IS NOT FALSE)'),
  op(['boolean'], 'string', 'CAST($0 AS STRING)', 'CAST($0 AS VARCHAR)'),
  op(['boolean'], 'int', 'CAST($0 AS INT)'),
];

const ofEveryType = flatTypes.flatMap((type): Operation[] => [
  ...['=', '<>', '<', '<=', '>', '>='].map((sign) => op([type, type], 'boolean', `($0 ${sign} $1)`)),
  op([type, type], 'boolean', '($0 <=> $1)', '($0 IS NOT DISTINCT FROM $1)'),
  op([type], 'boolean', '($0 IS NULL)'),
  op([type], 'boolean', '($0 IS NOT NULL)'),
  op([type, type, type], 'boolean', '($0 BETWEEN $1 AND $2)', undefined, { rules: [40] }),
  op([type, type, type], 'boolean', '($0 IN ($1, $2))', undefined, { rules: [40] }),
  op([type, type, type], 'boolean', '($0 NOT IN ($1, $2))', undefined, { rules: [40] }),
  op(['boolean', type, type], type, 'CASE WHEN $0 THEN $1 ELSE $2 END', undefined, { rules: [40] }),
  op(['boolean', type], type, 'CASE WHEN $0 THEN $1 END', undefined, { rules: [40] }),
  op(['boolean', type, type], type, 'if($0, $1, $2)', 'CASE WHEN $0 THEN $1 ELSE $2 END', { rules: [40] }),
  op([type, type, type, type], type, 'CASE $0 WHEN $1 THEN $2 ELSE $3 END', undefined, { rules: [40] }),
  op([type, type], type, 'coalesce($0, $1)', undefined, { rules: [40] }),
  op([type, type], type, 'nullif($0, $1)'),
  op([type, type, type], type, 'nvl2($0, $1, $2)', 'CASE WHEN $0 IS NOT NULL THEN $1 ELSE $2 END', { rules: [40] }),
  ...(type === 'boolean'
    ? []
    : [
        op([type, type], type, 'greatest($0, $1)', undefined, { rules: [15] }),
        op([type, type, type], type, 'least($0, $1, $2)', undefined, { rules: [15] }),
      ]),
]);

const ofIntegers = whole.flatMap((type): Operation[] => [
  ...['+', '-', '*'].map((sign) => op([type, type], type, `($0 ${sign} $1)`, undefined, { rules: [4] })),
  op([type, type], type, '($0 % $1)', guard(`CASE WHEN $1 = -1 THEN $0 - $0 ELSE $0 % $1 END`), { rules: [2, 3] }),
  op(
    [type, type],
    type,
    'pmod($0, $1)',
    guard(
      `CASE WHEN $1 = -1 THEN $0 - $0 WHEN $0 % $1 < 0 THEN CAST(${wrapped(type)} % $1 AS ${duckType(type)}) ELSE $0 % $1 END`,
    ),
    { rules: [2, 3] },
  ),
  op([type, type], 'bigint', '($0 div $1)', guard('CAST($0 AS BIGINT) // CAST($1 AS BIGINT)'), { rules: [1, 2] }),
  op([type, type], 'double', '($0 / $1)', guard('CAST($0 AS DOUBLE) / CAST($1 AS DOUBLE)'), { rules: [1, 2] }),
  op([type], type, '(- $0)', undefined, { rules: [4] }),
  op([type], type, 'abs($0)', undefined, { rules: [4] }),
  op([type, type], type, '($0 & $1)'),
  op([type, type], type, '($0 | $1)'),
  op([type, type], type, '($0 ^ $1)', 'xor($0, $1)'),
  op([type], type, '(~ $0)'),
  op([type], 'int', 'bit_count($0)', 'CAST(bit_count(CAST($0 AS BIGINT)) AS INTEGER)'),
  op([type], 'string', 'CAST($0 AS STRING)', 'CAST($0 AS VARCHAR)'),
  op([type], 'double', 'CAST($0 AS DOUBLE)'),
  op([type], 'boolean', 'CAST($0 AS BOOLEAN)'),
  op([type], 'decimal(38,6)', 'CAST($0 AS DECIMAL(38,6))'),
  op([type], 'decimal(9,2)', 'try_cast($0 AS DECIMAL(9,2))'),
  ...whole
    .filter((to) => to !== type)
    .flatMap((to) => [
      op([type], to, `CAST($0 AS ${to.toUpperCase()})`),
      op([type], to, `try_cast($0 AS ${to.toUpperCase()})`),
    ]),
  ...[type].flatMap((to) => [
    op(
      ['double'],
      to,
      `try_cast($0 AS ${to.toUpperCase()})`,
      to === 'bigint'
        ? 'CASE WHEN $0 = 9223372036854775808 THEN 9223372036854775807 ELSE TRY_CAST(trunc($0) AS BIGINT) END'
        : `TRY_CAST(trunc($0) AS ${duckType(to)})`,
      {
        rules: [10],
      },
    ),
    op(
      ['string'],
      to,
      `try_cast($0 AS ${to.toUpperCase()})`,
      `CASE WHEN regexp_full_match($0, '[ \\t\\n]*[+-]?[0-9]+[ \\t\\n]*') THEN TRY_CAST($0 AS ${duckType(to)}) END`,
      { rules: [11] },
    ),
  ]),
]);

const numbers: readonly Operation[] = [
  ...['+', '-', '*'].map((sign) => op(['double', 'double'], 'double', `($0 ${sign} $1)`, undefined, { weight: 2 })),
  op(['double', 'double'], 'double', '($0 / $1)', guard('$0 / $1'), { rules: [2] }),
  op(['double', 'double'], 'double', '($0 % $1)', guard('$0 % $1'), { rules: [2, 3] }),
  op(['double'], 'double', '(- $0)'),
  op(['double'], 'double', 'abs($0)'),
  op(['double'], 'double', 'round($0)', 'CASE WHEN abs($0) < 4503599627370496 THEN round($0) ELSE $0 END', {
    rules: [10],
  }),
  op(['double'], 'double', 'bround($0)', 'CASE WHEN abs($0) < 4503599627370496 THEN round_even($0, 0) ELSE $0 END', {
    rules: [10],
  }),
  op(['double'], 'double', 'rint($0)', 'CASE WHEN abs($0) < 4503599627370496 THEN round_even($0, 0) ELSE $0 END', {
    rules: [10],
  }),
  ...['floor', 'ceil'].map((name) =>
    op(
      ['double'],
      'bigint',
      `${name}($0)`,
      `CASE WHEN isnan($0) THEN 0 WHEN $0 >= 9.2e18 THEN 9223372036854775807 WHEN $0 <= -9.2e18 THEN CAST('-9223372036854775808' AS BIGINT) ELSE CAST(${name}($0) AS BIGINT) END`,
      { rules: [10] },
    ),
  ),
  op(['double'], 'boolean', 'isnan($0)', 'coalesce(isnan($0), false)'),
  op(['double', 'double'], 'double', 'nanvl($0, $1)', 'CASE WHEN isnan($0) THEN $1 ELSE $0 END'),
  op(['double'], 'double', 'sqrt($0)', "CASE WHEN $0 < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt($0) END", {
    rules: [16],
  }),
  op(
    ['double'],
    'double',
    'signum($0)',
    "CASE WHEN isnan($0) THEN CAST('NaN' AS DOUBLE) ELSE CAST(sign($0) AS DOUBLE) END",
  ),
  op(['decimal(9,2)'], 'double', 'CAST($0 AS DOUBLE)'),
  ...['exp', 'cbrt', 'atan', 'sinh', 'cosh', 'tanh', 'degrees', 'radians'].map((name) =>
    op(['double'], 'double', `${name}($0)`, undefined, { inexact: true }),
  ),
  ...['sin', 'cos', 'tan'].map((name) =>
    op(['double'], 'double', `${name}($0)`, `CASE WHEN isinf($0) THEN CAST('NaN' AS DOUBLE) ELSE ${name}($0) END`, {
      inexact: true,
      rules: [16],
    }),
  ),
  ...['ln', 'log2', 'log10'].map((name) =>
    op(['double'], 'double', `${name}($0)`, `CASE WHEN $0 <= 0 THEN NULL ELSE ${name}($0) END`, {
      inexact: true,
      rules: [16, 17],
    }),
  ),
  ...['asin', 'acos'].map((name) =>
    op(['double'], 'double', `${name}($0)`, `CASE WHEN abs($0) > 1 THEN CAST('NaN' AS DOUBLE) ELSE ${name}($0) END`, {
      inexact: true,
      rules: [16],
    }),
  ),
  op(
    ['double', 'double'],
    'double',
    'atan2($0, $1)',
    'atan2(CASE WHEN $0 = 0 THEN 0 ELSE $0 END, CASE WHEN $1 = 0 THEN 0 ELSE $1 END)',
    { inexact: true, rules: [15] },
  ),
  op(
    ['double', 'double'],
    'double',
    'power($0, $1)',
    "CASE WHEN abs($0) = 1 AND (isinf($1) OR isnan($1)) THEN CAST('NaN' AS DOUBLE) ELSE power($0, $1) END",
    { inexact: true, rules: [16] },
  ),
  op(['int'], 'bigint', 'shiftright(CAST($0 AS BIGINT), 3)', '(CAST($0 AS BIGINT) >> 3)', { rules: [18] }),
  op([oneOf('int', '0', '1', '5', '12', '20')], 'bigint', 'factorial($0)', 'CAST(factorial($0) AS BIGINT)'),
  op(['bigint'], 'string', 'bin($0)'),
  op(['bigint'], 'string', 'hex($0)'),
];

const small: Type = 'decimal(9,2)';
const middle: Type = 'decimal(18,4)';
const large: Type = 'decimal(38,6)';
const ofDecimals: readonly Operation[] = [
  ...['+', '-'].flatMap((sign) => [
    op([small, small], middle, `CAST($0 ${sign} $1 AS DECIMAL(18,4))`, undefined, { rules: [6] }),
    op(
      [middle, middle],
      large,
      `CAST($0 ${sign} $1 AS DECIMAL(38,6))`,
      `CAST(CAST($0 AS DECIMAL(38,6)) ${sign} $1 AS DECIMAL(38,6))`,
      { rules: [6] },
    ),
    op([large, large], large, `CAST($0 ${sign} $1 AS DECIMAL(38,6))`, undefined, { rules: [6] }),
    op(
      [middle, 'int'],
      large,
      `CAST($0 ${sign} $1 AS DECIMAL(38,6))`,
      `CAST(CAST($0 AS DECIMAL(38,6)) ${sign} $1 AS DECIMAL(38,6))`,
      { rules: [6] },
    ),
  ]),
  op([small, small], large, 'CAST($0 * $1 AS DECIMAL(38,6))', 'CAST(CAST($0 AS DECIMAL(18,2)) * $1 AS DECIMAL(38,6))', {
    rules: [8],
  }),
  op(
    [middle, small],
    large,
    'CAST($0 * $1 AS DECIMAL(38,6))',
    'CAST(CAST($0 AS DECIMAL(29,4)) * $1 AS DECIMAL(38,6))',
    { rules: [8] },
  ),
  op([small, small], small, '($0 % $1)', guard('CAST($0 % $1 AS DECIMAL(9,2))'), { rules: [2, 3] }),
  op([small], small, '(- $0)'),
  op([middle], middle, '(- $0)'),
  op([middle], middle, 'abs($0)'),
  op([large], large, 'abs($0)'),
  op([large], large, '(- $0)'),
  ...['-1', '0', '1', '2', '3', '5'].map((digits) =>
    op([middle], large, `CAST(round($0, ${digits}) AS DECIMAL(38,6))`, undefined, { rules: [10] }),
  ),
  op([small], 'bigint', 'CAST(floor($0) AS BIGINT)', 'CAST(floor($0) AS BIGINT)'),
  op([middle], 'bigint', 'CAST(ceil($0) AS BIGINT)', 'CAST(ceil($0) AS BIGINT)'),
  op([middle], small, 'try_cast($0 AS DECIMAL(9,2))', undefined, { rules: [10] }),
  op([large], small, 'try_cast($0 AS DECIMAL(9,2))', undefined, { rules: [10] }),
  op([large], middle, 'try_cast($0 AS DECIMAL(18,4))', undefined, { rules: [10] }),
  op([large], middle, 'CAST($0 AS DECIMAL(18,4))', undefined, { rules: [10] }),
  op([small], middle, 'CAST($0 AS DECIMAL(18,4))'),
  op([middle], large, 'CAST($0 AS DECIMAL(38,6))'),
  op([small], 'int', 'CAST($0 AS INT)', 'CAST(trunc($0) AS INTEGER)', { rules: [10] }),
  op([large], 'bigint', 'try_cast($0 AS BIGINT)', 'TRY_CAST(trunc($0) AS BIGINT)', { rules: [10] }),
  ...[small, middle, large].map((type) => op([type], 'string', 'CAST($0 AS STRING)', 'CAST($0 AS VARCHAR)')),
];

export const scalarOperations: readonly Operation[] = [
  ...logic,
  ...ofEveryType,
  ...ofIntegers,
  ...numbers,
  ...ofDecimals,
];
