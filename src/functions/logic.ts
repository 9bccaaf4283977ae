import { booleanType, type Scalar } from '../base/index.js';
import { type ArgType, type Mismatch, type Resolution, scalar, type TypingSettings } from './define.js';
import { part, takeBoolean, value } from './emit.js';
import { anyBoolean, type Param, takes } from './implicit.js';
import type { Emitter, Thunk, Value } from './value.js';

/**
 * AND (`decisive` false) and OR (`decisive` true) with three values: a decisive operand decides, otherwise null
 * wins. The right operand is evaluated only when the left one does not decide, or when that costs nothing.
 */
function emitConnective(e: Emitter, [a, b]: readonly Thunk[], decisive: boolean): Value {
  const left = (a as Thunk)();
  if ((b as Thunk).cheap) return combine(e, left, (b as Thunk)(), decisive);
  const { code } = e;
  const result = code.local('i32');
  const isNull = left.isNull === undefined && !(b as Thunk).nullable ? undefined : code.local('i32');
  code.i32(decisive ? 1 : 0).set(result);
  if (isNull !== undefined) code.i32(0).set(isNull);
  pushDecides(e, left, decisive);
  code.op('i32.eqz').if(() => {
    e.scoped(() => {
      const both = combine(e, left, (b as Thunk)(), decisive);
      code.get(part(both)).set(result);
      if (isNull !== undefined && both.isNull !== undefined) code.get(both.isNull).set(isNull);
    });
  });
  return value(booleanType, 'i32', [result], isNull);
}

/** Pushes whether an operand decides the result: false for AND, true for OR, and not null. */
function pushDecides(e: Emitter, v: Value, decisive: boolean): void {
  const { code } = e;
  code.get(part(v));
  if (decisive) {
    if (v.isNull !== undefined) code.get(v.isNull).op('i32.gt_u');
  } else {
    if (v.isNull !== undefined) code.get(v.isNull).op('i32.or');
    code.op('i32.eqz');
  }
}

function combine(e: Emitter, a: Value, b: Value, decisive: boolean): Value {
  const { code } = e;
  const operator = decisive ? 'i32.or' : 'i32.and';
  if (a.isNull === undefined && b.isNull === undefined) {
    code.get(part(a)).get(part(b)).op(operator);
    return takeBoolean(e);
  }
  const decided = code.local('i32');
  const isNull = code.local('i32');
  pushDecides(e, a, decisive);
  pushDecides(e, b, decisive);
  code.op('i32.or').set(decided);
  if (a.isNull === undefined || b.isNull === undefined)
    code.get((a.isNull ?? b.isNull) as NonNullable<Value['isNull']>);
  else code.get(a.isNull).get(b.isNull).op('i32.or');
  code.get(decided).op('i32.gt_u').set(isNull);
  code.get(decided);
  if (!decisive) code.op('i32.eqz');
  return takeBoolean(e, isNull);
}

const truth: Param = {
  wants: 'a boolean',
  accept: (type) => (type.kind === 'boolean' || type.kind === 'null' ? booleanType : undefined),
};

/** A string is a condition only beside a boolean. */
function resolveConnective(args: readonly ArgType[], { ansi }: TypingSettings): Resolution | Mismatch {
  const hasText = args.some(({ type }) => type.kind === 'string');
  if (!ansi && hasText && args.some(({ type }) => type.kind === 'boolean')) {
    return { mismatch: 'the operands must be boolean', code: 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES' };
  }
  const isText = args.length === 2 && args.every(({ type }) => type.kind === 'string' || type.kind === 'null');
  if (isText && hasText) {
    return { mismatch: 'the operands must be boolean', code: 'DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE' };
  }
  return takes([anyBoolean, anyBoolean], booleanType)(args, { ansi: true });
}

const evalConnective =
  (decisive: boolean) =>
  ([a, b]: readonly (() => Scalar)[]): Scalar => {
    const left = a?.() ?? null;
    if (left === decisive) return left;
    const right = b?.() ?? null;
    if (right === decisive) return right;
    return left === null || right === null ? null : !decisive;
  };

const eager =
  (decisive: boolean) =>
  (args: readonly Scalar[]): Scalar =>
    evalConnective(decisive)(args.map((arg) => () => arg));

export const logicFunctions = {
  /** Both are true. */
  and: scalar({
    name: 'and',
    sql: ['and'],
    summary:
      'True when both are; false when one is false, also where the other is null. The second is not evaluated when the first is false.',
    resolve: resolveConnective,
    nulls: 'custom',
    lazy: true,
    eval: eager(false),
    evalLazy: evalConnective(false),
    emitLazy: (e, args) => emitConnective(e, args, false),
    examples: [
      ['true and null', null],
      ['false and null', 'false'],
    ],
  }),
  /** At least one is true. */
  or: scalar({
    name: 'or',
    sql: ['or'],
    summary: 'True when one is, also where the other is null. The second is not evaluated when the first is true.',
    resolve: resolveConnective,
    nulls: 'custom',
    lazy: true,
    eval: eager(true),
    evalLazy: evalConnective(true),
    emitLazy: (e, args) => emitConnective(e, args, true),
    examples: [
      ['true or null', 'true'],
      ['false or null', null],
    ],
  }),
  /** True for false, false for true. */
  not: scalar({
    name: 'not',
    sql: ['not', '!'],
    summary: 'True for false, false for true.',
    resolve: (args, settings) => takes([settings.ansi ? anyBoolean : truth], booleanType)(args, settings),
    nulls: 'propagate',
    narrow: true,
    eval: ([a]) => a !== true,
    emit: (e, [a]) => {
      e.code.get(part(a as Value)).op('i32.eqz');
      return takeBoolean(e);
    },
    examples: [
      ['not true', 'false'],
      ['not null', null],
    ],
  }),
};
