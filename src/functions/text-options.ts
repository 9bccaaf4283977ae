import {
  arrayType,
  type DataType,
  type MapScalar,
  mapType,
  parseTypeOrFields,
  SparrowError,
  stringType,
  timestampNtzType,
} from '../base/index.js';
import type { ArgType, Call, Mismatch, TypingSettings } from './define.js';
import { wrongCount } from './signature.js';

/** The options and schemas that functions over JSON and CSV text are given as constants. */

/** Options by their names in lower case. */
export type TextOptions = ReadonlyMap<string, string>;

const NONE: TextOptions = new Map();
const known = new WeakMap<object, TextOptions>();

/** The options in a call's argument of that number; none when it is not there. */
export function optionsOf(call: Call, position: number): TextOptions {
  const given = call.literals[position];
  if (given === undefined || given === null) return NONE;
  const map = given as MapScalar;
  let options = known.get(map);
  if (options === undefined) {
    options = new Map(map.entries.map(([key, value]) => [String(key).toLowerCase(), String(value)]));
    known.set(map, options);
  }
  return options;
}

export const isOn = (options: TextOptions, name: string, otherwise = false): boolean => {
  const value = options.get(name.toLowerCase());
  return value === undefined ? otherwise : value.toLowerCase() === 'true';
};

export const optionsType: DataType = mapType(stringType, stringType);

/** What is wrong with an argument that is to be a constant map of strings. */
export function checkOptions(arg: ArgType | undefined): Mismatch | undefined {
  if (arg === undefined) return undefined;
  if (arg.type.kind !== 'map')
    return { mismatch: 'options are a map() of strings', code: 'INVALID_OPTIONS.NON_MAP_FUNCTION' };
  const { key, value } = arg.type;
  if (arg.literal === undefined) {
    return { mismatch: 'options are a constant map() of strings', code: 'INVALID_OPTIONS.NON_MAP_FUNCTION' };
  }
  if (key.kind === 'string' && value.kind === 'string') return undefined;
  if (key.kind === 'null' && value.kind === 'null') return undefined;
  return { mismatch: 'options are a map() of strings', code: 'INVALID_OPTIONS.NON_STRING_TYPE' };
}

/** The schema in a constant argument: a type, or a list of columns. */
function schemaOf(arg: ArgType, { timestampType }: TypingSettings): DataType | Mismatch {
  if (arg.type.kind !== 'string' || typeof arg.literal !== 'string') {
    return { mismatch: 'the schema is a constant string, as DDL writes it', code: 'INVALID_SCHEMA.NON_STRING_LITERAL' };
  }
  try {
    return nullable(parseTypeOrFields(arg.literal), timestampType === 'ntz' && !/timestamp_ltz/i.test(arg.literal));
  } catch (error) {
    if (!(error instanceof SparrowError)) throw error;
    return { mismatch: error.message, code: error.code };
  }
}

/** The type that `from_csv` and `from_json` are to give: their second of two or three arguments names it. */
export function wantedType(args: readonly ArgType[], settings: TypingSettings): DataType | Mismatch {
  const [input, schema, options] = args;
  if (input === undefined || schema === undefined || args.length > 3) return wrongCount(args.length, 2, 3);
  return checkOptions(options) ?? schemaOf(schema, settings);
}

/** What is read from text may lack anything; `local` says that TIMESTAMP has no zone. */
function nullable(type: DataType, local: boolean): DataType {
  switch (type.kind) {
    case 'array':
      return arrayType(nullable(type.element, local));
    case 'map':
      return mapType(nullable(type.key, local), nullable(type.value, local));
    case 'struct':
      return {
        kind: 'struct',
        fields: type.fields.map((f) => ({ ...f, type: nullable(f.type, local), nullable: true })),
      };
    default:
      return local && type.kind === 'timestamp' ? timestampNtzType : type;
  }
}

export type ParseMode = 'PERMISSIVE' | 'FAILFAST';

/** What becomes of malformed records. */
export function modeOf(options: TextOptions): ParseMode {
  const mode = (options.get('mode') ?? 'PERMISSIVE').toUpperCase();
  if (mode === 'FAILFAST') return mode;
  if (mode !== 'DROPMALFORMED') return 'PERMISSIVE';
  throw new SparrowError('PARSE_MODE_UNSUPPORTED', `the mode ${mode} does not go with functions`, {
    sqlState: '42601',
    candidates: ['PERMISSIVE', 'FAILFAST'],
  });
}

export const CORRUPT_RECORD = '_corrupt_record';

export function malformedRecord(text: string): SparrowError {
  return new SparrowError(
    'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
    `a malformed record was found: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`,
    { sqlState: '22023', hint: "with the mode 'PERMISSIVE' what cannot be read is null" },
  );
}
