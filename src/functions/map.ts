import {
  arrayType,
  type DataType,
  type Field,
  field,
  type MapType,
  mapType,
  nullType,
  type Scalar,
  SparrowError,
  stringType,
  structType,
} from '../base/index.js';
import { compareScalars } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { anyString, anyType, constant, takes } from './implicit.js';
import {
  anyArray,
  anyMap,
  badMapKey,
  commonElement,
  elementOf,
  entriesOf,
  isArray,
  isMap,
  items,
  MapBuilder,
  mismatch,
} from './nested-values.js';
import { split } from './regexp.js';
import { commonType, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

const mapOf = (type: DataType | undefined): MapType => type as MapType;

function resolveFromArrays(args: readonly ArgType[]): Resolved {
  const [keys, values] = args;
  if (keys === undefined || values === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  const types = [keys, values].map((arg) => anyArray.accept(arg.type));
  const wrong = types.indexOf(undefined);
  if (wrong >= 0) return wrongType(wrong, 'an ARRAY', (args[wrong] as ArgType).type);
  const key = elementOf(keys.type);
  const bad = badMapKey(key);
  if (bad !== undefined) return bad;
  const containsNull = isArray(values.type) && values.type.containsNull;
  return { args: types as DataType[], returns: mapType(key, elementOf(values.type), containsNull) };
}

function evalFromArrays([keys, values]: readonly Scalar[], call: Call): Scalar {
  const [ks, vs] = [items(keys), items(values)];
  if (ks.length !== vs.length) {
    throw new SparrowError(
      '_LEGACY_ERROR_TEMP_2128',
      `the key array and the value array of a map must be of the same length, not ${ks.length} and ${vs.length}`,
    );
  }
  const builder = new MapBuilder(mapOf(call.returns).key);
  for (const [i, key] of ks.entries()) builder.add(key, vs[i] as Scalar);
  return builder.finish();
}

function resolveFromEntries(args: readonly ArgType[]): Resolved {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  const pair = elementOf(input.type);
  if (!isArray(input.type) || pair.kind !== 'struct' || pair.fields.length !== 2) {
    return wrongType(0, 'an ARRAY of pair STRUCT', input.type);
  }
  const [key, value] = pair.fields;
  if (key === undefined || value === undefined) return wrongType(0, 'an ARRAY of pair STRUCT', input.type);
  const bad = badMapKey(key.type);
  if (bad !== undefined) return bad;
  return {
    args: [input.type],
    returns: mapType(key.type, value.type, value.nullable),
    nullable: input.nullable || input.type.containsNull,
  };
}

/** Null when an entry is null. */
function evalFromEntries([list]: readonly Scalar[], call: Call): Scalar {
  if (items(list).includes(null)) return null;
  const builder = new MapBuilder(mapOf(call.returns).key);
  for (const pair of items(list)) builder.add(items(pair)[0] as Scalar, items(pair)[1] as Scalar);
  return builder.finish();
}

function resolveConcat(args: readonly ArgType[]): Resolved {
  let common: MapType | undefined;
  for (const { type } of args) {
    if (!isMap(type)) return mismatch('the arguments must be maps of one type', 'MAP_CONCAT_DIFF_TYPES');
    const key: DataType | undefined = common === undefined ? type.key : commonElement(common.key, type.key);
    const value: DataType | undefined = common === undefined ? type.value : commonType(common.value, type.value);
    if (key === undefined || value === undefined) {
      return mismatch('the maps are of different types', 'DATA_DIFF_TYPES');
    }
    common = mapType(key, value, type.valueContainsNull || common?.valueContainsNull === true);
  }
  const returns = common ?? mapType(stringType, stringType, false);
  return { args: args.map(() => returns), returns };
}

function evalConcat(maps: readonly Scalar[], call: Call): Scalar {
  const builder = new MapBuilder(mapOf(call.returns).key);
  for (const map of maps) for (const [key, value] of entriesOf(map)) builder.add(key, value);
  return builder.finish();
}

/** Pairs and their halves are parted by regular expressions. */
function evalFromText([text, between = ',', inside = ':']: readonly Scalar[]): Scalar {
  const builder = new MapBuilder(stringType);
  for (const pair of split(text as string, between as string, -1)) {
    const [key = '', value] = split(pair, inside as string, 2);
    builder.add(key, value ?? null);
  }
  return builder.finish();
}

const why = 'maps are worked on by JS over decoded values';
const strict = { nulls: 'propagate', compiled: why } as const;

/** The value with the entries of its maps, at any depth, in the order of their keys. */
function sortedMaps(type: DataType, value: Scalar): Scalar {
  if (value === null) return null;
  if (type.kind === 'array') return items(value).map((item) => sortedMaps(type.element, item));
  if (type.kind === 'struct') return items(value).map((item, i) => sortedMaps((type.fields[i] as Field).type, item));
  if (type.kind !== 'map') return value;
  const entries = entriesOf(value).map(([k, v]): [Scalar, Scalar] => [
    sortedMaps(type.key, k),
    sortedMaps(type.value, v),
  ]);
  return { entries: entries.sort(([a], [b]) => compareScalars(type.key, a, b)) };
}

export const mapFunctions = {
  /** The same value with its maps sorted. */
  sortMaps: scalar({
    name: 'sortMaps',
    sql: ['sort_maps'],
    summary: 'The value with the entries of its maps, at any depth, sorted by key. For plans, not for users.',
    resolve: takes([anyType], ([type]) => type ?? nullType),
    ...strict,
    eval: ([value], call) => sortedMaps(call.returns, value as Scalar),
    examples: [["sort_maps(map(2, 'b', 1, 'a'))", '{1 -> a, 2 -> b}']],
  }),
  /** A map of an array of keys and one of values. */
  mapFromArrays: scalar({
    name: 'mapFromArrays',
    sql: ['map_from_arrays'],
    summary: 'A map of an array of keys and an array of values; a null or doubled key is an error.',
    resolve: resolveFromArrays,
    ...strict,
    fails: true,
    eval: evalFromArrays,
    examples: [["map_from_arrays(array(1.0, 3.0), array('2', '4'))", '{1.0 -> 2, 3.0 -> 4}']],
  }),
  /** A map of an array of pairs. */
  mapFromEntries: scalar({
    name: 'mapFromEntries',
    sql: ['map_from_entries'],
    summary: 'A map of an array of structs of key and value; null when one of them is null.',
    resolve: resolveFromEntries,
    ...strict,
    fails: true,
    eval: evalFromEntries,
    examples: [["map_from_entries(array(struct(1, 'a'), struct(2, 'b')))", '{1 -> a, 2 -> b}']],
  }),
  /** The keys of a map. */
  mapKeys: scalar({
    name: 'mapKeys',
    sql: ['map_keys'],
    summary: 'The keys of the map, in its order.',
    resolve: takes([anyMap], ([type]) => arrayType(mapOf(type).key, false)),
    ...strict,
    eval: ([map]) => entriesOf(map).map(([key]) => key),
    examples: [["map_keys(map(1, 'a', 2, 'b'))", '[1, 2]']],
  }),
  /** The values of a map. */
  mapValues: scalar({
    name: 'mapValues',
    sql: ['map_values'],
    summary: 'The values of the map, in its order.',
    resolve: takes([anyMap], ([type]) => arrayType(mapOf(type).value, mapOf(type).valueContainsNull)),
    ...strict,
    eval: ([map]) => entriesOf(map).map(([, value]) => value),
    examples: [["map_values(map(1, 'a', 2, 'b'))", '[a, b]']],
  }),
  /** The entries of a map as structs. */
  mapEntries: scalar({
    name: 'mapEntries',
    sql: ['map_entries'],
    summary: 'The entries of the map, in its order, as structs of key and value.',
    resolve: takes([anyMap], ([type]) => {
      const { key, value, valueContainsNull } = mapOf(type);
      return arrayType(structType([field('key', key, false), field('value', value, valueContainsNull)]), false);
    }),
    ...strict,
    eval: ([map]) => entriesOf(map),
    examples: [["map_entries(map(1, 'a', 2, 'b'))", '[{1, a}, {2, b}]']],
  }),
  /** The entries of all maps. */
  mapConcat: scalar({
    name: 'mapConcat',
    sql: ['map_concat'],
    summary: 'The entries of all maps as one map; a key that comes twice is an error.',
    resolve: resolveConcat,
    ...strict,
    fails: true,
    eval: evalConcat,
    examples: [["map_concat(map(1, 'a', 2, 'b'), map(3, 'c'))", '{1 -> a, 2 -> b, 3 -> c}']],
  }),
  /** A map of a text such as `a:1,b:2`. */
  strToMap: scalar({
    name: 'strToMap',
    sql: ['str_to_map'],
    shown: ([text = '', between = ',', inside = ':']) => `str_to_map(${text}, ${between}, ${inside})`,
    summary:
      'A map of a text of pairs; what parts pairs (by default a comma) and key from value (a colon) are regular expressions. A key without value has null.',
    resolve: takes([anyString, constant(anyString), constant(anyString)], mapType(stringType, stringType), {
      optional: 2,
    }),
    ...strict,
    fails: true,
    eval: evalFromText,
    examples: [
      ["str_to_map('a:1,b:2,c:3', ',', ':')", '{a -> 1, b -> 2, c -> 3}'],
      ["str_to_map('a')", '{a -> null}'],
    ],
  }),
};
