import type { Dice } from './dice.js';

/** The types both engines have with one meaning, by Spark's names. */
export const flatTypes = [
  'int',
  'string',
  'bigint',
  'double',
  'boolean',
  'decimal(9,2)',
  'date',
  'timestamp',
  'smallint',
  'tinyint',
  'decimal(18,4)',
  'decimal(38,6)',
] as const;
export const listTypes = ['array<int>', 'array<string>'] as const;
export type Type = (typeof flatTypes)[number] | (typeof listTypes)[number];

/** A value as the text that a cast reads; a list of such. */
export type Value = string | null | readonly (string | null)[];

export const isList = (type: Type): boolean => type.startsWith('array<');
export const elementOf = (type: Type): Type => type.slice('array<'.length, -1) as Type;
export const isDecimal = (type: Type): boolean => type.startsWith('decimal');

const integers = (bits: number): string[] => {
  const max = 2n ** BigInt(bits - 1) - 1n;
  return [max, -max - 1n, max - 1n, -max, 100n, -100n, 42n].map(String);
};
const decimals = (digits: number, scale: number): string[] => {
  const nines = (n: number): string => '9'.repeat(n);
  const least = `0.${'0'.repeat(scale - 1)}1`;
  return [`${nines(digits - scale)}.${nines(scale)}`, `-${nines(digits - scale)}.${nines(scale)}`, least, `-${least}`];
};

/** What is drawn most of the time: sums of few of these are exact and do not overflow. */
const tame: Partial<Record<Type, readonly string[]>> = {
  boolean: ['true', 'false'],
  double: ['0', '1', '-1', '2.5', '-0.25', '0.5', '3', '100', '-7.75', '1.5', '-2.5'],
  string: ['a', 'b', 'ab', 'abc', '', ' a', 'A', 'aB', '1', '-5', 'a,b', 'b%', 'x_y'],
  date: ['1970-01-01', '2024-02-29', '2023-12-31', '1999-01-31', '2024-01-01', '1969-12-31'],
  timestamp: ['1970-01-01 00:00:00', '2024-02-29 12:34:56', '2023-12-31 23:59:59.999999', '1969-12-31 23:59:59.5'],
};
const tameIntegers = ['0', '1', '-1', '2', '3', '-3', '5', '7', '10', '-10'];
const tameDecimals = ['0', '1', '-1', '2.50', '-0.01', '0.99', '10', '3.14', '-7.5', '1.25', '2.35'];

const edges: Record<Exclude<Type, (typeof listTypes)[number]>, readonly string[]> = {
  boolean: ['true', 'false'],
  tinyint: integers(8),
  smallint: integers(16),
  int: integers(32),
  bigint: [...integers(64), '9007199254740993', '-4294967296', '2147483648'],
  double: [
    'NaN',
    'Infinity',
    '-Infinity',
    '-0.0',
    '0.1',
    '1e300',
    '-1e-300',
    '123456789.125',
    '9007199254740992',
    '1e19',
  ],
  'decimal(9,2)': decimals(9, 2),
  'decimal(18,4)': decimals(18, 4),
  'decimal(38,6)': decimals(38, 6),
  string: [
    'Zürich',
    '東京',
    '😀 a',
    'é',
    "it's",
    'a\\b',
    'line\nbreak',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    '\t',
    '%',
    '_',
    '007',
    '2024-02-29',
  ],
  date: ['0100-01-01', '9900-12-31', '1582-10-15', '1900-02-28', '2000-02-29', '2100-03-01'],
  timestamp: ['0100-01-01 00:00:00', '9900-12-31 23:59:59.999999', '1900-01-01 00:00:00.000001', '2038-01-19 03:14:08'],
};

export function drawValue(dice: Dice, type: Type, wild: boolean): Value {
  if (isList(type)) {
    const element = elementOf(type);
    return Array.from({ length: dice.below(5) }, () =>
      dice.chance(15) ? null : (drawValue(dice, element, wild) as string),
    );
  }
  const calm = tame[type] ?? (isDecimal(type) ? tameDecimals : tameIntegers);
  const pool = dice.chance(wild ? 40 : 5) ? edges[type as keyof typeof edges] : calm;
  return dice.pick(pool);
}

const duckTypes: Partial<Record<Type, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  'array<int>': 'INTEGER[]',
  'array<string>': 'VARCHAR[]',
};
export const duckType = (type: Type): string => duckTypes[type] ?? type.toUpperCase();
export const sparkType = (type: Type): string => type.toUpperCase();

export const sparkText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
export const duckText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A constant in either dialect. */
export function literal(type: Type, value: Value, dialect: 'spark' | 'duck'): string {
  const name = dialect === 'spark' ? sparkType(type) : duckType(type);
  if (value === null) return `CAST(NULL AS ${name})`;
  if (typeof value !== 'string') {
    const items = value.map((item) => literal(elementOf(type), item, dialect)).join(', ');
    return dialect === 'spark' ? `CAST(array(${items}) AS ${name})` : `CAST([${items}] AS ${name})`;
  }
  const text = (dialect === 'spark' ? sparkText : duckText)(value);
  if (type === 'string') return text;
  if (type === 'boolean') return value;
  if (type === 'date' || type === 'timestamp') return `${name} ${text}`;
  if (type === 'int' && dialect === 'spark' && value !== '-2147483648') return `(${value})`;
  return `CAST(${text} AS ${name})`;
}
