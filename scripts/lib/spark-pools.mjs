// Edge values as Spark SQL text, by type: what the golden generator puts into calls.

const int = (suffix, least, most) => ['0', '1', '-1', '7', most, `${least}`].map((v) => `${v}${suffix}`);

/** Values of each type; the first ones are the most telling, for calls that only get a few. */
export const pools = {
  tinyint: int('Y', '-128', '127'),
  smallint: int('S', '-32768', '32767'),
  int: ['0', '1', '-1', '3', '2147483647', '-2147483648', '100'],
  bigint: ['0L', '1L', '-1L', '5L', '9223372036854775807L', '-9223372036854775808L', '86400000000L'],
  float: ['0F', '1.5F', '-2.5F', "float('NaN')", "float('Infinity')", '3.4028235E38F', '-0.0F', '0.1F'],
  double: [
    ...['0D', '1.5D', '-2.5D', "double('NaN')", "double('Infinity')", "double('-Infinity')", '-0.0D'],
    ...['1.7976931348623157E308D', '4.9E-324D', '0.1D', '1E15D', '123456789.987654321D'],
  ],
  'decimal(9,2)': ['0.00', '1.50', '-2.55', '9999999.99', '-0.01'].map((v) => `cast(${v} as decimal(9,2))`),
  'decimal(20,4)': ['0.0001', '-9999999999999999.9999', '123.4500'].map((v) => `cast(${v} as decimal(20,4))`),
  'decimal(38,10)': ['9999999999999999999999999999.9999999999', '-0.0000000001', '2.5'].map(
    (v) => `cast(${v} as decimal(38,10))`,
  ),
  'decimal(38,0)': ['99999999999999999999999999999999999999', '-1'].map((v) => `cast(${v} as decimal(38,0))`),
  string: [
    ...["'Spark SQL'", "''", "'  abc  '", "'a\\u00e9\\ud83d\\ude00z'", "'123'", "'-4.5'", "'2024-02-29'"],
    ...["'2024-03-10 02:30:00'", "'true'", "'NaN'", "'%a_'", "'STRASSE'", "'stra\\u00dfe'", "'a,b,,c'", "'\\t1\\n'"],
  ],
  binary: ["X'537061726B'", "X''", "X'00FF80'", "X'C3A9F09F9880'"],
  boolean: ['true', 'false'],
  date: [
    ...["date'2024-02-29'", "date'1970-01-01'", "date'1969-12-31'", "date'0001-01-01'", "date'9999-12-31'"],
    ...["date'2023-11-05'", "date'1582-10-14'"],
  ],
  timestamp: [
    ...["timestamp'2024-02-29 23:59:59.999999'", "timestamp'1970-01-01 00:00:00'", "timestamp'2024-03-10 03:00:00'"],
    ...["timestamp'2024-11-03 01:30:00'", "timestamp'0001-01-01 00:00:00'", "timestamp'1883-11-18 12:00:00'"],
    ...["timestamp'9999-12-31 23:59:59'", "timestamp'1969-12-31 23:59:59.5'"],
  ],
  timestamp_ntz: [
    ...["timestamp_ntz'2024-02-29 23:59:59.999999'", "timestamp_ntz'1970-01-01 00:00:00'"],
    ...["timestamp_ntz'2024-03-10 02:30:00'", "timestamp_ntz'0001-01-01 00:00:00'"],
  ],
  time: ["time'00:00:00'", "time'23:59:59.999999'", "time'12:34:56.7'"],
  'interval year to month': [
    "interval '1-2' year to month",
    "interval '-3-11' year to month",
    "interval '0-0' year to month",
  ],
  'interval day to second': [
    ...["interval '1 02:03:04.5' day to second", "interval '-1 00:00:00.000001' day to second"],
    "interval '106751991 04:00:54.775807' day to second",
  ],
  'array<int>': ['array(1, 2, null, 3)', 'array(3)'],
  'array<string>': ["array('a', null, 'b')", "array('x')"],
  'map<string,int>': ["map('a', 1, 'b', null)"],
  'struct<a:int,b:string>': ["named_struct('a', 1, 'b', 'x')"],
  void: ['null'],
};

/** How a null of the type is written. */
export const nullOf = (type) => (type === 'void' ? 'null' : `cast(null as ${type})`);

/** The rows of the table that aggregates and windows are asked over, one of a column a type. */
export const tableColumns = {
  g: ['1', '1', '1', '1', '2', '2', '2', '3'],
  i8: ['1Y', 'cast(null as tinyint)', '127Y', '-128Y', '5Y', '5Y', '6Y', 'cast(null as tinyint)'],
  i16: ['1S', '2S', 'cast(null as smallint)', '-3S', '5S', '5S', '6S', 'cast(null as smallint)'],
  i32: ['1', 'cast(null as int)', '3', '-4', '5', '5', '6', 'cast(null as int)'],
  i64: ['10L', '20L', 'cast(null as bigint)', '-40L', '50L', '50L', '60L', 'cast(null as bigint)'],
  f32: ['1.5F', 'cast(null as float)', '-0.25F', '1E10F', '2F', '2F', "float('NaN')", 'cast(null as float)'],
  f64: ['1.5D', '2.25D', 'cast(null as double)', '-1E3D', '0.1D', '0.1D', "double('NaN')", 'cast(null as double)'],
  x: ['1D', '2D', '4D', '8D', '1.5D', '2.5D', 'cast(null as double)', '7D'],
  y: ['2D', '3D', '5D', '4D', '1D', 'cast(null as double)', '3D', '9D'],
  d9: ['1.25', '-3.50', '100.00', 'null', '7.77', '7.77', '0.01', 'null'].map((v) => `cast(${v} as decimal(9,2))`),
  d38: ['1.5', '-2.25', '1E20', 'null', '3', '3', '4', 'null'].map((v) => `cast(${v} as decimal(38,6))`),
  s: ["'b'", "'a'", 'cast(null as string)', "'c'", "'x'", "'x'", "'é'", 'cast(null as string)'],
  bin: ["X'01'", "X'FF00'", 'cast(null as binary)', "X'02'", "X'AA'", "X'AA'", "X''", 'cast(null as binary)'],
  b: [
    'true',
    'false',
    'cast(null as boolean)',
    'true',
    'true',
    'true',
    'cast(null as boolean)',
    'cast(null as boolean)',
  ],
  d: ["'2024-02-29'", "'1969-12-31'", 'null', "'2000-01-01'", "'2001-01-01'", "'2001-01-01'", 'null', 'null'].map(
    (v) => `cast(${v} as date)`,
  ),
  ts: [
    "'2024-02-29 01:02:03.5'",
    "'1969-12-31 00:00:00'",
    'null',
    "'2000-01-01 10:00:00'",
    'null',
    'null',
    'null',
    'null',
  ].map((v) => `cast(${v} as timestamp)`),
  ym: ["'1-2'", "'-0-5'", 'null', "'3-0'", "'1-0'", "'1-0'", "'2-1'", 'null'].map(
    (v) => `cast(${v} as interval year to month)`,
  ),
  dt: [
    "'1 02:03:04.5'",
    "'-1 00:00:00'",
    'null',
    "'3 00:00:00'",
    "'0 01:00:00'",
    "'0 01:00:00'",
    "'0 00:00:07'",
    'null',
  ].map((v) => `cast(${v} as interval day to second)`),
};
