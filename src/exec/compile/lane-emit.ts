import { engineBug } from '../../base/index.js';
import type { Code, Local, OpName } from '../../wasm/index.js';
import { laneKey } from './lane-plan.js';
import { addressOf, type EmitTexts, prepareTexts, pushIntegers, shiftOf, type TextEmission } from './lane-text.js';
import type { ColumnForm } from './load.js';
import { COLUMN, COLUMN_BYTES } from './state-layout.js';
import type { LaneExpr, LaneKind, LaneMask } from './vector-types.js';

/** Four rows of a value: one vector of 32-bit lanes, or two of 64-bit lanes (rows 0 and 1, rows 2 and 3). */
export interface Lanes {
  readonly kind: LaneKind;
  readonly parts: readonly Local[];
}

/** Emits values for four rows at a time: addresses and constants once, before the loop. */
export class LaneEmitter {
  readonly #data = new Map<number, Local>();
  readonly #constants = new Map<string, Local>();
  readonly #computed = new Map<string, Lanes>();

  constructor(
    private readonly code: Code,
    private readonly state: Local,
    private readonly columnsAt: number,
    private readonly forms: readonly ColumnForm[],
  ) {}

  /** The loop's own rows, and who computes something for every entry of a dictionary. */
  texts: TextEmission | undefined;
  readonly #texts = new Map<string, EmitTexts>();

  /** Before the loop: everything `expr` needs that does not depend on the row. */
  prepare(expr: LaneExpr): void {
    const { code } = this;
    if (expr.op === 'load') {
      if (this.#data.has(expr.column)) return;
      const data = code.local('i32');
      code
        .get(this.state)
        .op('i32.load', this.columnsAt + expr.column * COLUMN_BYTES + COLUMN.DATA)
        .set(data);
      this.#data.set(expr.column, data);
    } else if (expr.op === 'const') {
      this.#prepareConstant(expr.value, expr.kind);
      // It may meet values of more bits.
      if (expr.kind === 'i32') this.#prepareConstant(expr.value, 'i64');
    } else if (expr.op === 'measure' || expr.op === 'entry') {
      const key = laneKey(expr);
      if (this.#texts.has(key)) return;
      if (this.texts === undefined) throw engineBug('texts in lanes without their rows');
      this.#texts.set(key, prepareTexts(this.texts, expr, this.columnsAt, this.forms));
    } else {
      this.prepare(expr.a);
      this.prepare(expr.b);
    }
  }

  prepareMask(mask: LaneMask): void {
    if (mask.op === 'and' || mask.op === 'or') for (const one of mask.of) this.prepareMask(one);
    else {
      this.prepare((mask as { a: LaneExpr }).a);
      this.prepare((mask as { b: LaneExpr }).b);
    }
  }

  #prepareConstant(value: bigint | number, kind: LaneKind): void {
    const key = `${kind}:${Object.is(value, -0) ? '-0' : value}`;
    if (this.#constants.has(key)) return;
    const { code } = this;
    const local = code.local('v128');
    if (kind === 'i32') code.i32(Number(value)).op('i32x4.splat');
    else if (kind === 'i64') code.i64(BigInt(value)).op('i64x2.splat');
    else code.f64(Number(value)).op('f64x2.splat');
    code.set(local);
    this.#constants.set(key, local);
  }

  /** The value of rows `row`…`row` + 3; computed once in a loop body. */
  emit(expr: LaneExpr, row: Local): Lanes {
    const key = laneKey(expr);
    let lanes = this.#computed.get(key);
    if (lanes === undefined) {
      lanes = this.#emitNew(expr, row);
      this.#computed.set(key, lanes);
    }
    return lanes;
  }

  #emitNew(expr: LaneExpr, row: Local): Lanes {
    if (expr.op === 'load') return this.#load(expr.column, expr.kind, row);
    if (expr.op === 'const') return { kind: expr.kind, parts: this.#constantParts(expr.value, expr.kind) };
    if (expr.op === 'measure' || expr.op === 'entry') {
      const texts = this.#texts.get(laneKey(expr));
      if (texts === undefined) throw engineBug('texts that were not prepared');
      return { kind: 'i32', parts: [texts(row)] };
    }
    if (expr.kind === 'i32') return this.#lanewise(expr, 'i32', row);
    if (expr.kind === 'f64') return this.#lanewise(expr, 'f64', row);
    const isNarrow = expr.a.kind === 'i32' && expr.b.kind === 'i32';
    return isNarrow && expr.op === 'mul' ? this.#widening(expr.a, expr.b, row) : this.#lanewise(expr, 'i64', row);
  }

  #constantParts(value: bigint | number, kind: LaneKind): readonly Local[] {
    const local = this.#constants.get(`${kind}:${Object.is(value, -0) ? '-0' : value}`);
    if (local === undefined) throw engineBug('a constant that was not prepared');
    return kind === 'i32' ? [local] : [local, local];
  }

  #lanewise(expr: Extract<LaneExpr, { a: LaneExpr }>, kind: LaneKind, row: Local): Lanes {
    const { code } = this;
    const a = this.as(expr.a, kind, row);
    const b = this.as(expr.b, kind, row);
    const op = `${kind === 'i32' ? 'i32x4' : kind === 'i64' ? 'i64x2' : 'f64x2'}.${expr.op}` as OpName;
    const parts = a.map((part, i) => {
      const out = code.local('v128');
      code
        .get(part)
        .get(b[i] as Local)
        .op(op)
        .set(out);
      return out;
    });
    return { kind, parts };
  }

  /** 32 × 32 bits to 64. */
  #widening(a: LaneExpr, b: LaneExpr, row: Local): Lanes {
    const { code } = this;
    const [x] = this.emit(a, row).parts as [Local];
    const [y] = this.emit(b, row).parts as [Local];
    const parts = (['low', 'high'] as const).map((half) => {
      const out = code.local('v128');
      code.get(x).get(y).op(`i64x2.extmul_${half}_i32x4_s`).set(out);
      return out;
    });
    return { kind: 'i64', parts };
  }

  /** The value in lanes of `kind`, which holds it. */
  as(expr: LaneExpr, kind: LaneKind, row: Local): readonly Local[] {
    if (expr.op === 'const' && expr.kind !== 'f64') return this.#constantParts(expr.value, kind);
    const lanes = this.emit(expr, row);
    if (lanes.kind === kind) return lanes.parts;
    if (lanes.kind !== 'i32' || kind !== 'i64') throw engineBug(`${lanes.kind} lanes as ${kind}`);
    const key = `wide ${laneKey(expr)}`;
    let wide = this.#computed.get(key);
    if (wide === undefined) {
      wide = { kind, parts: this.widen(lanes.parts[0] as Local) };
      this.#computed.set(key, wide);
    }
    return wide.parts;
  }

  /** 32-bit lanes, sign extended: masks too. */
  widen(lanes: Local): readonly Local[] {
    const { code } = this;
    return (['low', 'high'] as const).map((half) => {
      const out = code.local('v128');
      code.get(lanes).op(`i64x2.extend_${half}_i32x4_s`).set(out);
      return out;
    });
  }

  #load(column: number, kind: LaneKind, row: Local): Lanes {
    const { code } = this;
    const storage = this.forms[column]?.storage;
    const data = this.#data.get(column);
    if (data === undefined || storage === undefined) throw engineBug('a column that was not prepared');
    const address = addressOf(code, data, row, kind === 'i32' ? shiftOf(storage) : 3);
    const loaded = (emit: () => void): Local => {
      const local = code.local('v128');
      emit();
      code.set(local);
      return local;
    };
    if (kind !== 'i32') {
      const parts = [0, 16].map((at) => loaded(() => code.get(address).op('v128.load', at, 0)));
      return { kind, parts };
    }
    return { kind, parts: [loaded(() => pushIntegers(code, address, storage))] };
  }

  /** Pushes lanes of ones where the condition holds. */
  pushMask(mask: LaneMask, row: Local): void {
    const { code } = this;
    if (mask.op === 'and' || mask.op === 'or') {
      mask.of.forEach((one, i) => {
        this.pushMask(one, row);
        if (i > 0) code.op(`v128.${mask.op as 'and' | 'or'}`);
      });
      return;
    }
    const { op, a, b } = mask as Extract<LaneMask, { a: LaneExpr }>;
    code.get(this.emit(a, row).parts[0] as Local).get(this.emit(b, row).parts[0] as Local);
    code.op(op === 'eq' || op === 'ne' ? `i32x4.${op}` : `i32x4.${op}_s`);
  }
}
