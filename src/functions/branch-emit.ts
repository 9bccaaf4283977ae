import { type Carrier, carrierOf, type DataType } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import type { Range } from './define.js';
import { carrierFor, copyParts, intParts, isIntCarrier, part, pushNull, value } from './emit.js';
import type { Emitter, Thunk, Value } from './value.js';

export function unionRange(ranges: readonly (Range | undefined)[]): Range | undefined {
  let union: Range | undefined;
  for (const range of ranges) {
    if (range === undefined) return undefined;
    union =
      union === undefined
        ? range
        : [range[0] < union[0] ? range[0] : union[0], range[1] > union[1] ? range[1] : union[1]];
  }
  return union;
}

/** Where the arms of a conditional meet: locals every arm assigns. */
export class Merge {
  readonly #e: Emitter;
  readonly #type: DataType;
  readonly #carrier: Carrier;
  readonly #parts: Local[];
  readonly #isNull: Local | undefined;
  readonly #range: Range | undefined;

  constructor(e: Emitter, type: DataType, ranges: readonly (Range | undefined)[], nullable: boolean) {
    const natural = carrierOf(type);
    this.#range = isIntCarrier(natural) ? unionRange(ranges) : undefined;
    this.#carrier = (this.#range && carrierFor(this.#range)) ?? natural;
    this.#e = e;
    this.#type = type;
    this.#parts = e.newParts(this.#carrier);
    this.#isNull = nullable ? e.code.local('i32') : undefined;
  }

  assign(v: Value): void {
    const e = this.#e;
    if (isIntCarrier(this.#carrier) && isIntCarrier(v.carrier)) {
      copyParts(e, value(v.type, this.#carrier, intParts(e, v, this.#carrier)), this.#parts);
    } else if (v.carrier === this.#carrier) copyParts(e, v, this.#parts);
    if (this.#isNull === undefined) return;
    pushNull(e, v);
    e.code.set(this.#isNull);
  }

  assignNull(): void {
    if (this.#isNull !== undefined) this.#e.code.i32(1).set(this.#isNull);
  }

  value(): Value {
    return value(this.#type, this.#carrier, this.#parts, this.#isNull, this.#range);
  }
}

/** Pushes whether a condition is true (not false and not null). */
export function pushTrue(e: Emitter, condition: Value): void {
  e.code.get(part(condition));
  if (condition.isNull !== undefined) e.code.get(condition.isNull).op('i32.gt_u');
}

/** CASE: the value of the first condition that is true, else `otherwise`, else null. */
export function emitCase(
  e: Emitter,
  type: DataType,
  branches: readonly (readonly [condition: Thunk, result: Thunk])[],
  otherwise: Thunk | undefined,
): Value {
  const results = branches.map(([, result]) => result);
  const all = otherwise === undefined ? results : [...results, otherwise];
  const nullable = otherwise === undefined || all.some((thunk) => thunk.nullable);
  const merge = new Merge(e, type, rangesOf(all), nullable);
  const arm = (i: number): void => {
    const branch = branches[i];
    if (branch === undefined) {
      if (otherwise === undefined) merge.assignNull();
      else merge.assign(otherwise());
      return;
    }
    const [condition, result] = branch;
    pushTrue(e, condition());
    e.code.if(
      () => e.scoped(() => merge.assign(result())),
      () => e.scoped(() => arm(i + 1)),
    );
  };
  arm(0);
  return merge.value();
}

/** Ranges of what can be a value: a null literal has none and needs none. */
export const rangesOf = (thunks: readonly Thunk[]): (Range | undefined)[] =>
  thunks.filter((thunk) => !thunk.isNullLiteral).map((thunk) => thunk.range);

/** IF whose arms may both be computed: a selection without a branch. */
export function emitSelect(e: Emitter, type: DataType, condition: Value, a: Value, b: Value): Value {
  const { code } = e;
  const merge = new Merge(e, type, [a.range, b.range], a.isNull !== undefined || b.isNull !== undefined);
  const out = merge.value();
  const test = code.local('i32');
  pushTrue(e, condition);
  code.set(test);
  const [left, right] = [a, b].map((v) =>
    isIntCarrier(out.carrier) && isIntCarrier(v.carrier) ? value(v.type, out.carrier, intParts(e, v, out.carrier)) : v,
  ) as [Value, Value];
  for (const [i, local] of out.parts.entries()) {
    code.get(part(left, i)).get(part(right, i)).get(test).select().set(local);
  }
  if (out.isNull !== undefined) {
    pushNull(e, a);
    pushNull(e, b);
    code.get(test).select().set(out.isNull);
  }
  return out;
}

/** The first argument that is not null. */
export function emitCoalesce(e: Emitter, type: DataType, args: readonly Thunk[]): Value {
  const merge = new Merge(
    e,
    type,
    rangesOf(args),
    args.every((arg) => arg.nullable),
  );
  const arm = (i: number): void => {
    const thunk = args[i];
    if (thunk === undefined) {
      merge.assignNull();
      return;
    }
    const v = thunk();
    if (v.isNull === undefined) {
      merge.assign(v);
      return;
    }
    if (i === args.length - 1) {
      merge.assign(v);
      return;
    }
    e.code.get(v.isNull).if(
      () => e.scoped(() => arm(i + 1)),
      () => merge.assign({ ...v, isNull: undefined }),
    );
  };
  arm(0);
  return merge.value();
}
