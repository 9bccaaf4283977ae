import { booleanType, carrierOf, type DataType, isNumeric, type Scalar, sameType } from '../base/index.js';
import { emitCase, emitCoalesce, emitSelect, unionRange } from './branch-emit.js';
import { castScalar } from './cast-eval.js';
import { comparesInWasm, pushComparison } from './compare-emit.js';
import { compareScalars } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Range, type Resolution, scalar } from './define.js';
import { push, pushNull, takeBoolean, value } from './emit.js';
import { anyType, takes } from './implicit.js';
import {
  commonType,
  commonTypeOf,
  comparableType,
  isOrderable,
  noCommonType,
  sameTypes,
  wrongCount,
  wrongType,
} from './signature.js';
import type { Emitter, Thunk, Value } from './value.js';

type Resolved = Resolution | Mismatch;
type Ranges = readonly (Range | undefined)[];

const isCondition = (type: DataType): boolean => type.kind === 'boolean' || type.kind === 'null';

function resolveIf(args: readonly ArgType[], settings: { readonly ansi: boolean }): Resolved {
  if (args.length !== 3) return wrongCount(args.length, 3, 3);
  return resolveWhen(args, settings);
}

/** condition, value, condition, value, …, else. */
function resolveWhen(args: readonly ArgType[], { ansi }: { readonly ansi: boolean } = { ansi: true }): Resolved {
  if (args.length < 2) return wrongCount(args.length, 2, Number.POSITIVE_INFINITY);
  const isValue = (i: number): boolean => i % 2 === 1 || i === args.length - 1;
  const values = args.filter((_, i) => isValue(i));
  const wrong = args.findIndex((arg, i) => !isValue(i) && !isCondition(arg.type));
  if (wrong >= 0) return wrongType(wrong, 'BOOLEAN', (args[wrong] as ArgType).type);
  const common = commonTypeOf(
    values.map((arg) => arg.type),
    ansi,
  );
  if (common === undefined) return noCommonType(values);
  return {
    args: args.map((_, i) => (isValue(i) ? common : booleanType)),
    returns: common,
    nullable: args.length % 2 === 0 || values.some((arg) => arg.nullable),
  };
}

function evalWhen(args: readonly (() => Scalar)[]): Scalar {
  for (let i = 0; i + 1 < args.length; i += 2) {
    if (args[i]?.() === true) return (args[i + 1] as () => Scalar)();
  }
  return args.length % 2 === 1 ? (args.at(-1) as () => Scalar)() : null;
}

function emitWhen(e: Emitter, args: readonly Thunk[], call: Call): Value {
  const branches: [Thunk, Thunk][] = [];
  for (let i = 0; i + 1 < args.length; i += 2) branches.push([args[i] as Thunk, args[i + 1] as Thunk]);
  const otherwise = args.length % 2 === 1 ? args.at(-1) : undefined;
  const [only, ...more] = branches;
  if (
    only !== undefined &&
    more.length === 0 &&
    only[1].cheap &&
    otherwise?.cheap === true &&
    carrierOf(call.returns) !== 'none'
  ) {
    const condition = only[0]();
    return emitSelect(e, call.returns, condition, only[1](), otherwise());
  }
  return emitCase(e, call.returns, branches, otherwise);
}

/** Of the values; a null literal has no range and needs none. */
const whenRange = (ranges: Ranges, { literals }: Call): Range | undefined =>
  unionRange(ranges.filter((_, i) => (i % 2 === 1 || i === ranges.length - 1) && literals[i] !== null));
const anyRange = (ranges: Ranges, { literals }: Call): Range | undefined =>
  unionRange(ranges.filter((_, i) => literals[i] !== null));

const resolveCoalesce = (args: readonly ArgType[], settings: { readonly ansi: boolean }): Resolved => {
  const resolution = sameTypes(1)(args, settings);
  return 'mismatch' in resolution ? resolution : { ...resolution, nullable: args.every((arg) => arg.nullable) };
};

const resolveIfNull = (args: readonly ArgType[], settings: { readonly ansi: boolean }): Resolved =>
  args.length === 2 ? resolveCoalesce(args, settings) : wrongCount(args.length, 2, 2);

function evalCoalesce(args: readonly (() => Scalar)[]): Scalar {
  for (const arg of args) {
    const value = arg();
    if (value !== null) return value;
  }
  return null;
}

function resolveNvl2(args: readonly ArgType[], { ansi }: { readonly ansi: boolean }): Resolved {
  const [a, b, c] = args;
  if (a === undefined || b === undefined || c === undefined || args.length !== 3) return wrongCount(args.length, 3, 3);
  const common = commonType(b.type, c.type, ansi);
  if (common === undefined) return noCommonType([b, c]);
  return { args: [a.type, common, common], returns: common, nullable: b.nullable || c.nullable };
}

function emitNvl2(e: Emitter, args: readonly Thunk[], call: Call): Value {
  const [tested, a, b] = args as [Thunk, Thunk, Thunk];
  const condition: Thunk = Object.assign(
    (): Value => {
      pushNull(e, tested());
      e.code.op('i32.eqz');
      return takeBoolean(e);
    },
    { type: booleanType, nullable: false, range: undefined, cheap: tested.cheap, isNullLiteral: false },
  );
  return emitCase(e, call.returns, [[condition, a]], b);
}

function resolveNullIf(args: readonly ArgType[]): Resolved {
  const [a, b] = args;
  if (a === undefined || b === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  const common = comparableType(a.type, b.type);
  if (common === undefined) return { ...noCommonType(args), code: 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES' };
  if (!isOrderable(common)) return wrongType(0, 'a type that can be compared', common);
  // The result has the type of the first argument, whatever both are compared as.
  return { args: [a.type, b.type], returns: a.type, nullable: true };
}

function equalAsCommon(a: Scalar, b: Scalar, { argTypes, settings }: Call): boolean {
  const [left, right] = argTypes as [DataType, DataType];
  const common = commonType(left, right) ?? left;
  const context = { mode: settings.ansi ? 'ansi' : 'legacy', timeZone: settings.timeZone } as const;
  const [x, y] = [castScalar(a, left, common, context), castScalar(b, right, common, context)];
  return x !== null && y !== null && compareScalars(common, x, y) === 0;
}

function emitNullIf(e: Emitter, args: readonly Value[], call: Call): Value | undefined {
  const [a, b] = args as [Value, Value];
  if (!sameType(a.type, b.type) || !comparesInWasm(a.type)) return undefined;
  const { code } = e;
  pushComparison(e, 'eq', a, b, call.literals[1] ?? undefined);
  if (b.isNull !== undefined) code.get(b.isNull).op('i32.gt_u');
  if (a.isNull !== undefined) code.get(a.isNull).op('i32.or');
  const isNull = code.local('i32');
  code.set(isNull);
  return value(a.type, a.carrier, a.parts, isNull, a.range);
}

const resolveFloat = (args: readonly ArgType[], count: number): DataType | Mismatch => {
  if (args.length !== count) return wrongCount(args.length, count, count);
  const wrong = args.findIndex(({ type }) => !isNumeric(type) && type.kind !== 'null' && type.kind !== 'string');
  if (wrong >= 0) return wrongType(wrong, 'DOUBLE or FLOAT', (args[wrong] as ArgType).type);
  return args.every(({ type }) => type.kind === 'float32') ? { kind: 'float32' } : { kind: 'float64' };
};

function resolveNanvl(args: readonly ArgType[]): Resolved {
  const type = resolveFloat(args, 2);
  return 'mismatch' in type ? type : { args: [type, type], returns: type };
}

function resolveIsNan(args: readonly ArgType[]): Resolved {
  const type = resolveFloat(args, 1);
  return 'mismatch' in type ? type : { args: [type], returns: booleanType, nullable: false };
}

function emitNanvl(e: Emitter, args: readonly Thunk[], call: Call): Value {
  const [a, b] = args as [Thunk, Thunk];
  const first = a();
  const condition: Thunk = Object.assign(
    (): Value => {
      pushNan(e, first);
      if (first.isNull !== undefined) e.code.get(first.isNull).op('i32.gt_u');
      return takeBoolean(e);
    },
    { type: booleanType, nullable: false, range: undefined, cheap: true, isNullLiteral: false },
  );
  const same: Thunk = Object.assign(() => first, {
    type: a.type,
    nullable: a.nullable,
    range: undefined,
    cheap: true,
    isNullLiteral: false,
  });
  return emitCase(e, call.returns, [[condition, b]], same);
}

function pushNan(e: Emitter, v: Value): void {
  push(e, v);
  push(e, v);
  e.code.op(v.carrier === 'f32' ? 'f32.ne' : 'f64.ne');
}

const testNull = { resolve: takes([anyType], booleanType), nulls: 'custom', narrow: true } as const;
const neverNull = (args: readonly ArgType[], settings: { readonly ansi: boolean }): Resolved => {
  const resolution = testNull.resolve(args, settings);
  return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false };
};

export const conditionalFunctions = {
  /** The second argument where the first is true, else the third. */
  if: scalar({
    name: 'if',
    sql: ['if'],
    summary: 'The second argument where the first is true, else the third; only that one is evaluated.',
    resolve: resolveIf,
    nulls: 'custom',
    lazy: true,
    range: whenRange,
    eval: (args) => evalWhen(args.map((arg) => () => arg)),
    evalLazy: evalWhen,
    emitLazy: emitWhen,
    examples: [["if(1 < 2, 'a', 'b')", 'a']],
  }),
  /** CASE: condition, value, condition, value, …, else. */
  when: scalar({
    name: 'when',
    sql: ['when', 'case'],
    summary: 'CASE: the value after the first condition that is true, else the last argument, else null.',
    resolve: resolveWhen,
    nulls: 'custom',
    lazy: true,
    range: whenRange,
    eval: (args) => evalWhen(args.map((arg) => () => arg)),
    evalLazy: evalWhen,
    emitLazy: emitWhen,
    examples: [["case when 1 > 2 then 'a' when 2 > 1 then 'b' else 'c' end", 'b']],
  }),
  /** The first argument that is not null. */
  coalesce: scalar({
    name: 'coalesce',
    sql: ['coalesce'],
    summary: 'The first argument that is not null; later ones are not evaluated.',
    resolve: resolveCoalesce,
    nulls: 'custom',
    lazy: true,
    range: anyRange,
    eval: (args) => evalCoalesce(args.map((arg) => () => arg)),
    evalLazy: evalCoalesce,
    emitLazy: (e, args, call) => emitCoalesce(e, call.returns, args),
    examples: [['coalesce(null, 1, null)', '1']],
  }),
  /** The first argument, or the second where it is null. */
  ifnull: scalar({
    name: 'ifnull',
    sql: ['ifnull', 'nvl'],
    summary: 'The first argument, or the second where the first is null.',
    resolve: resolveIfNull,
    nulls: 'custom',
    lazy: true,
    range: anyRange,
    eval: (args) => evalCoalesce(args.map((arg) => () => arg)),
    evalLazy: evalCoalesce,
    emitLazy: (e, args, call) => emitCoalesce(e, call.returns, args),
    examples: [['ifnull(null, 7)', '7']],
  }),
  /** The second argument where the first is not null, else the third. */
  nvl2: scalar({
    name: 'nvl2',
    sql: ['nvl2'],
    summary: 'The second argument where the first is not null, else the third.',
    resolve: resolveNvl2,
    nulls: 'custom',
    lazy: true,
    range: ([, a, b]) => unionRange([a, b]),
    eval: ([a, b, c]) => (a === null ? (c ?? null) : (b ?? null)),
    evalLazy: ([a, b, c]) => (a?.() === null ? (c as () => Scalar)() : (b as () => Scalar)()),
    emitLazy: emitNvl2,
    examples: [['nvl2(null, 2, 1)', '1']],
  }),
  /** Null where both arguments are equal, else the first. */
  nullif: scalar({
    name: 'nullif',
    sql: ['nullif'],
    summary: 'Null where both arguments are equal, else the first.',
    fails: (call) =>
      call.settings.ansi &&
      call.argTypes.some((type) => type.kind === 'string') &&
      call.argTypes[0]?.kind !== call.argTypes[1]?.kind,
    resolve: resolveNullIf,
    nulls: 'custom',
    narrow: true,
    range: ([a]) => a,
    eval: ([a, b], call) =>
      a !== null && b !== null && equalAsCommon(a as Scalar, b as Scalar, call) ? null : (a ?? null),
    emit: emitNullIf,
    examples: [['nullif(2, 2)', null]],
  }),
  /** The first argument, or the second where it is NaN. */
  nanvl: scalar({
    name: 'nanvl',
    sql: ['nanvl'],
    summary: 'The first argument, or the second where the first is NaN.',
    resolve: resolveNanvl,
    nulls: 'custom',
    lazy: true,
    eval: ([a, b]) => (Number.isNaN(a) ? (b ?? null) : (a ?? null)),
    evalLazy: ([a, b]) => {
      const first = a?.() ?? null;
      return Number.isNaN(first) ? (b as () => Scalar)() : first;
    },
    emitLazy: emitNanvl,
    examples: [["nanvl(cast('NaN' as double), 123)", '123.0']],
  }),
  /** Whether the argument is null. */
  isnull: scalar({
    ...testNull,
    name: 'isnull',
    sql: ['isnull'],
    summary: 'Whether the argument is null; never null itself.',
    resolve: neverNull,
    eval: ([a]) => a === null,
    emit: (e, [a]) => {
      pushNull(e, a as Value);
      return takeBoolean(e);
    },
    examples: [['isnull(null)', 'true']],
  }),
  /** Whether the argument is not null. */
  isnotnull: scalar({
    ...testNull,
    name: 'isnotnull',
    sql: ['isnotnull'],
    summary: 'Whether the argument is not null; never null itself.',
    resolve: neverNull,
    eval: ([a]) => a !== null,
    emit: (e, [a]) => {
      pushNull(e, a as Value);
      e.code.op('i32.eqz');
      return takeBoolean(e);
    },
    examples: [['isnotnull(1)', 'true']],
  }),
  /** Whether the argument is NaN; false for null. */
  isnan: scalar({
    name: 'isnan',
    sql: ['isnan'],
    summary: 'Whether the argument is NaN; false for null.',
    resolve: resolveIsNan,
    nulls: 'custom',
    eval: ([a]) => Number.isNaN(a),
    emit: (e, [a]) => {
      pushNan(e, a as Value);
      const flag = (a as Value).isNull;
      if (flag !== undefined) e.code.get(flag).op('i32.gt_u');
      return takeBoolean(e);
    },
    examples: [["isnan(cast('NaN' as double))", 'true']],
  }),
};
