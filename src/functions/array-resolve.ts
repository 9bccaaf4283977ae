import { arrayType, booleanType, type DataType, int32Type, isInteger, type Scalar } from '../base/index.js';
import { isOnFor } from './asked-settings.js';
import { comparesInWasm, pushComparison } from './compare-emit.js';
import type { ArgType, Call, Mismatch, Resolution } from './define.js';
import { part as localOf, value } from './emit.js';
import { argument } from './emit-parts.js';
import { zeroIndex } from './nested-access.js';
import { emitArrayPlaces, emitElement } from './nested-emit.js';
import { checkArrayLength, commonElement, elementOf, isArray, items, mismatch } from './nested-values.js';
import { isOrderable, wrongCount, wrongType } from './signature.js';
import type { Emitter, Value } from './value.js';

type Resolved = Resolution | Mismatch;

const differentTypes = mismatch('array and element are of different types', 'ARRAY_FUNCTION_DIFF_TYPES');

/** An array and a value to look for among its elements: both get their common type. */
export const resolveWithElement =
  (returns: DataType | ((list: DataType) => DataType), forNull = 'ARRAY_FUNCTION_DIFF_TYPES') =>
  (args: readonly ArgType[]): Resolved => {
    const [list, wanted] = args;
    if (list === undefined || wanted === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
    if (!isArray(list.type))
      return mismatch(
        'the first argument is no array',
        list.type.kind === 'null' ? forNull : 'ARRAY_FUNCTION_DIFF_TYPES',
      );
    const common = commonElement(list.type.element, wanted.type);
    if (common === undefined) return differentTypes;
    if (!isOrderable(common)) return mismatch('the elements cannot be compared', 'INVALID_ORDERING_TYPE');
    const array = arrayType(common, list.type.containsNull);
    return {
      args: [array, common],
      returns: typeof returns === 'function' ? returns(array) : returns,
    };
  };

/** array_contains does not know whether it has the element when it has a null. */
export function resolveContains(args: readonly ArgType[]): Resolved {
  const [list, wanted] = args;
  if (wanted?.type.kind === 'null') return mismatch('the element is NULL', 'NULL_TYPE');
  const resolution = resolveWithElement(booleanType, 'NULL_TYPE')(args);
  if ('mismatch' in resolution || list === undefined || wanted === undefined) return resolution;
  const containsNull = isArray(list.type) && list.type.containsNull;
  return { ...resolution, nullable: list.nullable || wanted.nullable || containsNull };
}

/** An array and a further element. */
export function resolveAppend(args: readonly ArgType[]): Resolved {
  const [list, added] = args;
  if (list === undefined || added === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (!isArray(list.type)) return wrongType(0, 'an ARRAY', list.type);
  const common = commonElement(list.type.element, added.type);
  if (common === undefined) return differentTypes;
  const array = arrayType(common, list.type.containsNull || added.nullable);
  return { args: [array, common], returns: array, nullable: list.nullable };
}

function resolveInsert(args: readonly ArgType[]): Resolved {
  const [list, position, added] = args;
  if (list === undefined || position === undefined || added === undefined || args.length !== 3) {
    return wrongCount(args.length, 3, 3);
  }
  if (!isArray(list.type)) return mismatch('the first argument is no array', 'ARRAY_FUNCTION_DIFF_TYPES');
  if (!isInteger(position.type) || position.type.kind === 'int64') return wrongType(1, 'an INT', position.type);
  const common = commonElement(list.type.element, added.type);
  if (common === undefined) return differentTypes;
  const array = arrayType(common, true);
  return { args: [array, int32Type, common], returns: array, nullable: list.nullable || position.nullable };
}

function evalInsert([list, position, added]: readonly Scalar[], call: Call): Scalar {
  if (list === null || position === null) return null;
  const at = position as number;
  if (at === 0) throw zeroIndex();
  const old = items(list);
  const value = added ?? null;
  const fill = (count: number): Scalar[] => {
    checkArrayLength(old.length + count + 1, 'array_insert');
    return new Array<Scalar>(count).fill(null);
  };
  if (at > 0) {
    if (at > old.length) return [...old, ...fill(at - 1 - old.length), value];
    return [...old.slice(0, at - 1), value, ...old.slice(at - 1)];
  }
  const before = old.length + at + (isOnFor(call, 'spark.sql.legacy.negativeIndexInArrayInsert') ? 0 : 1);
  if (before >= 0) return [...old.slice(0, before), value, ...old.slice(before)];
  return [value, ...fill(-before), ...old];
}

/** array_insert. */
export const arrayWith = { resolve: resolveInsert, nulls: 'custom', fails: true, eval: evalInsert } as const;

/** Looks for a value among elements that compiled code can compare. */
export function emitContains(e: Emitter, args: readonly Value[], call: Call): Value | undefined {
  const [list, wanted] = [argument(args, 0), argument(args, 1)];
  const element = elementOf(list.type);
  if (!comparesInWasm(element)) return undefined;
  const { code } = e;
  const places = emitArrayPlaces(e, localOf(list));
  const found = code.local('i32');
  const unknown = code.local('i32');
  const i = code.local('i32');
  code.i32(0).set(found).i32(0).set(unknown).i32(0).set(i);
  code.block((done) => {
    code.loop((again) => {
      code.get(i).get(places.count).op('i32.ge_u').brIf(done);
      const item = emitElement(e, element, places, i);
      code.get(item.isNull ?? found).if(
        () => code.i32(1).set(unknown),
        () => {
          e.scoped(() =>
            pushComparison(e, 'eq', { ...item, isNull: undefined }, wanted, call.literals[1] ?? undefined),
          );
          code.set(found);
        },
      );
      code.get(found).brIf(done);
      code.get(i).i32(1).op('i32.add').set(i).br(again);
    });
  });
  const isNull = code.local('i32');
  code.get(unknown).get(found).op('i32.gt_u').set(isNull);
  return value(booleanType, 'i32', [found], isNull);
}
