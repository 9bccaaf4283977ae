import { int, type Operation, op } from './operation.js';

const days = int(0, 1, -1, 30, -365, 400);
const months = int(0, 1, -1, 11, 12, -25);

/** Parts of dates and timestamps that are integers, by DuckDB's words. */
const parts: readonly (readonly [spark: string, duck: string])[] = [
  ['year', 'year($0)'],
  ['month', 'month($0)'],
  ['day', 'day($0)'],
  ['quarter', 'quarter($0)'],
  ['dayofyear', 'dayofyear($0)'],
  ['dayofweek', 'dayofweek($0) + 1'],
  ['weekday', 'isodow($0) - 1'],
  ['weekofyear', 'week($0)'],
];

export const dateOperations: readonly Operation[] = [
  ...(['date', 'timestamp'] as const).flatMap((type) =>
    parts.map(([spark, duck]) =>
      op([type], 'int', `${spark}($0)`, `CAST(${duck} AS INTEGER)`, spark === 'dayofweek' ? { rules: [32] } : {}),
    ),
  ),
  op(['date', days], 'date', 'date_add($0, $1)', 'CAST($0 + $1 AS DATE)', { rules: [31], weight: 2 }),
  op(['date', days], 'date', 'date_sub($0, $1)', 'CAST($0 - $1 AS DATE)', { rules: [31] }),
  op(['date', 'date'], 'int', 'datediff($0, $1)', "CAST(date_diff('day', $1, $0) AS INTEGER)", { rules: [31] }),
  op(['date', months], 'date', 'add_months($0, $1)', 'CAST($0 + to_months($1) AS DATE)', { rules: [31] }),
  op(['date'], 'date', 'last_day($0)'),
  ...['year', 'quarter', 'month', 'week'].map((unit) =>
    op(['date'], 'date', `trunc($0, '${unit}')`, `CAST(date_trunc('${unit}', $0) AS DATE)`),
  ),
  op([int(2023, 2024, 1), int(1, 2, 12, 13), int(1, 29, 31)], 'date', 'make_date($0, $1, $2)'),
  op(['date'], 'int', 'unix_date($0)', "CAST(date_diff('day', DATE '1970-01-01', $0) AS INTEGER)"),
  op([int(0, 1, -1, 20000, -700000)], 'date', 'date_from_unix_date($0)', "CAST(DATE '1970-01-01' + $0 AS DATE)"),
  op(['date'], 'timestamp', 'CAST($0 AS TIMESTAMP)'),
  op(['timestamp'], 'date', 'CAST($0 AS DATE)'),
  op(['date'], 'string', 'CAST($0 AS STRING)', 'CAST($0 AS VARCHAR)'),
  op(['timestamp'], 'string', 'CAST($0 AS STRING)', 'CAST($0 AS VARCHAR)'),
  op(['date'], 'string', "date_format($0, 'yyyy-MM-dd')", 'CAST($0 AS VARCHAR)'),
  ...['hour', 'minute', 'second'].map((part) =>
    op(['timestamp'], 'int', `${part}($0)`, `CAST(${part}($0) AS INTEGER)`),
  ),
  ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'].map((unit) =>
    op(['timestamp'], 'timestamp', `date_trunc('${unit}', $0)`),
  ),
  ...['DAY', 'HOUR', 'MINUTE', 'SECOND'].map((unit) =>
    op(['timestamp', 'timestamp'], 'bigint', `timestampdiff(${unit}, $0, $1)`, `date_sub('${unit}', $0, $1)`),
  ),
  ...['DAY', 'HOUR', 'MINUTE', 'SECOND', 'MONTH', 'YEAR'].map((unit) =>
    op(
      ['timestamp', int(0, 1, -1, 13, 100)],
      'timestamp',
      `timestampadd(${unit}, $1, $0)`,
      `($0 + to_${unit.toLowerCase()}s($1))`,
    ),
  ),
  op(['timestamp'], 'bigint', 'unix_micros($0)', 'epoch_us($0)'),
  op(
    ['timestamp'],
    'bigint',
    'unix_millis($0)',
    '(epoch_us($0) // 1000 - CASE WHEN epoch_us($0) % 1000 < 0 THEN 1 ELSE 0 END)',
  ),
  op(
    ['timestamp'],
    'bigint',
    'CAST($0 AS BIGINT)',
    '(epoch_us($0) // 1000000 - CASE WHEN epoch_us($0) % 1000000 < 0 THEN 1 ELSE 0 END)',
    { rules: [33] },
  ),
  op(['timestamp'], 'timestamp', "($0 + INTERVAL '1' DAY)", undefined, { rules: [31] }),
  op(['timestamp'], 'timestamp', "($0 - INTERVAL '90' MINUTE)", undefined, { rules: [31] }),
  op(['bigint'], 'timestamp', 'timestamp_micros($0 % 4000000000000000L)', 'make_timestamp($0 % 4000000000000000)'),
];
