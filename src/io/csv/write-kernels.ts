import type { SharedHeap } from '../../base/index.js';
import { type Code, instantiate, type Local, ModuleCache, WasmModule } from '../../wasm/index.js';
import { bitAt, bump, copyChunks, whileLoop } from '../parquet/kernels/emit.js';
import type { Locals } from './locals.js';
import { CELL_BYTES, eachInteger, emitNumberKernels, UNWRITTEN } from './write-numbers.js';

const BLANK = 32;
/** Bytes that make quotes necessary, each in a vector of its own; some may be there twice. */
export const SPECIALS = 5;

type N = number;

export interface CsvKernels {
  /** Texts of `count` integers of `width` bytes with `scale` digits behind a point; `power` is 10^scale. */
  numbers(source: N, width: N, count: N, scale: N, power: bigint, cells: N, slots: N): void;
  /** Texts of days since 1970; gives how many were left unwritten. */
  days(source: N, width: N, count: N, cells: N, slots: N): N;
  /** Writes the least and the greatest integer to `out`. */
  bounds(source: N, width: N, count: N, out: N): void;
  /** The cells of a table that integers above `base` are places in; others become the first. */
  coded(source: N, width: N, count: N, base: bigint, size: N, table: N, cells: N): void;
  /** Where strings are by their offsets. */
  places(offsets: N, data: N, count: N, cells: N): void;
  /** Trims cells (1: before, 2: behind), and marks those that need quotes or are empty; gives how many. */
  strings(cells: N, count: N, special: N, quote: N, trim: N): N;
  /** Puts a text where rows from `from` on are null. */
  nulls(validity: N, from: N, count: N, cells: N, address: N, length: N): void;
  /** Lists the rows whose cells are unwritten; gives how many. */
  unwritten(cells: N, count: N, rows: N): N;
  /** Bytes of the texts of `columns` cells in each of `rows` rows. */
  bytes(cells: N, columns: N, stride: N, rows: N): N;
  /** Lines of `columns` cells each; `between` and `behind` are up to 8 bytes. Gives where they end. */
  lines(
    cells: N,
    columns: N,
    stride: N,
    rows: N,
    between: bigint,
    betweenBytes: N,
    behind: bigint,
    behindBytes: N,
    target: N,
  ): N;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, CsvKernels>();

export function csvKernels(heap: SharedHeap): CsvKernels {
  let kernels = instances.get(heap.memory);
  if (kernels === undefined) {
    kernels = instantiate<CsvKernels>(modules.get('csv-write', build), heap.memory).exports;
    instances.set(heap.memory, kernels);
  }
  return kernels;
}

function build(): Uint8Array {
  const module = new WasmModule();
  emitNumberKernels(module);
  emitCoded(module);
  emitPlaces(module);
  emitStrings(module);
  emitNulls(module);
  emitUnwritten(module);
  emitBytes(module);
  emitLines(module);
  return module.bytes();
}

function emitCoded(module: WasmModule): void {
  const types = ['i32', 'i32', 'i32', 'i64', 'i32', 'i32', 'i32'] as const;
  module.function('coded', [...types], [], (code, ...params) => {
    const [source, width, count, base, size, table, cells] = params as Locals<7>;
    const place = code.local('i32');
    eachInteger(code, source, width, count, () => {
      // Where a row is null, anything may stand.
      code.get(base).op('i64.sub').op('i32.wrap_i64').tee(place).get(size).op('i32.ge_u');
      code.if(() => code.i32(0).set(place));
      code.get(cells).get(table).get(place).i32(3).op('i32.shl').op('i32.add');
      code.op('i64.load', 0, 0).op('i64.store', 0, 0);
      bump(code, cells, CELL_BYTES);
    });
  });
}

/** Runs `body` for each of the cells, whose address is in `cells`. */
function eachCell(code: Code, cells: Local, count: Local, body: () => void): void {
  whileLoop(
    code,
    () => code.get(count),
    () => {
      body();
      bump(code, cells, CELL_BYTES);
      bump(code, count, -1);
    },
  );
}

function emitPlaces(module: WasmModule): void {
  module.function('places', ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [offsets, data, count, cells] = params as Locals<4>;
    const start = code.local('i32');
    eachCell(code, cells, count, () => {
      code.get(cells).get(offsets).op('i32.load', 0, 0).tee(start).get(data).op('i32.add').op('i32.store', 0, 0);
      code.get(cells).get(offsets).op('i32.load', 4, 0).get(start).op('i32.sub').op('i32.store', 4, 0);
      bump(code, offsets, 4);
    });
  });
}

function emitStrings(module: WasmModule): void {
  module.function('strings', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [cells, count, special, quote, trim] = params as Locals<5>;
    const i32 = (): Local => code.local('i32');
    const [start, end, at, odd, left, rest] = [i32(), i32(), i32(), i32(), i32(), i32()];
    const [bytes, ...specials] = Array.from({ length: SPECIALS + 1 }, () => code.local('v128')) as [Local, ...Local[]];
    for (const [i, one] of specials.entries())
      code
        .get(special)
        .op('v128.load', 16 * i, 0)
        .set(one);
    const search = (): void => {
      code.get(start).set(at);
      code.loop((next) => {
        code.get(at).op('v128.load', 0, 0).set(bytes);
        for (const [i, one] of specials.entries()) {
          code.get(bytes).get(one).op('i8x16.eq');
          if (i > 0) code.op('v128.or');
        }
        code.op('i8x16.bitmask');
        // What stands behind the end does not count.
        code.get(end).get(at).op('i32.sub').tee(rest).i32(16).op('i32.lt_u');
        code.if(
          () => code.i32(1).get(rest).op('i32.shl').i32(1).op('i32.sub').set(rest),
          () => code.i32(-1).set(rest),
        );
        code.get(rest).op('i32.and').get(odd).op('i32.or').set(odd);
        code.get(at).i32(16).op('i32.add').tee(at).get(end).op('i32.lt_u').brIf(next);
      });
    };
    eachCell(code, cells, count, () => {
      code.get(cells).op('i32.load', 0, 0).tee(start).get(cells).op('i32.load', 4, 0).op('i32.add').set(end);
      code.get(trim).i32(1).op('i32.and');
      code.if(() => trimmed(code, start, end, start, 0, 1));
      code.get(trim).i32(2).op('i32.and');
      code.if(() => trimmed(code, start, end, end, -1, -1));
      code.i32(1).set(odd);
      code.get(start).get(end).op('i32.lt_u');
      code.if(() => {
        code.get(start).op('i32.load8_u').tee(at).get(quote).op('i32.eq');
        code.get(at).i32(BLANK).op('i32.le_u').op('i32.or').set(odd);
        search();
      });
      code.get(cells).get(start).op('i32.store', 0, 0);
      code.get(odd);
      code.if(
        () => {
          code.get(cells).i32(UNWRITTEN).op('i32.store', 4, 0);
          bump(code, left, 1);
        },
        () => code.get(cells).get(end).get(start).op('i32.sub').op('i32.store', 4, 0),
      );
    });
    code.get(left);
  });
}

/** Moves one of the ends past blanks, which the byte `offset` from it is. */
function trimmed(code: Code, start: Local, end: Local, moved: Local, offset: number, by: number): void {
  code.block((done) => {
    code.loop((again) => {
      code.get(start).get(end).op('i32.ge_u').brIf(done);
      code.get(moved).i32(offset).op('i32.add').op('i32.load8_u').i32(BLANK).op('i32.gt_u').brIf(done);
      bump(code, moved, by);
      code.br(again);
    });
  });
}

function emitNulls(module: WasmModule): void {
  module.function('nulls', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [validity, from, count, cells, address, length] = params as Locals<6>;
    eachCell(code, cells, count, () => {
      bitAt(code, validity, from);
      code.op('i32.eqz');
      code.if(() => {
        code.get(cells).get(address).op('i32.store', 0, 0).get(cells).get(length).op('i32.store', 4, 0);
      });
      bump(code, from, 1);
    });
  });
}

function emitUnwritten(module: WasmModule): void {
  module.function('unwritten', ['i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [cells, count, rows] = params as Locals<3>;
    const [row, to] = [code.local('i32'), code.local('i32')];
    code.get(rows).set(to);
    eachCell(code, cells, count, () => {
      code.get(to).get(row).op('i32.store', 0, 0);
      code.get(to).get(cells).op('i32.load', 4, 0).i32(UNWRITTEN).op('i32.eq').i32(2).op('i32.shl').op('i32.add');
      code.set(to);
      bump(code, row, 1);
    });
    code.get(to).get(rows).op('i32.sub').i32(2).op('i32.shr_u');
  });
}

function emitBytes(module: WasmModule): void {
  module.function('bytes', ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [cells, columns, stride, rows] = params as Locals<4>;
    const [cell, count, sum] = [code.local('i32'), code.local('i32'), code.local('i32')];
    whileLoop(
      code,
      () => code.get(columns),
      () => {
        code.get(cells).set(cell).get(rows).set(count);
        eachCell(code, cell, count, () => code.get(sum).get(cell).op('i32.load', 4, 0).op('i32.add').set(sum));
        code.get(cells).get(stride).op('i32.add').set(cells);
        bump(code, columns, -1);
      },
    );
    code.get(sum);
  });
}

function emitLines(module: WasmModule): void {
  const types = ['i32', 'i32', 'i32', 'i32', 'i64', 'i32', 'i64', 'i32', 'i32'] as const;
  module.function('lines', [...types], ['i32'], (code, ...params) => {
    const [cells, columns, stride, rows, between, betweenBytes, behind, behindBytes, target] = params as Locals<9>;
    const i32 = (): Local => code.local('i32');
    const [left, cell, from, to, last] = [i32(), i32(), i32(), i32(), i32()];
    const separator = (bytes: Local, length: Local): void => {
      code.get(target).get(bytes).op('i64.store', 0, 0).get(target).get(length).op('i32.add').set(target);
    };
    eachCell(code, cells, rows, () => {
      code.get(cells).set(cell).get(columns).set(left);
      code.loop((again) => {
        code.get(cell).op('i32.load', 0, 0).set(from).get(target).set(to);
        code.get(target).get(cell).op('i32.load', 4, 0).op('i32.add').tee(target).set(last);
        copyChunks(code, from, to, last);
        bump(code, left, -1);
        code.get(left);
        code.if(() => {
          separator(between, betweenBytes);
          code.get(cell).get(stride).op('i32.add').set(cell).br(again);
        });
      });
      separator(behind, behindBytes);
    });
    code.get(target);
  });
}
