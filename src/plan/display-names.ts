import type { DataType } from '../base/index.js';

/**
 * How Spark shows calls whose text is not `name(args)` with the name of the registry: the names it shows as called, its
 * own spelling of others, and arguments that it adds. The key is the name as called, in lower case.
 */

/** Aliases that keep their own name. */
const ownNames: ReadonlySet<string> = new Set([
  ...[
    'stddev',
    'stddev_samp',
    'var_samp',
    'extract',
    'every',
    'any',
    'some',
    'ceiling',
    'pow',
    'sign',
    'first_value',
    'last_value',
    'std',
    'variance',
    'mod',
    'mean',
  ],
  ...['approx_percentile', 'curdate', 'char_length', 'character_length', 'substr', 'random', 'nvl', 'equal_null'],
  ...['to_timestamp_ltz', 'to_timestamp_ntz', 'bit_get', 'dateadd', 'date_diff', 'datepart'],
  ...[
    'string_agg',
    'regexp',
    'day',
    'position',
    'sha',
    'ucase',
    'lcase',
    'len',
    'chr',
    'char',
    'printf',
    'dayofmonth',
    'reduce',
  ],
]);

/** Spark's spelling. */
const spelled: Readonly<Record<string, string>> = {
  power: 'POWER',
  positive: 'plus_sign',
  negative: 'negative',
  regexp_like: 'REGEXP_LIKE',
  spark_partition_id: 'SPARK_PARTITION_ID',
  current_database: 'current_schema',
  current_schema: 'current_schema',
  to_varchar: 'to_char',
  ...Object.fromEntries(
    [
      ...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'atan2', 'cbrt', 'ceil', 'cos', 'cosh', 'cot', 'csc'],
      ...['degrees', 'e', 'exp', 'expm1', 'floor', 'hypot', 'log', 'log10', 'log1p', 'log2', 'pi', 'radians', 'sec'],
      ...['signum', 'sin', 'sinh', 'sqrt', 'tan', 'tanh', 'rank', 'dense_rank', 'percent_rank'],
    ].map((name) => [name, name.toUpperCase()]),
  ),
};

/** With what to trim they are a phrase. */
const TRIMS: ReadonlyMap<string, string> = new Map([
  ['trim', 'trim'],
  ['ltrim', 'trim_leading'],
  ['rtrim', 'trim_trailing'],
]);

/** With a second argument they are functions of their own, in small letters. */
const spelledAlone: ReadonlySet<string> = new Set(['ceil', 'floor']);

/** What a call by this name is shown as, where that is not the registry's first name. */
export function shownName(called: string, args: number): string | undefined {
  const name = called.toLowerCase();
  if (args > 1 && spelledAlone.has(name)) return undefined;
  if (args === 2 && TRIMS.has(name)) return TRIMS.get(name);
  if (ownNames.has(name)) return name === 'random' && args === 0 ? undefined : name;
  // Of a date and a time they are one function.
  if (args <= 3 && /^(try_)?make_timestamp_ltz$/.test(name)) return 'make_timestamp';
  return Object.hasOwn(spelled, name) ? spelled[name] : undefined;
}

/** Ordered-set aggregates, whose ordering is among their arguments, as Spark writes them; undefined where there is none. */
export const orderedSets: Readonly<Record<string, (args: readonly string[]) => string | undefined>> = {
  percentileCont: ([value, share, down]) => percentileText('percentile_cont', value, share, down),
  percentileDisc: ([value, share, down]) => percentileText('percentile_disc', value, share, down),
  mode: ([value, down, within]) => {
    if (down === undefined) return undefined;
    if (down !== 'true' && within === undefined) return `mode(${value})`;
    return down === 'true' ? `mode() WITHIN GROUP (ORDER BY ${value} DESC)` : `mode() WITHIN GROUP (ORDER BY ${value})`;
  },
  listagg: ([value, mark = 'NULL', ...keys]) => {
    const orders: string[] = [];
    for (let i = 0; i < keys.length; i += 3) {
      const [key, down, first] = keys.slice(i);
      orders.push(`${key} ${down === 'true' ? 'DESC' : 'ASC'} NULLS ${first === 'true' ? 'FIRST' : 'LAST'}`);
    }
    return orders.length === 0 ? undefined : `listagg(${value}, ${mark}) WITHIN GROUP (ORDER BY ${orders.join(', ')})`;
  },
};

const percentileText = (name: string, value = '', share = '', down?: string): string =>
  `${name}(${share}) WITHIN GROUP (ORDER BY ${value}${down === 'true' ? ' DESC' : ''})`;

const SECONDS = 'yyyy-MM-dd HH:mm:ss';

/** Functions whose further arguments are not shown. */
const ofOne: ReadonlySet<string> = new Set(
  'first last first_value last_value any_value approx_count_distinct'.split(' '),
);

/** Arguments that are shown although the user left them out: from which position on, and what. */
const defaults: Readonly<Record<string, readonly (string | undefined)[]>> = {
  substring: [undefined, undefined, '2147483647'],
  substr: [undefined, undefined, '2147483647'],
  regexp_extract: [undefined, undefined, '1'],
  regexp_extract_all: [undefined, undefined, '1'],
  regexp_instr: [undefined, undefined, '0'],
  regexp_replace: [undefined, undefined, undefined, '1'],
  split: [undefined, undefined, '-1'],
  replace: [undefined, undefined, ''],
  current_time: ['6'],
  lead: [undefined, '1', 'NULL'],
  lag: [undefined, '1', 'NULL'],
  mask: [undefined, 'X', 'x', 'n', 'NULL'],
  percentile: [undefined, undefined, '1'],
  percentile_approx: [undefined, undefined, '10000'],
  approx_percentile: [undefined, undefined, '10000'],
  listagg: [undefined, 'NULL'],
  ...{ round: [undefined, '0'], bround: [undefined, '0'], sentences: [undefined, '', ''] },
  ...{ locate: [undefined, undefined, '1'], position: [undefined, undefined, '1'] },
  ...{ overlay: [undefined, undefined, undefined, '-1'], months_between: [undefined, undefined, 'true'] },
  ...Object.fromEntries(
    ['unix_timestamp', 'to_unix_timestamp', 'from_unixtime'].map((name) => [name, [undefined, SECONDS]]),
  ),
  ...Object.fromEntries(
    ['aes_decrypt', 'try_aes_decrypt'].map((name) => [name, [undefined, undefined, 'GCM', 'DEFAULT', '']]),
  ),
  aes_encrypt: [undefined, undefined, 'GCM', 'DEFAULT', '', ''],
  string_agg: [undefined, 'NULL'],
  ...Object.fromEntries(
    ['make_interval', 'try_make_interval'].map((name) => [name, ['0', '0', '0', '0', '0', '0', '0.000000']]),
  ),
  make_ym_interval: ['0', '0'],
  make_dt_interval: ['0', '0', '0', '0.000000'],
};

/** The arguments as shown. */
export function shownArguments(name: string, args: readonly string[], returns?: DataType): readonly string[] {
  if (name === 'convert_timezone' && args.length === 2) return ['current_timezone()', ...args];
  if (ofOne.has(name)) return args.slice(0, 1);
  if (name === 'LOG' && args.length === 1) return ['E()', ...args];
  if (name === 'try_to_time') return [`to_time(${args.join(', ')})`];
  if (name === 'try_make_timestamp_ntz' && args.length === 2) return [`make_timestamp_ntz(${args.join(', ')})`];
  if ((name === 'lpad' || name === 'rpad') && args.length === 2) {
    return [...args, returns?.kind === 'binary' ? "X'00'" : ' '];
  }
  const more = Object.hasOwn(defaults, name) ? (defaults[name] ?? []) : [];
  return args.length === 0 && more[0] === undefined
    ? args
    : [...args, ...more.slice(args.length).filter((arg) => arg !== undefined)];
}

/** Calls that the parser marks because they are written with words between the arguments. */
export const phrases: Readonly<Record<string, (args: readonly string[]) => string>> = {
  extract: ([field, source]) => `extract(${field} FROM ${source})`,
  datepart: ([field, source]) => `datepart(${field} FROM ${source})`,
  trim_both: ([text, chars]) => `TRIM(BOTH ${chars} FROM ${text})`,
  trim: ([chars, text]) => `TRIM(BOTH ${chars} FROM ${text})`,
  trim_leading: ([chars, text]) => `TRIM(LEADING ${chars} FROM ${text})`,
  trim_trailing: ([chars, text]) => `TRIM(TRAILING ${chars} FROM ${text})`,
  row: (values) =>
    `named_struct(${values.map((value, i) => `${/^[a-z_]\w*$/i.test(value) ? value : `col${i + 1}`}, ${value}`).join(', ')})`,
  plus_sign: ([value]) => `(+ ${value})`,
  '<<': ([value, by]) => `(${value} << ${by})`,
  '>>': ([value, by]) => `(${value} >> ${by})`,
  '>>>': ([value, by]) => `(${value} >>> ${by})`,
  minus_sign: ([value]) => `(- ${value})`,
};
