import { arrayType, type DataType, int32Type, type Scalar, SparrowError, stringType, typeText } from '../base/index.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar, type TypingSettings } from './define.js';
import { anyString, only, takes } from './implicit.js';
import { BadValue, corruptField, JsonConverter } from './json-convert.js';
import { inferJson } from './json-infer.js';
import { getByPath, jsonPath } from './json-path.js';
import {
  type JsonLiberties,
  type JsonNode,
  MalformedJson,
  readJson,
  SPARK_LIBERTIES,
  tryReadJson,
} from './json-reader.js';
import { JsonWriter } from './json-write.js';
import { mismatch } from './nested-values.js';
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

type Resolved = Resolution | Mismatch;

const text = only('a STRING', (type) => type.kind === 'string' || type.kind === 'null');

function libertiesOf(options: TextOptions): JsonLiberties {
  if (options.size === 0) return SPARK_LIBERTIES;
  return {
    singleQuotes: isOn(options, 'allowSingleQuotes', true),
    unquotedNames: isOn(options, 'allowUnquotedFieldNames'),
    leadingZeros: isOn(options, 'allowNumericLeadingZeros'),
    nonNumeric: isOn(options, 'allowNonNumericNumbers', true),
    comments: isOn(options, 'allowComments'),
    controlCharacters: isOn(options, 'allowUnquotedControlChars'),
    anyEscape: isOn(options, 'allowBackslashEscapingAnyCharacter'),
  };
}

// ---- from_json ----

function resolveFromJson(args: readonly ArgType[], settings: TypingSettings): Resolved {
  const returns = wantedType(args, settings);
  if ('mismatch' in returns) return returns;
  const [input] = args as readonly [ArgType];
  if (text.accept(input.type) === undefined) return wrongType(0, 'a STRING', input.type);
  if (!['struct', 'array', 'map', 'variant'].includes(returns.kind)) {
    return mismatch('JSON is read into a struct, array, map or variant', 'INVALID_JSON_SCHEMA');
  }
  const badKey = returns.kind === 'map' && returns.key.kind !== 'string';
  if (badKey) return mismatch('the keys of maps in JSON are strings', 'INVALID_JSON_MAP_KEY_TYPE');
  const types = [stringType, stringType, optionsType].slice(0, args.length);
  return { args: types, returns, nullable: true };
}

interface FromJson {
  readonly converter: JsonConverter;
  readonly liberties: JsonLiberties;
  readonly failFast: boolean;
  /** The field for records that cannot be read, or -1. */
  readonly corrupt: number;
}

const prepared = new WeakMap<Call, FromJson>();

function prepare(call: Call): FromJson {
  let known = prepared.get(call);
  if (known === undefined) {
    const options = optionsOf(call, 2);
    known = {
      converter: new JsonConverter(options, call.settings.timeZone),
      liberties: libertiesOf(options),
      failFast: modeOf(options) === 'FAILFAST',
      corrupt: corruptField(call.returns, options),
    };
    prepared.set(call, known);
  }
  return known;
}

function evalFromJson([json]: readonly Scalar[], call: Call): Scalar {
  const { converter, liberties, failFast, corrupt } = prepare(call);
  const record = json as string;
  try {
    const node = readJson(record, liberties);
    return node === undefined ? null : rootValue(node, call.returns, converter, corrupt);
  } catch (error) {
    if (!(error instanceof MalformedJson) && !(error instanceof BadValue)) throw error;
    if (failFast) throw malformedRecord(record);
    return tolerated(call.returns, error instanceof BadValue ? error.partial : undefined, record, corrupt);
  }
}

/** An array of structs is also read from one object. */
function rootValue(node: JsonNode, type: DataType, converter: JsonConverter, corrupt: number): Scalar {
  if (type.kind === 'struct') {
    if (node.kind !== 'object') throw new BadValue();
    return converter.struct(type, node.entries, corrupt);
  }
  if (type.kind === 'array' && type.element.kind === 'struct' && node.kind === 'object') {
    return [converter.convert(type.element, node)];
  }
  return converter.convert(type, node);
}

/** What could be read of a record, with the record itself where there is a field for it. */
function tolerated(type: DataType, partial: Scalar | undefined, record: string, corrupt: number): Scalar {
  if (type.kind !== 'struct') return partial ?? null;
  const values = partial === undefined || partial === null ? [] : (partial as readonly Scalar[]);
  return type.fields.map((_, i) => (i === corrupt ? record : (values[i] ?? null)));
}

// ---- to_json ----

const isWritable = (type: DataType): boolean => ['struct', 'array', 'map', 'variant', 'null'].includes(type.kind);

function resolveToJson(args: readonly ArgType[]): Resolved {
  const [input, options] = args;
  if (input === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  const wrongOptions = checkOptions(options);
  if (wrongOptions !== undefined) return wrongOptions;
  if (!isWritable(input.type))
    return mismatch('JSON is made of structs, arrays, maps and variants', 'INVALID_JSON_SCHEMA');
  return { args: [input.type, optionsType].slice(0, args.length), returns: stringType };
}

const writers = new WeakMap<Call, JsonWriter>();

function evalToJson([value]: readonly Scalar[], call: Call): Scalar {
  let writer = writers.get(call);
  if (writer === undefined) {
    writer = new JsonWriter(optionsOf(call, 1), call.settings.timeZone);
    writers.set(call, writer);
  }
  return writer.write(call.argTypes[0] as DataType, value as Scalar);
}

// ---- schema_of_json ----

/** A constant text and perhaps options. */
export function resolveSchemaOf(args: readonly ArgType[]): Resolved {
  const [input, options] = args;
  if (input === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  const wrongOptions = checkOptions(options);
  if (wrongOptions !== undefined) return wrongOptions;
  if (input.literal === undefined) return mismatch('the text must be a constant', 'NON_FOLDABLE_INPUT');
  if (input.literal === null) return mismatch('the text is NULL', 'UNEXPECTED_NULL');
  if (input.type.kind !== 'string') return wrongType(0, 'a STRING', input.type);
  return { args: [stringType, optionsType].slice(0, args.length), returns: stringType, nullable: false };
}

function evalSchemaOf([json]: readonly Scalar[], call: Call): Scalar {
  const options = optionsOf(call, 1);
  try {
    const node = readJson(json as string, libertiesOf(options));
    return node === undefined ? 'STRING' : typeText(inferJson(node, options, call.settings.timeZone));
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    throw new SparrowError('MALFORMED_JSON', `the text is no JSON: ${error.message}`, { sqlState: '22023' });
  }
}

function evalGetObject([json, path]: readonly Scalar[]): Scalar {
  const steps = jsonPath(path as string);
  const node = steps === undefined ? undefined : tryReadJson(json as string);
  return steps === undefined || node === undefined ? null : (getByPath(node, steps) ?? null);
}

const why = 'JSON text is read and written by JS';
const strict = { nulls: 'propagate', compiled: why } as const;

export const jsonFunctions = {
  /** A value read from JSON text. */
  fromJson: scalar({
    name: 'fromJson',
    sql: ['from_json'],
    // Spark calls the column of a map so.
    shown: ([json], returns) => (returns?.kind === 'map' ? 'entries' : `from_json(${json})`),
    summary:
      "The value of a type (DDL text such as 'a INT, b ARRAY<STRING>') in a JSON text. What is of another type is null, and so is a malformed text, but an error in the mode FAILFAST. Options as in Spark's JSON reader.",
    resolve: resolveFromJson,
    ...strict,
    fails: true,
    eval: evalFromJson,
    examples: [
      [`from_json('{"a":1, "b":0.8}', 'a INT, b DOUBLE')`, '{1, 0.8}'],
      [`from_json('[1, 2, null]', 'array<int>')`, '[1, 2, null]'],
    ],
  }),
  /** A value as JSON text. */
  toJson: scalar({
    name: 'toJson',
    sql: ['to_json'],
    shown: ([value]) => `to_json(${value})`,
    summary: 'A struct, array, map or variant as JSON text; fields that are null are left out.',
    resolve: resolveToJson,
    ...strict,
    eval: evalToJson,
    examples: [
      ["to_json(named_struct('a', 1, 'b', 2))", '{"a":1,"b":2}'],
      ["to_json(array(map('a', 1)))", '[{"a":1}]'],
    ],
  }),
  /** A part of a JSON text, by a path. */
  getJsonObject: scalar({
    name: 'getJsonObject',
    sql: ['get_json_object'],
    summary:
      "What a path such as '$.a[0].b' or '$.a[*].b' leads to in a JSON text, as text; null when it leads nowhere.",
    resolve: takes([anyString, anyString], stringType, { nullable: true }),
    ...strict,
    eval: evalGetObject,
    examples: [
      [`get_json_object('{"a":"b"}', '$.a')`, 'b'],
      [`get_json_object('[{"a":1},{"a":2}]', '$[*].a')`, '[1,2]'],
    ],
  }),
  /** How many elements a JSON array has. */
  jsonArrayLength: scalar({
    name: 'jsonArrayLength',
    sql: ['json_array_length'],
    summary: 'How many elements the outermost array of a JSON text has; null for anything else.',
    resolve: takes([text], int32Type, { nullable: true }),
    ...strict,
    eval: ([json]) => {
      const node = tryReadJson(json as string);
      return node?.kind === 'array' ? node.items.length : null;
    },
    examples: [['json_array_length(\'[1,2,3,{"f1":1,"f2":[5,6]},4]\')', '5']],
  }),
  /** The keys of a JSON object. */
  jsonObjectKeys: scalar({
    name: 'jsonObjectKeys',
    sql: ['json_object_keys'],
    summary: 'The keys of the outermost object of a JSON text; null for anything else.',
    resolve: takes([text], arrayType(stringType), { nullable: true }),
    ...strict,
    eval: ([json]) => {
      const node = tryReadJson(json as string);
      return node?.kind === 'object' ? node.entries.map(([key]) => key) : null;
    },
    examples: [[`json_object_keys('{"f1":"abc","f2":{"f3":"a"}}')`, '[f1, f2]']],
  }),
  /** The type of a JSON text. */
  schemaOfJson: scalar({
    name: 'schemaOfJson',
    sql: ['schema_of_json'],
    shown: ([json]) => `schema_of_json(${json})`,
    summary: 'The type that from_json would be asked for to read a constant JSON text, as DDL.',
    resolve: resolveSchemaOf,
    ...strict,
    fails: true,
    eval: evalSchemaOf,
    examples: [[`schema_of_json('[{"col":0}]')`, 'ARRAY<STRUCT<col: BIGINT>>']],
  }),
};
