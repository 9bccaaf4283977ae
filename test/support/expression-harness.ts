import {
  type Arena,
  buildColumn,
  bytesDecoder,
  type Carrier,
  type Column,
  carrierOf,
  type DataType,
  type Scalar,
  SharedHeap,
} from '../../src/base/index.js';
import { ExpressionCompiler } from '../../src/functions/compile.js';
import type { Range } from '../../src/functions/define.js';
import { carrierFor, intParts, isIntCarrier, partTypes } from '../../src/functions/emit.js';
import type { EvalSettings, PhysicalExpr } from '../../src/functions/expression.js';
import { callJsHost } from '../../src/functions/js-call.js';
import { ModuleContext } from '../../src/functions/module-context.js';
import { STATE, STATE_FREE } from '../../src/functions/runtime.js';
import type { Emitter, StateAccess, Value } from '../../src/functions/value.js';
import { type Code, instantiate, type Local, WasmModule } from '../../src/wasm/index.js';

export const settings: EvalSettings = { ansi: true, timeZone: 'UTC', nowMicros: 1_700_000_000_000_000n };

/** Where the compiled functions leave a result: a null flag, then parts at 8. */
const SLOT = 24;
const VALUE = 8;

export interface InputColumn {
  readonly type: DataType;
  readonly values: readonly Scalar[];
  readonly nullable: boolean;
  /** Tells the compiler the exact bounds of the values, so that it computes in narrower words. */
  readonly ranged?: boolean | 'when loaded';
}

export const heap = SharedHeap.create(64 * 2 ** 20);

/** What an expression gave for one row: a value, or an error. */
export type Outcome = { readonly value: Scalar } | { readonly error: true };

/** A compiled module over columns, run row by row. */
export class Bench {
  readonly arena: Arena;
  readonly module = new WasmModule();
  readonly context: ModuleContext;
  readonly columns: readonly Column[];
  readonly state: number;
  readonly slots: number;

  constructor(
    readonly input: readonly InputColumn[],
    readonly evalSettings: EvalSettings = settings,
  ) {
    this.arena = heap.newArena('test');
    this.context = new ModuleContext(this.module, evalSettings);
    this.columns = input.map((c) => buildColumn(this.arena, c.type, c.values));
    this.state = this.arena.allocZeroed(STATE_FREE + 64);
    this.slots = this.arena.allocZeroed(SLOT * 16);
  }

  /** A compiler whose current row is `row`. */
  compiler(code: Code, state: Local, row: Local): ExpressionCompiler {
    const range = (i: number): Range | undefined => rangeOf(this.input[i] as InputColumn);
    return new ExpressionCompiler({
      context: this.context,
      code,
      state,
      column: (i) => loadColumn(code, this.columns[i] as Column, row, this.input[i] as InputColumn, range(i)),
      ...(this.input.some((c) => c.ranged === 'when loaded') ? {} : { columnRange: range }),
    });
  }

  instantiate<T extends object>(): T {
    const pool = this.context.literalPool();
    const literals = this.arena.alloc(pool.length);
    heap.u8.set(pool, literals);
    heap.u32[(this.state + STATE.LITERALS) >> 2] = literals;
    const more = (_state: number, bytes: number): void => {
      const size = Math.max(bytes >>> 0, 1 << 14);
      const at = this.arena.alloc(size);
      heap.u32[(this.state + STATE.HEAP_NEXT) >> 2] = at;
      heap.u32[(this.state + STATE.HEAP_END) >> 2] = at + size;
    };
    const host = callJsHost(heap, this.context.callSites, (bytes) => this.arena.alloc(bytes));
    const compiled = new WebAssembly.Module(this.module.bytes());
    return instantiate<T>(compiled, heap.memory, { more_heap: more, call_js: host }).exports;
  }

  failed(): boolean {
    const failed = heap.i32[(this.state + STATE.ERROR) >> 2] !== 0;
    heap.i32[(this.state + STATE.ERROR) >> 2] = 0;
    return failed;
  }

  readSlot(type: DataType, carrier: Carrier): Scalar {
    return readSlot(type, carrier, this.slots);
  }

  release(): void {
    this.arena.release();
  }
}

function rangeOf({ values, ranged, type }: InputColumn): Range | undefined {
  if (ranged === undefined || ranged === false || !isIntCarrier(carrierOf(type))) return undefined;
  const present = values.filter((v) => v !== null).map((v) => BigInt(v as number));
  if (present.length === 0) return undefined;
  return present.reduce<Range>(
    ([low, high], v) => [v < low ? v : low, v > high ? v : high],
    [present[0] as bigint, present[0] as bigint],
  );
}

function loadColumn(code: Code, column: Column, row: Local, input: InputColumn, range: Range | undefined): Value {
  const parts = loadParts(code, column, row);
  const isNull = column.validity === 0 && !input.nullable ? undefined : code.local('i32');
  if (isNull !== undefined) {
    if (column.storage === 'none') code.i32(1).set(isNull);
    else if (column.validity === 0) code.i32(0).set(isNull);
    else {
      code.get(row).i32(3).op('i32.shr_u').op('i32.load8_u', column.validity);
      code.get(row).i32(7).op('i32.and').op('i32.shr_u').i32(1).op('i32.and').op('i32.eqz').set(isNull);
    }
  }
  const natural = carrierOf(column.type);
  const value: Value = {
    type: column.type,
    carrier: natural,
    parts,
    isNull,
    ...(range === undefined ? {} : { range }),
  };
  const carrier = range && carrierFor(range);
  if (carrier === undefined || carrier === natural) return value;
  const e = { code, newParts: (c: Carrier) => partTypes(c).map((t) => code.local(t)) } as unknown as Emitter;
  return { ...value, carrier, parts: intParts(e, value, carrier) };
}

function loadParts(code: Code, column: Column, row: Local): Local[] {
  const natural = carrierOf(column.type);
  const parts = partTypes(natural).map((type) => code.local(type));
  const [first, second] = parts as [Local, Local];
  const at = (shift: number): Code => code.get(row).i32(shift).op('i32.shl');
  const widened = (load: () => void): void => {
    load();
    if (natural === 'i64' || natural === 'i128') code.op('i64.extend_i32_s');
    code.set(first);
    if (natural === 'i128') code.get(first).i64(63).op('i64.shr_s').set(second);
  };
  switch (column.storage) {
    case 'i8':
      widened(() => at(0).op('i32.load8_s', column.data));
      break;
    case 'u8':
      widened(() => at(0).op('i32.load8_u', column.data));
      break;
    case 'i16':
      widened(() => at(1).op('i32.load16_s', column.data));
      break;
    case 'u16':
      widened(() => at(1).op('i32.load16_u', column.data));
      break;
    case 'i32':
      widened(() => at(2).op('i32.load', column.data));
      break;
    case 'i64':
      at(3).op('i64.load', column.data).set(first);
      if (natural === 'i128') code.get(first).i64(63).op('i64.shr_s').set(second);
      break;
    case 'i128':
      at(4).op('i64.load', column.data).set(first);
      if (natural === 'i128')
        at(4)
          .op('i64.load', column.data + 8)
          .set(second);
      break;
    case 'f32':
      at(2).op('f32.load', column.data).set(first);
      break;
    case 'f64':
      at(3).op('f64.load', column.data).set(first);
      break;
    case 'utf8':
      at(2).op('i32.load', column.offsets).i32(column.data).op('i32.add').set(first);
      at(2)
        .op('i32.load', column.offsets + 4)
        .i32(column.data)
        .op('i32.add')
        .get(first)
        .op('i32.sub')
        .set(second);
      break;
    default:
      break;
  }
  return parts;
}

/** Writes a value to a slot. */
export function storeSlot(code: Code, address: number, v: Value): void {
  code.i32(address);
  if (v.isNull === undefined) code.i32(0);
  else code.get(v.isNull);
  code.op('i32.store');
  for (const [i, local] of v.parts.entries()) {
    const width = v.carrier === 'bytes' ? 4 : 8;
    code
      .i32(address + VALUE + i * width)
      .get(local)
      .op(`${local.type as 'i32'}.store`);
  }
}

export function readSlot(type: DataType, carrier: Carrier, address: number): Scalar {
  if (heap.i32[address >> 2] !== 0) return null;
  const at = address + VALUE;
  const integer = (n: bigint): Scalar => {
    if (type.kind === 'boolean') return n !== 0n;
    return carrierOf(type) === 'i32' ? Number(n) : n;
  };
  switch (carrier) {
    case 'i32':
      return integer(BigInt(heap.i32[at >> 2] as number));
    case 'i64':
      return integer(heap.i64[at >> 3] as bigint);
    case 'i128':
      return integer(((heap.i64[(at >> 3) + 1] as bigint) << 64n) | (heap.u64[at >> 3] as bigint));
    case 'f32':
      return heap.f32[at >> 2] as number;
    case 'f64':
      return heap.f64[at >> 3] as number;
    case 'bytes': {
      const start = heap.u32[at >> 2] as number;
      return bytesDecoder(heap, type)(start, start + (heap.u32[(at >> 2) + 1] as number));
    }
    default:
      return null;
  }
}

/** Runs an expression compiled, for each row on its own. */
export function runCompiled(expr: PhysicalExpr, input: readonly InputColumn[], evalSettings = settings): Outcome[] {
  const bench = new Bench(input, evalSettings);
  let carrier: Carrier = 'none';
  bench.module.function('run', ['i32', 'i32'], [], (code, state, row) => {
    const result = bench.compiler(code, state as Local, row as Local).compile(expr);
    carrier = result.carrier;
    storeSlot(code, bench.slots, result);
  });
  const { run } = bench.instantiate<{ run: (state: number, row: number) => void }>();
  const rows = input[0]?.values.length ?? 1;
  const outcomes: Outcome[] = [];
  for (let row = 0; row < rows; row++) {
    run(bench.state, row);
    outcomes.push(bench.failed() ? { error: true } : { value: bench.readSlot(expr.type, carrier) });
  }
  bench.release();
  return outcomes;
}

/** State fields in fixed memory, as the executor keeps them in a group's row. */
export function memoryState(
  code: Code,
  address: number,
  types: readonly DataType[],
  carriers: readonly Carrier[],
): StateAccess {
  const at = (i: number): number => address + i * SLOT;
  return {
    // The expression heap of the test is never reset.
    keep: (from) => from,
    carrier: (i) => carriers[i] as Carrier,
    load: (i) => {
      const carrier = carriers[i] as Carrier;
      const parts = partTypes(carrier).map((type) => code.local(type));
      const width = carrier === 'bytes' ? 4 : 8;
      for (const [k, local] of parts.entries()) {
        code
          .i32(at(i) + VALUE + k * width)
          .op(`${local.type as 'i32'}.load`)
          .set(local);
      }
      return { type: types[i] as DataType, carrier, parts, isNull: undefined };
    },
    store: (i, parts) => {
      const width = carriers[i] === 'bytes' ? 4 : 8;
      for (const [k, local] of parts.entries())
        code
          .i32(at(i) + VALUE + k * width)
          .get(local)
          .op(`${local.type as 'i32'}.store`);
    },
  };
}

/** Equality of scalars to the bit, every NaN the same. */
export function sameScalar(a: Scalar | undefined, b: Scalar | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameScalar(x, b[i]));
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && !Array.isArray(a)) {
    const [x, y] = [Object.values(a), Object.values(b)] as unknown as [Scalar[], Scalar[]];
    return x.length === y.length && x.every((v, i) => sameScalar(v, y[i]));
  }
  return false;
}

export function show(v: unknown): string {
  return JSON.stringify(v, (_, x) =>
    typeof x === 'bigint'
      ? `${x}n`
      : typeof x === 'number' && !Number.isFinite(x)
        ? String(x)
        : Object.is(x, -0)
          ? '-0'
          : x,
  );
}
