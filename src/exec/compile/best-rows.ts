import { carrierOf } from '../../base/index.js';
import type { Code, Local } from '../../wasm/index.js';
import type { SinkSpec, StepSpec } from '../task/spec.js';
import type { ColumnForm } from './load.js';
import { type KeyBound, lanesOf, type MaskNode } from './mask-node.js';
import { keyBits } from './sort-key.js';
import { PIPE } from './state-layout.js';

/**
 * A condition that rows meet which may be among the first k by their first key, and few others: it is decided in vectors
 * where what would be left out cannot fail otherwise.
 */
export function planBound(
  sink: SinkSpec,
  steps: readonly StepSpec[],
  taken: ReadonlySet<number>,
  forms: readonly ColumnForm[],
): MaskNode | undefined {
  if (sink.kind !== 'sort' || sink.limit === undefined) return undefined;
  let origin = forms.map((_, i) => i);
  for (const [k, step] of steps.entries()) {
    if (taken.has(k)) continue;
    if (step.kind !== 'project') return undefined;
    const sources = step.exprs.flatMap((expr) => (expr.kind === 'column' ? [origin[expr.index] as number] : []));
    if (sources.length < step.exprs.length) return undefined;
    origin = sources;
  }
  const [key] = sink.keys;
  const [known] = sink.keyColumns;
  if (key?.expr.kind !== 'column' || known === undefined) return undefined;
  if (![...sink.fields, ...sink.keys.map(({ expr }) => expr)].every(({ kind }) => kind === 'column')) return undefined;
  const column = origin[key.expr.index] as number;
  const lanes = lanesOf(forms[column]);
  const { bits, range = wholeRange(carrierOf(known.type)) } = keyBits(known);
  const isFloat = lanes === 'f32' || lanes === 'f64';
  if (lanes === undefined || bits === 0 || bits > 64) return undefined;
  if (isFloat ? known.nullable : range === undefined) return undefined;
  const { descending } = key;
  const bound = { bits, descending, flagged: known.nullable && key.nullsFirst, ...(isFloat ? {} : { range }) };
  const test: MaskNode = { op: 'test', column, lanes, compare: descending ? 'ge' : 'le', other: { bound } };
  return forms[column]?.nullable ? { op: 'or', of: [test, { op: 'null', column }] } : test;
}

const wholeRange = (carrier: string): readonly [bigint, bigint] | undefined =>
  carrier === 'i32' ? spanOf(32) : carrier === 'i64' ? spanOf(64) : undefined;

const spanOf = (bits: number): readonly [bigint, bigint] => [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n];

/** Pushes the bound as a number of the lanes; one that says less than the threshold does no harm. */
export function pushBound(
  code: Code,
  state: Local,
  lanes: string,
  { bits, range, descending, flagged }: KeyBound,
): void {
  const n = code.local('i64');
  code.get(state).op('i64.load', PIPE.THRESHOLD);
  if (bits < 64) code.i64(64 - bits).op('i64.shr_u');
  code.set(n);
  if (range === undefined) return pushFloat(code, n, lanes === 'f64', descending);
  const [least, most] = range;
  if (bits < 64) {
    if (flagged)
      code
        .get(n)
        .i64(1n << BigInt(bits - 1))
        .op('i64.sub')
        .set(n);
    between(code, n, -1n, most - least);
  }
  if (descending) code.i64(most).get(n).op('i64.sub').set(n);
  else code.get(n).i64(least).op('i64.add').set(n);
  if (lanes === 'i64') return void code.get(n);
  between(code, n, ...spanOf(Number(lanes.slice(1))));
  code.get(n).op('i32.wrap_i64');
}

function between(code: Code, n: Local, least: bigint, most: bigint): void {
  for (const [limit, op] of [
    [least, 'i64.gt_s'],
    [most, 'i64.lt_s'],
  ] as const)
    code.get(n).i64(limit).get(n).i64(limit).op(op).select().set(n);
}

/** The float whose bits were put in order; where none is known yet, NaN. */
function pushFloat(code: Code, n: Local, isDouble: boolean, descending: boolean): void {
  const bits = code.local('i64');
  if (!isDouble) code.get(n).i64(32).op('i64.shl').set(n);
  code.get(n);
  if (descending) code.i64(-1).op('i64.xor');
  code.tee(bits).get(bits).i64(63).op('i64.shr_s').i64(-1).op('i64.xor');
  code
    .i64(-(1n << 63n))
    .op('i64.or')
    .op('i64.xor');
  if (isDouble) code.op('f64.reinterpret_i64');
  else code.i64(32).op('i64.shr_u').op('i32.wrap_i64').op('f32.reinterpret_i32');
}
