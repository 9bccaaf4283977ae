import { booleanType, type DataType, type MapType, mapType, type Scalar } from '../base/index.js';
import { type ArgType, type Call, type Mismatch, type Resolution, type ScalarFunction, scalar } from './define.js';
import { isCondition } from './lambda-functions.js';
import { given, lambdaOf } from './lambda-values.js';
import { badMapKey, commonElement, entriesOf, identityOf, isMap, MapBuilder, mismatch } from './nested-values.js';
import { wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

const NOTHING: DataType = { kind: 'null' };
const keyArg = (type: DataType | undefined): ArgType => ({
  type: type !== undefined && isMap(type) ? type.key : NOTHING,
  nullable: false,
});
const valueArg = (type: DataType | undefined, nullable = false): ArgType => ({
  type: type !== undefined && isMap(type) ? type.value : NOTHING,
  nullable: nullable || (type !== undefined && isMap(type) && type.valueContainsNull),
});

/** A lambda function of key and value. */
const overEntries: ScalarFunction['lambda'] = (at, args) =>
  at === 1 ? given(keyArg(args[0]?.type), valueArg(args[0]?.type)) : undefined;

/** A map and a lambda function over its entries. */
const resolveOver =
  (of: (map: MapType, body: ArgType) => { readonly body: DataType; readonly returns: DataType } | Mismatch) =>
  (args: readonly ArgType[]): Resolved => {
    const [input, body] = args;
    if (input === undefined || body === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
    if (!isMap(input.type)) return wrongType(0, 'a MAP', input.type);
    const found = of(input.type, body);
    if ('mismatch' in found) return found;
    return { args: [input.type, found.body], returns: found.returns, nullable: input.nullable };
  };

function evalTransformKeys(args: readonly Scalar[], call: Call): Scalar {
  if (args[0] === null) return null;
  const f = lambdaOf(call, 0, args);
  const builder = new MapBuilder(keyArg(call.returns).type);
  for (const [key, value] of entriesOf(args[0])) builder.add(f(key, value), value);
  return builder.finish();
}

/** The keys' common type; null when they have none. */
function commonKey(a: DataType | undefined, b: DataType | undefined): DataType | undefined {
  return commonElement(keyArg(a).type, keyArg(b).type);
}

function resolveZip(args: readonly ArgType[]): Resolved {
  const [left, right, body] = args;
  if (left === undefined || right === undefined || body === undefined || args.length !== 3) {
    return wrongCount(args.length, 3, 3);
  }
  const wrong = [left, right].findIndex((arg) => !isMap(arg.type));
  if (wrong >= 0) return wrongType(wrong, 'a MAP', (args[wrong] as ArgType).type);
  const key = commonKey(left.type, right.type);
  if (key === undefined) return mismatch('the keys are of different types', 'MAP_ZIP_WITH_DIFF_TYPES');
  return {
    args: [{ ...(left.type as MapType), key }, { ...(right.type as MapType), key }, body.type],
    returns: mapType(key, body.type, body.nullable),
    nullable: left.nullable || right.nullable,
  };
}

/** The keys of both maps in the order they come; a value that one map does not have is null. */
function evalZip(args: readonly Scalar[], call: Call): Scalar {
  if (args[0] === null || args[1] === null) return null;
  const f = lambdaOf(call, 0, args);
  const identity = identityOf(keyArg(call.returns).type);
  const pairs = new Map<unknown, [Scalar, Scalar, Scalar]>();
  for (const [key, value] of entriesOf(args[0])) pairs.set(identity(key), [key, value, null]);
  for (const [key, value] of entriesOf(args[1])) {
    const known = pairs.get(identity(key));
    if (known === undefined) pairs.set(identity(key), [key, null, value]);
    else known[2] = value;
  }
  return { entries: [...pairs.values()].map(([key, a, b]) => [key, f(key, a, b)] as const) };
}

const higherOrder = { nulls: 'custom', compiled: 'lambda functions are run by JS over decoded values' } as const;

export const lambdaMapFunctions = {
  /** The entries for which the lambda function holds. */
  mapFilter: scalar({
    name: 'mapFilter',
    sql: ['map_filter'],
    summary: 'The entries for which the condition on key and value is true.',
    resolve: resolveOver((map, body) =>
      isCondition(body.type)
        ? { body: booleanType, returns: map }
        : wrongType(1, 'a lambda function that gives a BOOLEAN', body.type),
    ),
    lambda: overEntries,
    ...higherOrder,
    eval: (args, call) => {
      if (args[0] === null) return null;
      const f = lambdaOf(call, 0, args);
      return { entries: entriesOf(args[0]).filter(([key, value]) => f(key, value) === true) };
    },
    examples: [['map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v)', '{1 -> 0, 3 -> -1}']],
  }),
  /** The map with other keys. */
  transformKeys: scalar({
    name: 'transformKeys',
    sql: ['transform_keys'],
    summary: 'The map under the keys the lambda function gives for key and value; a null or doubled key is an error.',
    resolve: resolveOver(
      (map, body) =>
        badMapKey(body.type) ?? { body: body.type, returns: mapType(body.type, map.value, map.valueContainsNull) },
    ),
    lambda: overEntries,
    ...higherOrder,
    fails: true,
    eval: evalTransformKeys,
    examples: [
      ['transform_keys(map_from_arrays(array(1, 2, 3), array(1, 2, 3)), (k, v) -> k + 1)', '{2 -> 1, 3 -> 2, 4 -> 3}'],
    ],
  }),
  /** The map with other values. */
  transformValues: scalar({
    name: 'transformValues',
    sql: ['transform_values'],
    summary: 'The map with the values the lambda function gives for key and value.',
    resolve: resolveOver((map, body) => ({ body: body.type, returns: mapType(map.key, body.type, body.nullable) })),
    lambda: overEntries,
    ...higherOrder,
    eval: (args, call) => {
      if (args[0] === null) return null;
      const f = lambdaOf(call, 0, args);
      return { entries: entriesOf(args[0]).map(([key, value]) => [key, f(key, value)] as const) };
    },
    examples: [
      [
        'transform_values(map_from_arrays(array(1, 2, 3), array(1, 2, 3)), (k, v) -> v + 1)',
        '{1 -> 2, 2 -> 3, 3 -> 4}',
      ],
    ],
  }),
  /** Two maps, key by key. */
  mapZipWith: scalar({
    name: 'mapZipWith',
    sql: ['map_zip_with'],
    summary: 'For each key of either map what the lambda function gives for key and both values, null where missing.',
    resolve: resolveZip,
    lambda: (at, args) => {
      if (at !== 2) return undefined;
      const key = commonKey(args[0]?.type, args[1]?.type) ?? NOTHING;
      return given({ type: key, nullable: false }, valueArg(args[0]?.type, true), valueArg(args[1]?.type, true));
    },
    ...higherOrder,
    eval: evalZip,
    examples: [
      ["map_zip_with(map(1, 'a', 2, 'b'), map(1, 'x', 2, 'y'), (k, v1, v2) -> concat(v1, v2))", '{1 -> ax, 2 -> by}'],
    ],
  }),
};
