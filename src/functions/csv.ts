import {
  booleanType,
  type DataType,
  dateType,
  decimalType,
  field,
  float64Type,
  formatScalar,
  int32Type,
  int64Type,
  parseScalar,
  type Scalar,
  type StructType,
  stringType,
  structType,
  timestampType,
  typeText,
} from '../base/index.js';
import { type CsvStyle, csvStyle, joinCsv, splitCsv } from './csv-text.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar, type TypingSettings } from './define.js';
import { resolveSchemaOf } from './json.js';
import { corruptField } from './json-convert.js';
import { wrongCount, wrongType } from './signature.js';
import {
  checkOptions,
  isOn,
  malformedRecord,
  modeOf,
  optionsOf,
  optionsType,
  type TextOptions,
  wantedType,
} from './text-options.js';
import { isMoment, readMoment, shownBytes, writeMoment } from './text-values.js';

type Resolved = Resolution | Mismatch;

function resolveFromCsv(args: readonly ArgType[], settings: TypingSettings): Resolved {
  const returns = wantedType(args, settings);
  if ('mismatch' in returns) return returns;
  const [input] = args as readonly [ArgType];
  if (returns.kind !== 'struct') {
    return { mismatch: 'CSV is read into a struct', code: 'INVALID_SCHEMA.NON_STRUCT_TYPE' };
  }
  if (input.type.kind !== 'string' && input.type.kind !== 'null') return wrongType(0, 'a STRING', input.type);
  return { args: [stringType, stringType, optionsType].slice(0, args.length), returns, nullable: true };
}

interface FromCsv {
  readonly options: TextOptions;
  readonly style: CsvStyle;
  readonly failFast: boolean;
  readonly corrupt: number;
  /** Positions in the struct of the cells, in order. */
  readonly places: readonly number[];
}

const prepared = new WeakMap<Call, FromCsv>();

function prepare(call: Call): FromCsv {
  let known = prepared.get(call);
  if (known === undefined) {
    const options = optionsOf(call, 2);
    const corrupt = corruptField(call.returns, options);
    const places = (call.returns as StructType).fields.flatMap((_, i) => (i === corrupt ? [] : [i]));
    known = { options, style: csvStyle(options), failFast: modeOf(options) === 'FAILFAST', corrupt, places };
    prepared.set(call, known);
  }
  return known;
}

function evalFromCsv([line]: readonly Scalar[], call: Call): Scalar {
  const { options, style, failFast, corrupt, places } = prepare(call);
  const { fields } = call.returns as StructType;
  const text = line as string;
  const values = new Array<Scalar>(fields.length).fill(null);
  const cells = splitCsv(text, style);
  let isBad = cells.length !== places.length;
  for (const [i, place] of places.entries()) {
    const cell = cells[i] ?? null;
    if (cell === null) continue;
    const value = readCell((fields[place] as StructType['fields'][number]).type, cell, options, call);
    if (value === undefined) isBad = true;
    else values[place] = value;
  }
  if (!isBad) return values;
  if (failFast) throw malformedRecord(text);
  if (corrupt >= 0) values[corrupt] = text;
  return values;
}

const SPECIAL: Readonly<Record<string, readonly [option: string, value: number]>> = {
  NaN: ['nanvalue', Number.NaN],
  Inf: ['positiveinf', Number.POSITIVE_INFINITY],
  '-Inf': ['negativeinf', Number.NEGATIVE_INFINITY],
};

function readCell(type: DataType, cell: string, options: TextOptions, call: Call): Scalar | undefined {
  if (isMoment(type)) return readMoment(type, cell, options, call.settings.timeZone);
  switch (type.kind) {
    case 'boolean':
      return /^true$/i.test(cell) ? true : /^false$/i.test(cell) ? false : undefined;
    case 'float32':
    case 'float64':
      for (const [text, [option, value]] of Object.entries(SPECIAL)) {
        if (cell === (options.get(option) ?? text)) return value;
      }
      return parseScalar(type, cell, 'UTC');
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return /\s/.test(cell) ? undefined : parseScalar(type, cell, 'UTC');
    case 'binary':
      return new Uint8Array(Buffer.from(cell, 'utf8'));
    default:
      return parseScalar(type, cell, call.settings.timeZone);
  }
}

// ---- to_csv ----

function resolveToCsv(args: readonly ArgType[]): Resolved {
  const [input, options] = args;
  if (input === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  const wrongOptions = checkOptions(options);
  if (wrongOptions !== undefined) return wrongOptions;
  if (input.type.kind !== 'struct') return wrongType(0, 'a STRUCT', input.type);
  if (input.type.fields.some((f) => f.type.kind === 'variant')) {
    return { mismatch: 'a variant has no CSV form', code: 'DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE' };
  }
  return { args: [input.type, optionsType].slice(0, args.length), returns: stringType };
}

function evalToCsv([value]: readonly Scalar[], call: Call): Scalar {
  const options = optionsOf(call, 1);
  const { fields } = call.argTypes[0] as StructType;
  const cells = (value as readonly Scalar[]).map((cell, i) => {
    const { type } = fields[i] as StructType['fields'][number];
    if (cell === null) return null;
    if (isMoment(type)) return writeMoment(type, cell, options, call.settings.timeZone);
    if (type.kind === 'binary') return shownBytes(cell as Uint8Array, call);
    return formatScalar(type, cell, call.settings.timeZone);
  });
  return joinCsv(cells, csvStyle(options, true));
}

// ---- schema_of_csv ----

function inferCell(cell: string | null, options: TextOptions, zone: string): DataType {
  if (cell === null) return stringType;
  if (parseScalar(int32Type, cell, zone) !== undefined && /^[+-]?\d+$/.test(cell)) return int32Type;
  if (/^[+-]?\d+$/.test(cell)) {
    if (parseScalar(int64Type, cell, zone) !== undefined) return int64Type;
    const digits = cell.replace(/^[+-]?0*/, '').length;
    return digits <= 38 ? decimalType(digits, 0) : float64Type;
  }
  if (/^(NaN|-?Inf)$/.test(cell) || parseScalar(float64Type, cell, zone) !== undefined) return float64Type;
  if (isOn(options, 'inferDate', true) && /^\d{4}-\d{2}-\d{2}$/.test(cell)) {
    if (readMoment(dateType, cell, options, zone) !== undefined) return dateType;
  }
  if (isTimestamp(cell, options, zone)) return timestampType;
  return /^(true|false)$/i.test(cell) ? booleanType : stringType;
}

/** A time alone means today. */
const isTimestamp = (cell: string, options: TextOptions, zone: string): boolean =>
  readMoment(timestampType, cell, options, zone) !== undefined ||
  (!options.has('timestampformat') && /^\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?$/.test(cell));

function evalSchemaOf([line]: readonly Scalar[], call: Call): Scalar {
  const options = optionsOf(call, 1);
  const cells = splitCsv(line as string, csvStyle(options));
  const types = cells.map((cell) => inferCell(cell, options, call.settings.timeZone));
  return typeText(structType(types.map((type, i) => field(`_c${i}`, type))));
}

const strict = { nulls: 'propagate', compiled: 'CSV text is read and written by JS' } as const;

export const csvFunctions = {
  /** A struct read from a line of CSV. */
  fromCsv: scalar({
    name: 'fromCsv',
    sql: ['from_csv'],
    shown: ([line]) => `from_csv(${line})`,
    summary:
      "The struct of a schema (DDL text such as 'a INT, b STRING') in a line of CSV. What is malformed is null, but an error in the mode FAILFAST. Options as in Spark's CSV reader.",
    resolve: resolveFromCsv,
    ...strict,
    fails: true,
    eval: evalFromCsv,
    examples: [["from_csv('1, 0.8', 'a INT, b DOUBLE')", '{1, 0.8}']],
  }),
  /** A struct as a line of CSV. */
  toCsv: scalar({
    name: 'toCsv',
    sql: ['to_csv'],
    shown: ([value]) => `to_csv(${value})`,
    summary: 'A struct as a line of CSV.',
    resolve: resolveToCsv,
    ...strict,
    eval: evalToCsv,
    examples: [["to_csv(named_struct('a', 1, 'b', 2))", '1,2']],
  }),
  /** The schema of a line of CSV. */
  schemaOfCsv: scalar({
    name: 'schemaOfCsv',
    sql: ['schema_of_csv'],
    shown: ([line]) => `schema_of_csv(${line})`,
    summary: 'The schema that from_csv would be asked for to read a constant line of CSV, as DDL.',
    resolve: resolveSchemaOf,
    ...strict,
    eval: evalSchemaOf,
    examples: [["schema_of_csv('1,abc')", 'STRUCT<_c0: INT, _c1: STRING>']],
  }),
};
