import {
  type Arena,
  carrierOf,
  type DataType,
  decodeNested,
  encodeNested,
  type Scalar,
  SharedHeap,
} from '../../src/base/index.js';
import { ExpressionCompiler } from '../../src/functions/compile.js';
import { partTypes, value } from '../../src/functions/emit.js';
import type { ColumnExpr, EvalSettings, PhysicalExpr } from '../../src/functions/expression.js';
import { callJsHost } from '../../src/functions/js-call.js';
import { ModuleContext } from '../../src/functions/module-context.js';
import { SLOT_BYTES, STATE, STATE_FREE } from '../../src/functions/runtime.js';
import type { Value } from '../../src/functions/value.js';
import { instantiate, type Local, WasmModule } from '../../src/wasm/index.js';

/**
 * Runs an expression's Wasm form over rows. Every text lies between foreign bytes, so that reading beyond its ends
 * changes the answer. `failed` tells that the code asked for the interpreter.
 */
export function runCompiled(
  expr: PhysicalExpr,
  rows: readonly (readonly Scalar[])[],
  settings: EvalSettings,
): { readonly values: Scalar[]; readonly failed: boolean } {
  const heap = SharedHeap.create(64 << 20);
  const arena = heap.newArena('test');
  const columns = columnsOf(expr);
  const input = arena.allocZeroed(rows.length * columns.length * SLOT_BYTES + 64);
  const output = arena.allocZeroed(rows.length * SLOT_BYTES + 64);
  for (const [r, row] of rows.entries()) {
    for (const [c, column] of columns.entries()) {
      writeSlot(heap, arena, input + (r * columns.length + c) * SLOT_BYTES, column.type, row[column.index] ?? null);
    }
  }
  const context = new ModuleContext(new WasmModule(), settings);
  const bytes = build(context, expr, columns);
  const state = arena.allocZeroed(STATE_FREE + 64);
  const heapBytes = 16 << 20;
  heap.u32[(state + STATE.HEAP_NEXT) >>> 2] = arena.alloc(heapBytes);
  heap.u32[(state + STATE.HEAP_END) >>> 2] = (heap.u32[(state + STATE.HEAP_NEXT) >>> 2] as number) + heapBytes;
  const pool = context.literalPool();
  const literals = arena.alloc(pool.length);
  heap.u8.set(pool, literals);
  heap.u32[(state + STATE.LITERALS) >>> 2] = literals;
  const take = (size: number): number => {
    const at = heap.u32[(state + STATE.HEAP_NEXT) >>> 2] as number;
    heap.u32[(state + STATE.HEAP_NEXT) >>> 2] = at + size;
    return at;
  };
  const host = {
    more_heap: () => {
      throw new Error('the test heap is full');
    },
    call_js: callJsHost(heap, context.callSites, take),
  };
  const { exports } = instantiate<{ run: (s: number, i: number, o: number, n: number) => void }>(
    new WebAssembly.Module(bytes),
    heap.memory,
    host,
  );
  exports.run(state, input, output, rows.length);
  const failed = heap.i32[(state + STATE.ERROR) >>> 2] !== 0;
  const values = rows.map((_, r) => readSlot(heap, output + r * SLOT_BYTES, expr.type));
  return { values, failed };
}

function columnsOf(expr: PhysicalExpr): ColumnExpr[] {
  const found = new Map<number, ColumnExpr>();
  const visit = (node: PhysicalExpr): void => {
    if (node.kind === 'column') found.set(node.index, node);
    if (node.kind === 'call') node.args.forEach(visit);
  };
  visit(expr);
  return [...found.values()].sort((a, b) => a.index - b.index);
}

function build(context: ModuleContext, expr: PhysicalExpr, columns: readonly ColumnExpr[]): Uint8Array<ArrayBuffer> {
  const { module } = context;
  const run = module.declare('run', ['i32', 'i32', 'i32', 'i32'], []);
  module.define(run, (code, ...params) => {
    const [state, input, output, count] = params as [Local, Local, Local, Local];
    const row = code.local('i32');
    code.forRange(
      row,
      () => code.i32(0),
      count,
      () => {
        const load = (index: number): Value => {
          const position = columns.findIndex((column) => column.index === index);
          const column = columns[position] as ColumnExpr;
          const at = position * SLOT_BYTES;
          const carrier = carrierOf(column.type);
          const parts = partTypes(carrier).map((type, i) => {
            const local = code.local(type);
            code
              .get(input)
              .op(`${type as 'i32'}.load`, at + 8 + i * (carrier === 'bytes' ? 4 : 8), 0)
              .set(local);
            return local;
          });
          const isNull = code.local('i32');
          code.get(input).op('i32.load', at, 0).set(isNull);
          return value(column.type, carrier, parts, isNull);
        };
        const compiler = new ExpressionCompiler({ context, code, state, column: load });
        const result = compiler.compileWide(expr);
        code.get(output);
        if (result.isNull === undefined) code.i32(0);
        else code.get(result.isNull);
        code.op('i32.store', 0, 0);
        for (const [i, local] of result.parts.entries()) {
          code
            .get(output)
            .get(local)
            .op(`${local.type as 'i32'}.store`, 8 + i * (result.carrier === 'bytes' ? 4 : 8), 0);
        }
        code
          .get(input)
          .i32(columns.length * SLOT_BYTES)
          .op('i32.add')
          .set(input);
        code.get(output).i32(SLOT_BYTES).op('i32.add').set(output);
      },
    );
  });
  return module.bytes();
}

const FOREIGN = Buffer.from('é% a\u{1f600}b,x');

function writeSlot(heap: SharedHeap, arena: Arena, at: number, type: DataType, scalar: Scalar): void {
  heap.i32[at >>> 2] = scalar === null ? 1 : 0;
  const bytes = carrierOf(type) === 'bytes';
  if (scalar === null && !bytes) return;
  switch (carrierOf(type)) {
    case 'i32':
      heap.i32[(at + 8) >>> 2] = Number(scalar);
      return;
    case 'f32':
      heap.f32[(at + 8) >>> 2] = scalar as number;
      return;
    case 'f64':
      heap.f64[(at + 8) >>> 3] = scalar as number;
      return;
    case 'i64':
      heap.i64[(at + 8) >>> 3] = scalar as bigint;
      return;
    case 'i128':
      heap.i64[(at + 8) >>> 3] = scalar as bigint;
      heap.i64[(at + 16) >>> 3] = (scalar as bigint) >> 64n;
      return;
    case 'bytes': {
      const data = bytesOf(type, scalar);
      const start = arena.alloc(data.length + 2 * FOREIGN.length) + FOREIGN.length;
      heap.u8.set(FOREIGN, start - FOREIGN.length);
      heap.u8.set(data, start);
      heap.u8.set(FOREIGN, start + data.length);
      heap.u32[(at + 8) >>> 2] = start;
      heap.u32[(at + 12) >>> 2] = data.length;
      return;
    }
    default:
  }
}

function bytesOf(type: DataType, scalar: Scalar): Uint8Array {
  if (scalar === null) return new Uint8Array();
  if (typeof scalar === 'string') return Buffer.from(scalar);
  return scalar instanceof Uint8Array ? scalar : encodeNested(type, scalar);
}

function readSlot(heap: SharedHeap, at: number, type: DataType): Scalar {
  if (heap.i32[at >>> 2] !== 0) return null;
  switch (carrierOf(type)) {
    case 'i32':
      return type.kind === 'boolean' ? heap.i32[(at + 8) >>> 2] !== 0 : (heap.i32[(at + 8) >>> 2] as number);
    case 'f32':
      return heap.f32[(at + 8) >>> 2] as number;
    case 'f64':
      return heap.f64[(at + 8) >>> 3] as number;
    case 'i64':
      return heap.i64[(at + 8) >>> 3] as bigint;
    case 'i128':
      return ((heap.i64[(at + 16) >>> 3] as bigint) << 64n) | (heap.u64[(at + 8) >>> 3] as bigint);
    case 'bytes': {
      const start = heap.u32[(at + 8) >>> 2] as number;
      const bytes = heap.u8.slice(start, start + (heap.u32[(at + 12) >>> 2] as number));
      if (type.kind === 'string') return Buffer.from(bytes).toString();
      return type.kind === 'binary' ? bytes : decodeNested(type, bytes);
    }
    default:
      return null;
  }
}

/** A literal at these argument positions becomes a column, wherever it stands; gives the row of their values. */
export function liftLiterals(
  expr: PhysicalExpr,
  which: (position: number) => boolean,
): { expr: PhysicalExpr; row: Scalar[] } {
  const row: Scalar[] = [];
  const lift = (node: PhysicalExpr, position: number): PhysicalExpr => {
    if (node.kind === 'call') return { ...node, nullable: true, args: node.args.map((arg, i) => lift(arg, i)) };
    if (node.kind !== 'literal' || node.type.kind === 'null' || !which(position)) return node;
    row.push(node.value);
    return { kind: 'column', index: row.length - 1, type: node.type, nullable: true };
  };
  return { expr: lift(expr, 0), row };
}
