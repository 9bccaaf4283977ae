import {
  arrayType,
  booleanType,
  type DataType,
  int32Type,
  isInteger,
  type Scalar,
  SparrowError,
  type StructType,
  stringType,
} from '../base/index.js';
import { compareScalars } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { part as localOf, pushInt, value } from './emit.js';
import { argument, keepI32 } from './emit-parts.js';
import { takes } from './implicit.js';
import { emitArrayPlaces, emitElement, emitField } from './nested-emit.js';
import { anyArray, commonElement, elementOf, entriesOf, isArray, isMap, items, mismatch } from './nested-values.js';
import { canImplicitlyCast, isOrderable, wrongCount, wrongType } from './signature.js';
import type { Emitter, Value } from './value.js';

type Resolved = Resolution | Mismatch;
type Settings = { readonly ansi: boolean };

// ---- fields ----

const structOf = (type: DataType | undefined): StructType | undefined => {
  if (type?.kind === 'struct') return type;
  return type?.kind === 'array' && type.element.kind === 'struct' ? type.element : undefined;
};

/** Where the named field stands: the resolver has put its very name. */
function fieldPosition(struct: StructType, name: Scalar | undefined): number {
  const exact = struct.fields.findIndex((f) => f.name === name);
  if (exact >= 0 || typeof name !== 'string') return exact;
  return struct.fields.findIndex((f) => f.name.toLowerCase() === name.toLowerCase());
}

function resolveGetField(args: readonly ArgType[]): Resolved {
  const [input, name] = args;
  if (input === undefined || name === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  const struct = structOf(input.type);
  if (struct === undefined) return wrongType(0, 'a STRUCT', input.type);
  const found = struct.fields[fieldPosition(struct, name.literal)];
  if (found === undefined) return { mismatch: `there is no field ${String(name.literal)}`, code: 'FIELD_NOT_FOUND' };
  const returns =
    input.type.kind === 'array' ? arrayType(found.type, input.type.containsNull || found.nullable) : found.type;
  const nullable = input.nullable || (input.type.kind === 'struct' && found.nullable);
  return { args: [input.type, stringType], returns, nullable };
}

function evalGetField([input, name]: readonly Scalar[], call: Call): Scalar {
  const type = call.argTypes[0] as DataType;
  const position = fieldPosition(structOf(type) as StructType, name);
  if (type.kind === 'struct') return items(input)[position] as Scalar;
  return items(input).map((struct) => (struct === null ? null : (items(struct)[position] as Scalar)));
}

function emitGetField(e: Emitter, args: readonly Value[], call: Call): Value | undefined {
  const input = argument(args, 0);
  if (input.type.kind !== 'struct') return undefined;
  return emitField(e, input.type.fields, localOf(input), fieldPosition(input.type, call.literals[1]));
}

// ---- elements ----

function resolveGetItem(args: readonly ArgType[]): Resolved {
  const [input, key] = args;
  if (input === undefined || key === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (isArray(input.type)) {
    if (!isInteger(key.type) && key.type.kind !== 'null') return wrongType(1, 'an INTEGRAL', key.type);
    return { args: [input.type, key.type], returns: input.type.element, nullable: true };
  }
  if (isMap(input.type)) return mapValue(input.type, key.type);
  return {
    mismatch: 'elements are taken of arrays, structs and maps',
    code: 'INVALID_EXTRACT_BASE_FIELD_TYPE',
  };
}

/** The key is cast to the map's key type. */
function mapValue(map: Extract<DataType, { kind: 'map' }>, key: DataType): Resolved {
  if (!isOrderable(map.key)) return wrongType(0, 'a MAP whose keys can be compared', map);
  if (!canImplicitlyCast(key, map.key)) return keyMismatch;
  return { args: [map, map.key], returns: map.value, nullable: true };
}

const keyMismatch = mismatch('the key is not of the type of the keys of the map', 'UNEXPECTED_INPUT_TYPE');

function lookUp(map: Scalar | undefined, key: Scalar, type: DataType): Scalar {
  for (const [k, v] of entriesOf(map)) if (compareScalars(type, k, key) === 0) return v;
  return null;
}

const keyType = (call: Call): DataType => call.argTypes[1] as DataType;

function evalGetItem([input, key]: readonly Scalar[], call: Call): Scalar {
  if (call.argTypes[0]?.kind === 'map') return lookUp(input, key as Scalar, keyType(call));
  const list = items(input);
  const index = Number(key);
  if (index >= 0 && index < list.length) return list[index] as Scalar;
  if (!call.settings.ansi) return null;
  throw invalidIndex('INVALID_ARRAY_INDEX', key as Scalar, list.length, 'get');
}

function invalidIndex(code: string, index: Scalar, size: number, instead: string): SparrowError {
  return new SparrowError(code, `the index ${index} is out of bounds: the array has ${size} elements`, {
    sqlState: '22003',
    parameters: { indexValue: String(index), arraySize: String(size) },
    hint: `use \`${instead}\` to get NULL instead`,
  });
}

function resolveElementAt(args: readonly ArgType[], settings: Settings): Resolved {
  const [input, key] = args;
  if (input === undefined || key === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (isArray(input.type)) {
    if (!isInteger(key.type) || key.type.kind === 'int64') return wrongType(1, 'an INT', key.type);
    return { args: [input.type, int32Type], returns: input.type.element, nullable: true };
  }
  if (!isMap(input.type)) return wrongType(0, 'an ARRAY or a MAP', input.type);
  return { ...resolveKeyed(args, settings), returns: input.type.value, nullable: true };
}

/** A map and a key: both get the wider of the two key types. */
function resolveKeyed(args: readonly ArgType[], _settings: Settings): Resolved {
  const [map, key] = args;
  if (map === undefined || key === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (!isMap(map.type)) return mismatch('the first argument is no MAP', 'MAP_FUNCTION_DIFF_TYPES');
  const common = commonElement(map.type.key, key.type);
  if (common === undefined) return mismatch('map and key are of different types', 'MAP_FUNCTION_DIFF_TYPES');
  if (!isOrderable(common)) return mismatch('the keys cannot be compared', 'INVALID_ORDERING_TYPE');
  return { args: [{ ...map.type, key: common }, common], returns: booleanType };
}

const elementAt =
  (safe: boolean) =>
  ([input, key]: readonly Scalar[], call: Call): Scalar => {
    if (call.argTypes[0]?.kind === 'map') return lookUp(input, key as Scalar, keyType(call));
    const list = items(input);
    const index = key as number;
    if (index === 0) throw zeroIndex();
    const found = index > 0 ? list[index - 1] : list[list.length + index];
    if (found !== undefined) return found;
    if (safe || !call.settings.ansi) return null;
    throw invalidIndex('INVALID_ARRAY_INDEX_IN_ELEMENT_AT', index, list.length, 'try_element_at');
  };

export function zeroIndex(): SparrowError {
  return new SparrowError('INVALID_INDEX_OF_ZERO', 'the index 0 is invalid: elements are counted from 1 or from -1', {
    sqlState: '22003',
  });
}

const takesIndex = takes(
  [
    { wants: 'an ARRAY', accept: (t) => (isArray(t) ? t : undefined) },
    {
      wants: 'an INT',
      accept: (t) => ((isInteger(t) && t.kind !== 'int64') || t.kind === 'null' ? int32Type : undefined),
    },
  ],
  ([array]) => elementOf(array),
  { nullable: true },
);

/** How an index that is out of bounds, and one that counts from the end, are meant. */
interface IndexRule {
  readonly from: 0 | 1;
  readonly outside: (ansi: boolean) => 'null' | 'error';
}

function emitIndexed(e: Emitter, args: readonly Value[], call: Call, rule: IndexRule): Value | undefined {
  const input = argument(args, 0);
  if (!isArray(input.type) || call.argTypes[1]?.kind === 'null') return undefined;
  const { code } = e;
  const places = emitArrayPlaces(e, localOf(input));
  const index = code.local('i32');
  const key = argument(args, 1);
  // Beyond 32 bits is out of bounds anyway: -1 stands for it.
  if (key.carrier === 'i64') {
    code.get(localOf(key)).op('i32.wrap_i64').i32(-1);
    code
      .get(localOf(key))
      .i64(2n ** 31n)
      .op('i64.lt_u')
      .select()
      .set(index);
  } else {
    pushInt(e, key, 'i32');
    code.set(index);
  }
  if (rule.from === 1) {
    code.get(index).op('i32.eqz');
    e.failIf();
    // From 1 on, or from the end.
    code.get(index).get(places.count).op('i32.add').get(index).i32(1).op('i32.sub');
    code.get(index).i32(0).op('i32.lt_s').select().set(index);
  }
  code.get(index).get(places.count).op('i32.ge_u');
  const outside = keepI32(e);
  if (rule.outside(call.settings.ansi) === 'error') {
    code.get(outside);
    e.failIf();
  }
  const isNull = code.local('i32');
  code.i32(1).set(isNull);
  let element: Value | undefined;
  code
    .get(outside)
    .op('i32.eqz')
    .if(() => {
      element = emitElement(e, elementOf(input.type), places, index);
      if (element.isNull === undefined) code.i32(0);
      else code.get(element.isNull);
      code.set(isNull);
    });
  const found = element as Value | undefined as Value;
  return value(found.type, found.carrier, found.parts, isNull);
}

const always = (what: 'null' | 'error') => (): 'null' | 'error' => what;
const byMode = (ansi: boolean): 'null' | 'error' => (ansi ? 'error' : 'null');
const indexFails = (call: Call): boolean => call.argTypes[0]?.kind === 'array' && call.settings.ansi;

// ---- sizes ----

function resolveSize(args: readonly ArgType[], { ansi }: Settings): Resolved {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  const { kind } = input.type;
  if (kind !== 'array' && kind !== 'map' && kind !== 'null') return wrongType(0, 'an ARRAY or a MAP', input.type);
  return { args: [input.type], returns: int32Type, nullable: ansi && input.nullable };
}

const countOf = (input: Scalar | undefined, call: Call): number =>
  call.argTypes[0]?.kind === 'map' ? entriesOf(input).length : items(input).length;

/** Without ANSI the size of NULL is -1. */
const evalSize = ([input]: readonly Scalar[], call: Call): Scalar =>
  input === null ? (call.settings.ansi ? null : -1) : countOf(input, call);

function emitSize(e: Emitter, args: readonly Value[], call: Call): Value {
  const input = argument(args, 0);
  const { code } = e;
  const count = code.local('i32');
  code.i32(-1).set(count);
  if (input.carrier === 'none') return value(int32Type, 'i32', [count], call.settings.ansi ? input.isNull : undefined);
  const load = (): void => void code.get(localOf(input)).op('i32.load', 0).set(count);
  if (input.isNull === undefined) load();
  else code.get(input.isNull).op('i32.eqz').if(load);
  return value(int32Type, 'i32', [count], call.settings.ansi ? input.isNull : undefined);
}

const emitCount = (e: Emitter, args: readonly Value[]): Value => {
  e.code.get(localOf(argument(args, 0))).op('i32.load', 0);
  return value(int32Type, 'i32', [keepI32(e)]);
};

const why = 'maps are searched by JS';

export const nestedAccessFunctions = {
  /** A field of a struct. */
  getField: scalar({
    name: 'getField',
    sql: ['getfield'],
    summary: 'The named field of a struct; of an array of structs, the array of that field.',
    resolve: resolveGetField,
    nulls: 'propagate',
    eval: evalGetField,
    emit: emitGetField,
    compiled: 'fields of arrays of structs are taken by JS',
    examples: [
      ["named_struct('a', 1, 'b', 'x').b", 'x'],
      ["array(named_struct('a', 1), named_struct('a', 2)).a", '[1, 2]'],
    ],
  }),
  /** An element of an array by position from 0, or the value of a map's key. */
  getItem: scalar({
    name: 'getItem',
    sql: ['getitem'],
    summary:
      'The element of an array by position from 0 (an error out of bounds while ANSI mode is on), or the value of a key of a map, null when it has none.',
    resolve: resolveGetItem,
    nulls: 'propagate',
    fails: indexFails,
    eval: evalGetItem,
    emit: (e, args, call) => emitIndexed(e, args, call, { from: 0, outside: byMode }),
    compiled: why,
    examples: [
      ['array(10, 20, 30)[1]', '20'],
      ["map('a', 1, 'b', 2)['b']", '2'],
      ["map('a', 1)['z']", null],
    ],
  }),
  /** An element by position from 1, or from the end when negative; of a map, the value of a key. */
  elementAt: scalar({
    name: 'elementAt',
    sql: ['element_at'],
    summary:
      'The element of an array by position from 1, or from -1 backwards (an error out of bounds while ANSI mode is on); of a map the value of the key, null when it has none.',
    resolve: resolveElementAt,
    nulls: 'propagate',
    fails: (call) => call.argTypes[0]?.kind === 'array',
    eval: elementAt(false),
    emit: (e, args, call) => emitIndexed(e, args, call, { from: 1, outside: byMode }),
    compiled: why,
    examples: [
      ['element_at(array(1, 2, 3), 2)', '2'],
      ['element_at(array(1, 2, 3), -1)', '3'],
      ["element_at(map(1, 'a', 2, 'b'), 2)", 'b'],
    ],
  }),
  /** As `elementAt`, with null out of bounds. */
  tryElementAt: scalar({
    name: 'tryElementAt',
    sql: ['try_element_at'],
    summary: 'As element_at, with null where the array is too short; position 0 is still an error.',
    resolve: resolveElementAt,
    nulls: 'propagate',
    fails: (call) => call.argTypes[0]?.kind === 'array',
    eval: elementAt(true),
    emit: (e, args, call) => emitIndexed(e, args, call, { from: 1, outside: always('null') }),
    compiled: why,
    examples: [
      ['try_element_at(array(1, 2, 3), 5)', null],
      ["try_element_at(map(1, 'a', 2, 'b'), 2)", 'b'],
    ],
  }),
  /** The element of an array by position from 0; null out of bounds. */
  get: scalar({
    name: 'get',
    sql: ['get'],
    summary: 'The element of an array by position from 0; null out of bounds.',
    resolve: takesIndex,
    nulls: 'propagate',
    eval: ([input, index]) => items(input)[index as number] ?? null,
    emit: (e, args, call) => emitIndexed(e, args, call, { from: 0, outside: always('null') }),
    examples: [
      ['get(array(1, 2, 3), 0)', '1'],
      ['get(array(1, 2, 3), 3)', null],
      ['get(array(1, 2, 3), -1)', null],
    ],
  }),
  /** How many elements an array has, or entries a map. */
  size: scalar({
    name: 'size',
    sql: ['size', 'cardinality'],
    kept: ['cardinality'],
    summary: 'How many elements an array has, or entries a map; of NULL null, but -1 while ANSI mode is off.',
    resolve: resolveSize,
    nulls: 'custom',
    eval: evalSize,
    emit: emitSize,
    examples: [
      ["size(array('b', 'd', 'c', 'a'))", '4'],
      ["cardinality(map('a', 1, 'b', 2))", '2'],
    ],
  }),
  /** How many elements an array has. */
  arraySize: scalar({
    name: 'arraySize',
    sql: ['array_size'],
    summary: 'How many elements an array has.',
    resolve: takes([anyArray], int32Type),
    nulls: 'propagate',
    eval: ([input]) => items(input).length,
    emit: emitCount,
    examples: [["array_size(array('b', 'd', 'c', 'a'))", '4']],
  }),
  /** Whether a map has a key. */
  mapContainsKey: scalar({
    name: 'mapContainsKey',
    sql: ['map_contains_key'],
    summary: 'Whether the map has the key.',
    resolve: (args, settings) =>
      args[1]?.type.kind === 'null' && args[0]?.type.kind === 'map'
        ? mismatch('the key is NULL', 'NULL_TYPE')
        : resolveKeyed(args, settings),
    nulls: 'propagate',
    eval: ([map, key], call) => entriesOf(map).some(([k]) => compareScalars(keyType(call), k, key as Scalar) === 0),
    compiled: why,
    examples: [
      ["map_contains_key(map(1, 'a', 2, 'b'), 1)", 'true'],
      ["map_contains_key(map(1, 'a', 2, 'b'), 3)", 'false'],
    ],
  }),
};
