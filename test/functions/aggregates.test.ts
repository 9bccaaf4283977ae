import '../support/all-functions.js';
import { describe, expect, test } from 'vitest';
import {
  type Carrier,
  carrierOf,
  type DataType,
  integerBounds,
  type Scalar,
  SparrowError,
} from '../../src/base/index.js';
import type { AggregateFunction, Call, Range } from '../../src/functions/define.js';
import { isIntCarrier } from '../../src/functions/emit.js';
import { functions } from '../../src/functions/families/all.js';
import type { Value } from '../../src/functions/value.js';
import type { Local } from '../../src/wasm/index.js';
import {
  Bench,
  type InputColumn,
  memoryState,
  type Outcome,
  sameScalar,
  settings,
  show,
  storeSlot,
} from '../support/expression-harness.js';
import { Random, randomScalar } from '../support/random-scalars.js';
import { type Sample, samplesOf } from '../support/signatures.js';

const ROWS = 24;
const SIGNATURES = 20;

const aggregates = Object.values(functions).filter(
  (entry) => entry.kind === 'aggregate',
) as unknown as AggregateFunction[];

/** Rows from..to of one part each: every part is updated on its own, then all are merged in order. */
type Parts = readonly (readonly [from: number, to: number])[];

function callOf(entry: AggregateFunction, { resolution, literals }: Sample): Call {
  return { fn: entry.name, argTypes: resolution.args, literals, returns: resolution.returns, settings };
}

function interpret(entry: AggregateFunction, call: Call, input: readonly InputColumn[], parts: Parts): Outcome {
  try {
    const states = parts.map(([from, to]) => {
      const state = entry.eval.init(call);
      for (let row = from; row < to; row++)
        entry.eval.update(
          state,
          // Constants are the same in every row.
          input.map((c, i) => call.literals[i] ?? (c.values[row] as Scalar)),
          call,
        );
      return state;
    });
    const total = entry.eval.init(call);
    for (const state of states) entry.eval.merge(total, state, call);
    return { value: entry.eval.finish(total, call) };
  } catch (error) {
    if (!(error instanceof SparrowError)) throw error;
    return { error: true };
  }
}

interface Compiled {
  init(state: number): void;
  reset(state: number): void;
  update(state: number, row: number): void;
  merge(state: number): void;
  finish(state: number): void;
}

function compile(
  entry: AggregateFunction,
  call: Call,
  input: readonly InputColumn[],
  parts: Parts,
  narrow: boolean,
): Outcome {
  const emit = entry.emit;
  if (emit === undefined) return interpret(entry, call, input, parts);
  const resolution = entry.resolve(
    call.argTypes.map((type, i) => argOf(type, call.literals[i])),
    settings,
  );
  if ('mismatch' in resolution) throw new Error(resolution.mismatch);
  const types = resolution.state;
  const ranges = input.map((c) => (narrow ? exactRange(c) : undefined));
  const part = narrow ? entry.narrowState?.(ranges, BigInt(ROWS), call) : undefined;
  const full = types.map(carrierOf);
  const bench = new Bench(input);
  const [partAt, totalAt] = [bench.arena.allocZeroed(24 * 8), bench.arena.allocZeroed(24 * 8)];
  let carrier: Carrier = 'none';
  const define = (name: keyof Compiled, build: (e: ReturnType<Bench['compiler']>, row: Local) => void): void => {
    bench.module.function(name, ['i32', 'i32'], [], (code, state, row) =>
      build(bench.compiler(code, state as Local, row as Local), row as Local),
    );
  };
  const state = (e: { code: Parameters<typeof memoryState>[0] }, at: number, carriers: readonly Carrier[]) =>
    memoryState(e.code, at, types, carriers);
  define('init', (e) => emit.init(e, state(e, partAt, part ?? full), call));
  define('reset', (e) => emit.init(e, state(e, totalAt, full), call));
  define('update', (e) => {
    const args = call.argTypes.map(
      (type, index): Value =>
        call.literals[index] === undefined
          ? e.compile({ kind: 'column', index, type, nullable: true })
          : e.compile({ kind: 'literal', type, value: call.literals[index] as Scalar }),
    );
    emit.update(e, state(e, partAt, part ?? full), args, call);
  });
  define('merge', (e) => {
    const other = state(e, partAt, part ?? full);
    emit.merge(
      e,
      state(e, totalAt, full),
      types.map((_, i) => other.load(i)),
      call,
    );
  });
  define('finish', (e) => {
    const total = state(e, totalAt, full);
    const result = emit.finish(
      e,
      types.map((_, i) => total.load(i)),
      call,
    );
    carrier = result.carrier;
    storeSlot(e.code, bench.slots, result);
  });
  const run = bench.instantiate<Record<keyof Compiled, (state: number, row: number) => void>>();
  run.reset(bench.state, 0);
  for (const [from, to] of parts) {
    run.init(bench.state, 0);
    for (let row = from; row < to; row++) run.update(bench.state, row);
    run.merge(bench.state, 0);
  }
  run.finish(bench.state, 0);
  const outcome: Outcome = bench.failed() ? { error: true } : { value: bench.readSlot(call.returns, carrier) };
  bench.release();
  return outcome;
}

const argOf = (type: DataType, literal: Scalar | undefined) => ({
  type,
  nullable: true,
  ...(literal === undefined ? {} : { literal }),
});

function exactRange({ type, values }: InputColumn): Range | undefined {
  const bounds = integerBounds(type);
  if (bounds === undefined || !isIntCarrier(carrierOf(type))) return undefined;
  const present = values.filter((v) => v !== null).map((v) => BigInt(v as number));
  return [
    present.reduce((a, b) => (b < a ? b : a), present[0] ?? 0n),
    present.reduce((a, b) => (b > a ? b : a), present[0] ?? 0n),
  ];
}

function inputFor(types: readonly DataType[], random: Random, small: boolean, nulls: number): InputColumn[] {
  return types.map((type) => ({
    type,
    nullable: true,
    values: Array.from({ length: ROWS }, () =>
      type.kind === 'null' || random.below(10) < nulls ? null : randomScalar(type, random, small),
    ),
  }));
}

const splits: readonly Parts[] = [
  [[0, ROWS]],
  [
    [0, 5],
    [5, 5],
    [5, ROWS],
  ],
  [[0, 0]],
  [[3, 4]],
];

describe('aggregates, compiled and interpreted', () => {
  test.each(aggregates.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
    const samples = samplesOf(entry, SIGNATURES, 3);
    expect(samples.length).toBeGreaterThan(0);
    for (const [i, sample] of samples.entries()) {
      const call = callOf(entry, sample);
      for (const [nulls, small] of [
        [0, false],
        [3, true],
        [10, true],
        [2, false],
      ] as const) {
        const input = inputFor(call.argTypes, new Random(i * 31 + nulls), small, nulls);
        for (const parts of splits) {
          for (const narrow of [false, true]) {
            const wanted = interpret(entry, call, input, parts);
            const got = compile(entry, call, input, parts, narrow);
            const same =
              'error' in wanted || 'error' in got
                ? 'error' in wanted === 'error' in got
                : sameScalar(wanted.value, got.value);
            if (!same) {
              expect.fail(
                `${show(call)} ${narrow ? 'narrow ' : ''}over ${show(input.map((c) => c.values))} in ${show(parts)}: interpreted ${show(wanted)}, compiled ${show(got)}`,
              );
            }
          }
        }
      }
    }
  });
});
