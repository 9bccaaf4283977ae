import { booleanType, type DataType, type Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { type Comparison, comparesInWasm, pushComparison } from './compare-emit.js';
import { compareScalars, compareTyped } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Range, type Resolution, scalar } from './define.js';
import { anyNull, part, pushNull, takeBoolean, value, widen } from './emit.js';
import { emitIn } from './in-emit.js';
import {
  commonTypeOf,
  comparableType,
  isOrderable,
  noCommonType,
  sameTypes,
  withoutOrder,
  wrongCount,
  wrongType,
} from './signature.js';
import type { Emitter, Value } from './value.js';

type Resolved = Resolution | Mismatch;

/** Both operands to their common type; decimals stay as they are, whatever their scales. */
function resolveComparison(args: readonly ArgType[]): Resolved {
  const [a, b] = args;
  if (a === undefined || b === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  return pairOf(a, b, args);
}

const NO_ORDER = 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE';

function pairOf(a: ArgType, b: ArgType, args: readonly ArgType[]): Resolved {
  if (a.type.kind === 'decimal' && b.type.kind === 'decimal') return { args: [a.type, b.type], returns: booleanType };
  const common = comparableType(a.type, b.type);
  if (common === undefined) return noCommonType(args);
  if (!isOrderable(common)) return { ...wrongType(0, 'a type that can be compared', common), code: NO_ORDER };
  return { args: [common, common], returns: booleanType };
}

const holds = (op: Comparison, order: number): boolean => {
  switch (op) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
  }
};

const evalComparison =
  (op: Comparison) =>
  ([a, b]: readonly Scalar[], { argTypes }: Call): boolean =>
    holds(op, compareTyped(a as Scalar, argTypes[0] as DataType, b as Scalar, argTypes[1] as DataType));

const emitComparison =
  (op: Comparison) =>
  (e: Emitter, args: readonly Value[], call: Call): Value | undefined => {
    const [a, b] = args as [Value, Value];
    if (!comparesInWasm(a.type)) return undefined;
    // A constant on the left of an equality is put on the right.
    if ((op === 'eq' || op === 'ne') && call.literals[0] !== undefined)
      pushComparison(e, op, b, a, call.literals[0] ?? undefined);
    else pushComparison(e, op, a, b, call.literals[1] ?? undefined);
    return takeBoolean(e);
  };

const comparison = {
  resolve: resolveComparison,
  nulls: 'propagate',
  narrow: true,
} as const;

function emitNullSafe(e: Emitter, args: readonly Value[], call: Call): Value | undefined {
  const [a, b] = args as [Value, Value];
  if (!comparesInWasm(a.type)) return undefined;
  pushComparison(e, 'eq', a, b, call.literals[1] ?? undefined);
  const { code } = e;
  const either = anyNull(e, [a, b]);
  if (either === undefined) return takeBoolean(e);
  // Equal and neither null, or both null.
  code.get(either).op('i32.gt_u');
  pushNull(e, a);
  pushNull(e, b);
  code.op('i32.and').op('i32.or');
  return takeBoolean(e);
}

function resolveIn(args: readonly ArgType[]): Resolved {
  if (args.length < 2) return wrongCount(args.length, 2, Number.POSITIVE_INFINITY);
  const nothing: DataType = { kind: 'null' };
  const common = args.reduce<DataType | undefined>((type, arg) => type && comparableType(type, arg.type), nothing);
  if (common === undefined) return noCommonType(args);
  if (!isOrderable(common)) return wrongType(0, 'a type that can be compared', common);
  return { args: args.map(() => common), returns: booleanType };
}

function evalIn([x, ...items]: readonly Scalar[], { argTypes }: Call): Scalar {
  if (x === null || x === undefined) return null;
  const type = argTypes[0] as DataType;
  let result: Scalar = false;
  for (const item of items) {
    if (item === null) result = null;
    else if (compareScalars(type, x, item) === 0) return true;
  }
  return result;
}

function resolveBetween(args: readonly ArgType[]): Resolved {
  if (args.length !== 3) return wrongCount(args.length, 3, 3);
  const common = commonTypeOf(args.map((arg) => arg.type));
  if (common === undefined) return noCommonType(args);
  if (!isOrderable(common)) return withoutOrder(0, common);
  return { args: args.map(() => common), returns: booleanType };
}

function evalBetween([x, low, high]: readonly Scalar[], { argTypes }: Call): Scalar {
  const type = argTypes[0] as DataType;
  const compare = (a: Scalar | undefined, b: Scalar | undefined): boolean | null =>
    a === null || b === null ? null : compareScalars(type, a as Scalar, b as Scalar) <= 0;
  const [above, below] = [compare(low, x), compare(x, high)];
  if (above === false || below === false) return false;
  return above === null || below === null ? null : true;
}

function emitBetween(e: Emitter, args: readonly Value[]): Value | undefined {
  const [x, low, high] = args as [Value, Value, Value];
  if (!comparesInWasm(x.type)) return undefined;
  const { code } = e;
  const [above, below] = [code.local('i32'), code.local('i32')];
  pushComparison(e, 'le', low, x);
  code.set(above);
  pushComparison(e, 'le', x, high);
  code.set(below);
  const isNull = anyNull(e, args);
  code.get(above).get(below).op('i32.and');
  if (isNull === undefined || (low.isNull === undefined && high.isNull === undefined)) return takeBoolean(e, isNull);
  const result = takeBoolean(e);
  // Null unless one comparison is known to be false.
  const flag = code.local('i32');
  pushKnownFalse(e, above, anyNull(e, [x, low]));
  pushKnownFalse(e, below, anyNull(e, [x, high]));
  code.op('i32.or').op('i32.eqz').get(isNull).op('i32.and').set(flag);
  code.get(part(result)).get(flag).op('i32.gt_u');
  return takeBoolean(e, flag);
}

function pushKnownFalse(e: Emitter, holdsLocal: Local, isNull: Value['isNull']): void {
  e.code.get(holdsLocal).op('i32.eqz');
  if (isNull !== undefined) e.code.get(isNull).op('i32.eqz').op('i32.and');
}

const evalExtreme =
  (sign: 1 | -1) =>
  (args: readonly Scalar[], { returns }: Call): Scalar =>
    args.reduce<Scalar>(
      (best, arg) => (arg === null || (best !== null && sign * compareScalars(returns, arg, best) <= 0) ? best : arg),
      null,
    );

/** greatest (1) and least (-1): nulls are skipped. */
const emitExtreme =
  (sign: 1 | -1) =>
  (e: Emitter, args: readonly Value[], call: Call): Value | undefined => {
    if (!comparesInWasm(call.returns)) return undefined;
    const [first, ...rest] = args.map((arg) => widen(e, arg)) as [Value, ...Value[]];
    return rest.reduce((best, next) => emitBetter(e, best, next, sign), first);
  };

function emitBetter(e: Emitter, best: Value, next: Value, sign: 1 | -1): Value {
  const { code } = e;
  pushComparison(e, sign === 1 ? 'gt' : 'lt', next, best);
  if (best.isNull !== undefined) code.get(best.isNull).op('i32.or');
  if (next.isNull !== undefined) code.get(next.isNull).op('i32.gt_u');
  const better = code.local('i32');
  code.set(better);
  const out = e.newParts(best.carrier);
  for (const [i, local] of out.entries()) {
    code.get(part(next, i)).get(part(best, i)).get(better).select().set(local);
  }
  let isNull: Value['isNull'];
  if (best.isNull !== undefined && next.isNull !== undefined) {
    isNull = code.local('i32');
    code.get(best.isNull).get(next.isNull).op('i32.and').set(isNull);
  }
  return value(best.type, best.carrier, out, isNull);
}

/** Nulls are skipped, so the result may be any of the arguments. */
function extremeRange(ranges: readonly (Range | undefined)[], call: Call): Range | undefined {
  if (call.returns.kind.startsWith('float') || ranges.some((range) => range === undefined)) return undefined;
  return (ranges as readonly Range[]).reduce((a, b) => [a[0] < b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]]);
}

const extremeResolve = (args: readonly ArgType[], settings: { readonly ansi: boolean }): Resolved => {
  const kinds = args.map((arg) => arg.type.kind).filter((kind) => kind !== 'null');
  // Unlike elsewhere, strings are not promoted to the other arguments' type.
  if (kinds.includes('string') && kinds.some((kind) => kind !== 'string')) return noCommonType(args);
  const resolution = sameTypes(2)(args, settings);
  if ('mismatch' in resolution) return resolution;
  if (!isOrderable(resolution.returns)) return withoutOrder(0, resolution.returns);
  return { ...resolution, nullable: args.every((arg) => arg.nullable) };
};

export const compareFunctions = {
  /** Whether two values are equal. */
  eq: scalar({
    ...comparison,
    name: 'eq',
    sql: ['=', '=='],
    summary: 'Whether two values are equal; NaN equals NaN.',
    eval: evalComparison('eq'),
    emit: emitComparison('eq'),
    examples: [
      ['1 = 1.0', 'true'],
      ["'a' = 'b'", 'false'],
      ['null = 1', null],
    ],
  }),
  /** Whether two values differ. */
  ne: scalar({
    ...comparison,
    name: 'ne',
    sql: ['!=', '<>'],
    summary: 'Whether two values differ.',
    eval: evalComparison('ne'),
    emit: emitComparison('ne'),
    examples: [['1 <> 2', 'true']],
  }),
  /** Whether the first value is less than the second. */
  lt: scalar({
    ...comparison,
    name: 'lt',
    sql: ['<'],
    summary: 'Whether the first value is less than the second; text by its UTF-8 bytes, NaN greatest.',
    eval: evalComparison('lt'),
    emit: emitComparison('lt'),
    examples: [["'a' < 'b'", 'true']],
  }),
  /** Whether the first value is at most the second. */
  le: scalar({
    ...comparison,
    name: 'le',
    sql: ['<='],
    summary: 'Whether the first value is at most the second.',
    eval: evalComparison('le'),
    emit: emitComparison('le'),
    examples: [['2 <= 2', 'true']],
  }),
  /** Whether the first value is greater than the second. */
  gt: scalar({
    ...comparison,
    name: 'gt',
    sql: ['>'],
    summary: 'Whether the first value is greater than the second.',
    eval: evalComparison('gt'),
    emit: emitComparison('gt'),
    examples: [["double('NaN') > 1", 'true']],
  }),
  /** Whether the first value is at least the second. */
  ge: scalar({
    ...comparison,
    name: 'ge',
    sql: ['>='],
    summary: 'Whether the first value is at least the second.',
    eval: evalComparison('ge'),
    emit: emitComparison('ge'),
    examples: [['2 >= 3', 'false']],
  }),
  /** Equality that takes null for a value: never null. */
  eqNullSafe: scalar({
    name: 'eqNullSafe',
    sql: ['<=>', 'equal_null'],
    summary: 'Equality that takes null for a value like any other: never null.',
    resolve: (args) => {
      const resolution = resolveComparison(args);
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false };
    },
    nulls: 'custom',
    narrow: true,
    eval: (args, call) =>
      args[0] === null || args[1] === null ? args[0] === args[1] : evalComparison('eq')(args, call),
    emit: emitNullSafe,
    examples: [
      ['null <=> null', 'true'],
      ['1 <=> null', 'false'],
    ],
  }),
  /** Whether a value is one of several. */
  isin: scalar({
    name: 'isin',
    sql: ['in'],
    summary: 'Whether a value is one of several; null when it is not found and one of them is null.',
    resolve: resolveIn,
    nulls: 'custom',
    narrow: true,
    eval: evalIn,
    emit: (e, args, call) => (comparesInWasm((args[0] as Value).type) ? emitIn(e, args, call.literals) : undefined),
    examples: [
      ['2 in (1, 2, 3)', 'true'],
      ['4 in (1, null)', null],
    ],
  }),
  /** Whether a value lies between two others, both included. */
  between: scalar({
    name: 'between',
    sql: ['between'],
    summary: 'Whether a value lies between two others, both included.',
    resolve: resolveBetween,
    nulls: 'custom',
    narrow: true,
    eval: evalBetween,
    emit: emitBetween,
    examples: [['2 between 1 and 3', 'true']],
  }),
  /** The greatest of several values, nulls skipped. */
  greatest: scalar({
    name: 'greatest',
    sql: ['greatest'],
    summary: 'The greatest of several values; nulls are skipped, NaN is greatest.',
    resolve: extremeResolve,
    nulls: 'custom',
    range: extremeRange,
    eval: evalExtreme(1),
    emit: emitExtreme(1),
    examples: [['greatest(10, 9, null, 4)', '10']],
  }),
  /** The least of several values, nulls skipped. */
  least: scalar({
    name: 'least',
    sql: ['least'],
    summary: 'The least of several values; nulls are skipped.',
    resolve: extremeResolve,
    nulls: 'custom',
    range: extremeRange,
    eval: evalExtreme(-1),
    emit: emitExtreme(-1),
    examples: [['least(10, 9, null, 4)', '4']],
  }),
};
