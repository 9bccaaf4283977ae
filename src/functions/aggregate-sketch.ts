import { type DataType, int64Type, isNumeric, type Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { storeZero } from './aggregate-emit.js';
import type { AggregateFunction, ArgType, Call, Mismatch, Resolution } from './define.js';
import { part, value, widen } from './emit.js';
import { hashFunctions } from './hash.js';
import { addHash, estimate, precisionFor, type Registers } from './hyperloglog.js';
import { wrongCount, wrongType } from './signature.js';
import type { Emitter, StateAccess, Value } from './value.js';

const DEVIATION = 0.05;
const MOST_DEVIATION = 0.39;

type Resolved = (Resolution & { readonly state: readonly DataType[] }) | Mismatch;

/** State: the address of one byte a register; 0 before the first value. */
function resolveDistinct(args: readonly ArgType[]): Resolved {
  const [x, deviation] = args;
  if (x === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  if (deviation !== undefined) {
    if (!isNumeric(deviation.type)) return wrongType(1, 'a number', deviation.type);
    if (deviation.literal === undefined || deviation.literal === null)
      return { mismatch: 'argument 2 must be a constant', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
    const scale = deviation.type.kind === 'decimal' ? deviation.type.scale : 0;
    const share = Number(deviation.literal) / 10 ** scale;
    if (!(share > 0 && share <= MOST_DEVIATION))
      return {
        mismatch: `a relative deviation is at most ${MOST_DEVIATION}`,
        code: 'FAILED_FUNCTION_CALL',
      };
  }
  const types = deviation === undefined ? [x.type] : [x.type, deviation.type];
  return { args: types, returns: int64Type, nullable: false, state: [{ kind: 'int32' }] };
}

function precisionOf(call: Call): number {
  const type = call.argTypes[1];
  const literal = call.literals[1];
  if (type === undefined || literal === undefined) return precisionFor(DEVIATION);
  return Math.min(18, Math.max(4, precisionFor(Number(literal) / (type.kind === 'decimal' ? 10 ** type.scale : 1))));
}

const hashCall = (call: Call): Call => ({
  fn: 'xxhash64',
  argTypes: [call.argTypes[0] as DataType],
  literals: [undefined],
  returns: int64Type,
  settings: call.settings,
});

const registersOf = (state: readonly Scalar[]): Registers => state[0] as unknown as Registers;

/** Registers of their own when there are none yet. */
function emitRegisters(e: Emitter, state: StateAccess, precision: number): Local {
  const { code } = e;
  const address = code.local('i32');
  code
    .get(part(state.load(0)))
    .tee(address)
    .op('i32.eqz')
    .if(() => {
      const length = code.local('i32');
      code.i32(2 ** precision).set(length);
      const scratch = e.allocBytes(length);
      code.get(scratch).i32(0).get(length).op('memory.fill');
      code.get(state.keep(scratch, length)).set(address);
      state.store(0, [address]);
    });
  return address;
}

/** Raises the byte at `at` to `rank`. */
function emitRaise(e: Emitter, at: Local, rank: Local): void {
  const { code } = e;
  code
    .get(rank)
    .get(at)
    .op('i32.load8_u', 0)
    .op('i32.gt_u')
    .if(() => void code.get(at).get(rank).op('i32.store8', 0));
}

function emitUpdate(e: Emitter, state: StateAccess, v: Value, call: Call): void {
  const precision = precisionOf(call);
  const { code } = e;
  const body = (): void => {
    const hash = part(e.js(hashCall(call), [widen(e, v)]));
    const registers = emitRegisters(e, state, precision);
    const [at, rank] = [code.local('i32'), code.local('i32')];
    code
      .get(hash)
      .i64(64 - precision)
      .op('i64.shr_u')
      .op('i32.wrap_i64')
      .get(registers)
      .op('i32.add')
      .set(at);
    code
      .get(hash)
      .i64(precision)
      .op('i64.shl')
      .i64(1n << BigInt(precision - 1))
      .op('i64.or')
      .op('i64.clz');
    code.op('i32.wrap_i64').i32(1).op('i32.add').set(rank);
    emitRaise(e, at, rank);
  };
  if (v.isNull === undefined) body();
  else
    code
      .get(v.isNull)
      .op('i32.eqz')
      .if(() => e.scoped(body));
}

function emitMerge(e: Emitter, state: StateAccess, other: Local, call: Call): void {
  const precision = precisionOf(call);
  const { code } = e;
  code.get(other).if(() => {
    const registers = emitRegisters(e, state, precision);
    const [i, size, at, rank] = ['i32', 'i32', 'i32', 'i32'].map((type) => code.local(type as 'i32')) as [
      Local,
      Local,
      Local,
      Local,
    ];
    code.i32(2 ** precision).set(size);
    code.forRange(
      i,
      () => code.i32(0),
      size,
      () => {
        code.get(other).get(i).op('i32.add').op('i32.load8_u', 0).set(rank);
        code.get(registers).get(i).op('i32.add').set(at);
        emitRaise(e, at, rank);
      },
    );
  });
}

export const sketchAggregates: Readonly<Record<'approxCountDistinct', AggregateFunction>> = {
  approxCountDistinct: {
    kind: 'aggregate',
    name: 'approxCountDistinct',
    sql: ['approx_count_distinct'],
    summary:
      'About how many different values there are (HyperLogLog++); the second argument is the relative deviation, 0.05 if left out.',
    examples: [['approx_count_distinct(col1) from values (1), (1), (2), (2), (3) as tab(col1)', '3']],
    resolve: resolveDistinct,
    eval: {
      init: (call) => {
        const precision = precisionOf(call);
        return [{ precision, bytes: new Uint8Array(2 ** precision) } as unknown as Scalar];
      },
      update: (state, [x], call) => {
        if (x === null || x === undefined) return;
        addHash(registersOf(state), hashFunctions.xxhash64.eval([x], hashCall(call)) as bigint);
      },
      merge: (state, other) => {
        const [mine, theirs] = [registersOf(state).bytes, registersOf(other).bytes];
        for (let i = 0; i < theirs.length; i++) mine[i] = Math.max(mine[i] as number, theirs[i] as number);
      },
      finish: (state) => estimate(registersOf(state)),
    },
    emit: {
      init: (e, state) => storeZero(e, state, 0),
      update: (e, state, args, call) => emitUpdate(e, state, args[0] as Value, call),
      merge: (e, state, other, call) => emitMerge(e, state, part(other[0] as Value), call),
      finish: (e, [address], call) => {
        const [start, length] = [part(address as Value), e.code.local('i32')];
        e.code
          .i32(2 ** precisionOf(call))
          .i32(0)
          .get(start)
          .select()
          .set(length);
        const inner: Call = {
          ...call,
          fn: 'approxCountDistinct',
          argTypes: [{ kind: 'binary' }],
          literals: [undefined],
          collected: call,
        };
        return e.js(inner, [value({ kind: 'binary' }, 'bytes', [start, length])]);
      },
    },
    stateBytes: (memory, [address], call) => {
      const start = (address as number) >>> 0;
      return start === 0 ? new Uint8Array() : memory.slice(start, start + 2 ** precisionOf(call));
    },
    finishBytes: (bytes, call) => (bytes.length === 0 ? 0n : estimate({ precision: precisionOf(call), bytes })),
  },
};
