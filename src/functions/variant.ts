import {
  booleanType,
  type DataType,
  field,
  int64Type,
  isInteger,
  nullType,
  parseType,
  readVariant,
  type Scalar,
  SparrowError,
  stringType,
  typeText,
  type VariantNode,
  type VariantScalar,
  variantType,
} from '../base/index.js';
import { variantLeafCast } from './cast-eval.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { anyString, only, takes } from './implicit.js';
import { compatible } from './json-infer.js';
import { jsonPath, type PathStep } from './json-path.js';
import { MalformedJson, readJson } from './json-reader.js';
import { mismatch } from './nested-values.js';
import { wrongCount, wrongType } from './signature.js';
import { malformedRecord } from './text-options.js';
import { BAD, becomesVariant, fromVariant, invalidVariantCast, toVariant } from './variant-cast.js';
import { variantOfJson } from './variant-json.js';

type Resolved = Resolution | Mismatch;

const variant = only('a VARIANT', (type) => type.kind === 'variant' || type.kind === 'null');

const parse =
  (safe: boolean) =>
  ([json]: readonly Scalar[]): Scalar => {
    try {
      const node = readJson(json as string);
      if (node !== undefined) return variantOfJson(node);
    } catch (error) {
      // A doubled key is malformed, too.
      if (!(error instanceof MalformedJson) && !(error instanceof SparrowError)) throw error;
    }
    if (safe) return null;
    throw malformedRecord(json as string);
  };

// ---- variant_get ----

function typeAsked(arg: ArgType | undefined): DataType | Mismatch {
  if (arg === undefined) return variantType;
  if (typeof arg.literal !== 'string') return mismatch('the type must be a constant string', 'NON_FOLDABLE_INPUT');
  try {
    return parseType(arg.literal);
  } catch (error) {
    if (!(error instanceof SparrowError)) throw error;
    return { mismatch: error.message, code: error.code };
  }
}

function resolveGet(args: readonly ArgType[]): Resolved {
  const [input, path, type] = args;
  if (input === undefined || path === undefined || args.length > 3) return wrongCount(args.length, 2, 3);
  if (variant.accept(input.type) === undefined) return wrongType(0, 'a VARIANT', input.type);
  if (anyString.accept(path.type) === undefined) return wrongType(1, 'a STRING', path.type);
  const returns = typeAsked(type);
  if ('mismatch' in returns) return returns;
  return { args: [variantType, stringType, stringType].slice(0, args.length), returns, nullable: true };
}

function stepsOf(path: string): readonly PathStep[] {
  const steps = jsonPath(path.replaceAll(/\["([^"]*)"\]/g, "['$1']"));
  if (steps?.every((step) => step.kind === 'key' || step.kind === 'index')) return steps;
  throw new SparrowError('INVALID_VARIANT_GET_PATH', `'${path}' is no path into a variant`, {
    sqlState: '22023',
    parameters: { path },
    hint: "paths are written like '$.a[0].b'",
  });
}

function follow(root: VariantNode, steps: readonly PathStep[]): VariantNode | undefined {
  let node: VariantNode | undefined = root;
  for (const step of steps) {
    if (node?.kind === 'object' && step.kind === 'key') node = node.fields.find(([key]) => key === step.name)?.[1];
    else node = node?.kind === 'array' && step.kind === 'index' ? node.elements[step.index] : undefined;
  }
  return node;
}

const get =
  (safe: boolean) =>
  ([value, path]: readonly Scalar[], call: Call): Scalar => {
    const node = follow(readVariant(value as VariantScalar), stepsOf(path as string));
    if (node === undefined) return null;
    const found = fromVariant(node, call.returns, call.settings.timeZone, variantLeafCast(call.settings.timeZone));
    if (found !== BAD) return found;
    if (safe) return null;
    throw invalidVariantCast(node, call.returns);
  };

// ---- schema_of_variant ----

function schemaOf(node: VariantNode): DataType {
  if (node.kind === 'array') {
    return { kind: 'array', element: merged(node.elements.map(schemaOf)), containsNull: true };
  }
  if (node.kind === 'object') {
    const fields = node.fields.map(([key, value]) => field(key, schemaOf(value)));
    return { kind: 'struct', fields };
  }
  if (node.value === null) return nullType;
  return isInteger(node.type) ? int64Type : node.type;
}

const merged = (types: readonly DataType[]): DataType =>
  types.reduce<DataType>((a, b) => compatible(a, b, variantType), nullType);

/** Objects are no structs: they have no fixed fields. */
const schemaText = (type: DataType): string => typeText(type).replaceAll('STRUCT<', 'OBJECT<');

function resolveToObject(args: readonly ArgType[]): Resolved {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  const { kind } = input.type;
  const isContainer = kind === 'array' || kind === 'map' || kind === 'struct';
  if (!isContainer || !becomesVariant(input.type, true)) {
    return mismatch('only arrays, maps with string keys and structs become objects', 'CAST_WITHOUT_SUGGESTION');
  }
  return { args: [input.type], returns: variantType };
}

const why = 'variants are read and written by JS';
const strict = { nulls: 'propagate', compiled: why } as const;
const shownGet =
  (name: string) =>
  ([value = '', path = '']: readonly string[]): string =>
    `${name}(${value}, ${path})`;

export const variantFunctions = {
  /** JSON text as a variant. */
  parseJson: scalar({
    name: 'parseJson',
    sql: ['parse_json'],
    summary: 'A JSON text as a variant; malformed text is an error.',
    resolve: takes([anyString], variantType),
    ...strict,
    fails: true,
    eval: parse(false),
    examples: [[`parse_json('{"a":1,"b":0.8}')`, '{"a":1,"b":0.8}']],
  }),
  /** JSON text as a variant, or null. */
  tryParseJson: scalar({
    name: 'tryParseJson',
    sql: ['try_parse_json'],
    summary: 'A JSON text as a variant; null when it is malformed.',
    resolve: takes([anyString], variantType, { nullable: true }),
    ...strict,
    eval: parse(true),
    examples: [
      [`try_parse_json('{"a":1}')`, '{"a":1}'],
      [`try_parse_json('{"a":1,}')`, null],
    ],
  }),
  /** A part of a variant, as a value of a type. */
  variantGet: scalar({
    name: 'variantGet',
    sql: ['variant_get'],
    shown: shownGet('variant_get'),
    summary:
      "What a path such as '$.a[0]' leads to in a variant, cast to a type (by default a variant); null where it leads nowhere, an error where the cast fails.",
    resolve: resolveGet,
    ...strict,
    fails: true,
    eval: get(false),
    examples: [
      [`variant_get(parse_json('{"a": 1}'), '$.a', 'int')`, '1'],
      [`variant_get(parse_json('{"a": 1}'), '$.b', 'int')`, null],
    ],
  }),
  /** As `variantGet`, with null where the cast fails. */
  tryVariantGet: scalar({
    name: 'tryVariantGet',
    sql: ['try_variant_get'],
    shown: shownGet('try_variant_get'),
    summary: 'As variant_get, with null where the cast fails.',
    resolve: resolveGet,
    ...strict,
    fails: true,
    eval: get(true),
    examples: [[`try_variant_get(parse_json('[1, "hello"]'), '$[1]', 'int')`, null]],
  }),
  /** Whether a variant holds null. */
  isVariantNull: scalar({
    name: 'isVariantNull',
    sql: ['is_variant_null'],
    summary: 'Whether a variant holds a null; false for an SQL NULL.',
    resolve: (args) => {
      const resolution = takes([variant], booleanType)(args, { ansi: true });
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false };
    },
    nulls: 'custom',
    compiled: why,
    eval: ([value]) => {
      if (value === null) return false;
      const node = readVariant(value as VariantScalar);
      return node.kind === 'value' && node.value === null;
    },
    examples: [
      ["is_variant_null(parse_json('null'))", 'true'],
      ["is_variant_null(parse_json('13'))", 'false'],
    ],
  }),
  /** The type of what a variant holds. */
  schemaOfVariant: scalar({
    name: 'schemaOfVariant',
    sql: ['schema_of_variant'],
    summary: 'The type of what a variant holds, as DDL; parts that differ are VARIANT.',
    resolve: takes([variant], stringType),
    ...strict,
    eval: ([value]) => schemaText(schemaOf(readVariant(value as VariantScalar))),
    examples: [[`schema_of_variant(parse_json('[{"b":true,"a":0}]'))`, 'ARRAY<OBJECT<a: BIGINT, b: BOOLEAN>>']],
  }),
  /** A struct, map or array as a variant. */
  toVariantObject: scalar({
    name: 'toVariantObject',
    sql: ['to_variant_object'],
    summary: 'An array, map or struct as a variant: maps and structs become objects.',
    resolve: resolveToObject,
    ...strict,
    eval: ([value], call) => toVariant(call.argTypes[0] as DataType, value as Scalar),
    examples: [["to_variant_object(named_struct('a', 1, 'b', 2))", '{"a":1,"b":2}']],
  }),
};
