import type { SharedHeap } from '../../base/index.js';
import { type Code, type Func, instantiate, type Local, ModuleCache, WasmModule } from '../../wasm/index.js';
import { bump, copyChunks, whileLoop } from '../parquet/kernels/emit.js';

/** A cell: the address of its text and how many bytes that has, or UNWRITTEN where its text takes more than a kernel. */
export const CELL_BYTES = 8;
export const UNWRITTEN = 0xffffffff;
/** Room for the text of a number; it is written from the end of its slot. */
export const SLOT_BYTES = 32;
/** Days from 0001-01-01 to 9999-12-31. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
const BLANK = 32;

type N = number;

export interface CsvKernels {
  /** Texts of `count` integers of `width` bytes with `scale` digits behind a point; `power` is 10^scale. */
  numbers(source: N, width: N, count: N, scale: N, power: bigint, cells: N, slots: N): void;
  /** Texts of days since 1970; gives how many were left unwritten. */
  days(source: N, width: N, count: N, cells: N, slots: N): N;
  /** Trims cells (1: before, 2: behind), and marks those that need quotes or are empty; gives how many. */
  strings(cells: N, count: N, special: N, quote: N, trim: N): N;
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
  const put = emitPut(module);
  const putWide = emitPutWide(module, put);
  emitNumbers(module, putWide);
  emitDays(module, put);
  emitStrings(module);
  emitLines(module);
  return module.bytes();
}

/** `put(value, end, least)`: digits of an unsigned number before `end`, at least so many; gives where they begin. */
function emitPut(module: WasmModule): Func {
  return module.function(
    'put',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [value, end, least] = params;
      const [rest, pair, tens] = [code.local('i32'), code.local('i32'), code.local('i32')];
      const more = (than: number): Code => {
        return code
          .get(value)
          .i32(than === 0 ? 0 : 9)
          .op('i32.gt_u')
          .get(least)
          .i32(than)
          .op('i32.gt_s')
          .op('i32.or');
      };
      whileLoop(
        code,
        () => more(1),
        () => {
          bump(code, end, -2);
          code.get(value).get(value).i32(100).op('i32.div_u').tee(rest).i32(100).op('i32.mul').op('i32.sub').tee(pair);
          // A tenth of what is below 100.
          code.i32(103).op('i32.mul').i32(10).op('i32.shr_u').set(tens);
          code.get(end).get(pair).get(tens).i32(10).op('i32.mul').op('i32.sub').i32(8).op('i32.shl').get(tens);
          code.op('i32.or').i32(0x3030).op('i32.add').op('i32.store16', 0, 0);
          code.get(rest).set(value);
          bump(code, least, -2);
        },
      );
      more(0);
      code.if(() => {
        bump(code, end, -1);
        code.get(end).get(value).i32(48).op('i32.add').op('i32.store8');
      });
      code.get(end);
    },
    { export: false },
  );
}

/** The same for 64 bits: nine digits at a time, as long as there are more than 32. */
function emitPutWide(module: WasmModule, put: Func): Func {
  return module.function(
    'putWide',
    ['i64', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [value, end, least] = params;
      const rest = code.local('i64');
      whileLoop(
        code,
        () => code.get(value).i64(32n).op('i64.shr_u').i64(0n).op('i64.ne'),
        () => {
          code.get(value).get(value).i64(1_000_000_000n).op('i64.div_u').tee(rest);
          code.i64(1_000_000_000n).op('i64.mul').op('i64.sub').op('i32.wrap_i64').get(end).i32(9).call(put).set(end);
          code.get(rest).set(value);
          bump(code, least, -9);
        },
      );
      code.get(value).op('i32.wrap_i64').get(end).get(least).call(put);
    },
    { export: false },
  );
}

/** Pushes the integer at `source`, of 1, 2, 4 or 8 bytes. */
function load(code: Code, source: Local, width: Local): void {
  const value = code.local('i64');
  const from = (bytes: number, op: () => void, otherwise: () => void): void => {
    code.get(width).i32(bytes).op('i32.eq');
    code.if(op, otherwise);
  };
  from(
    8,
    () => code.get(source).op('i64.load', 0, 0).set(value),
    () =>
      from(
        4,
        () => code.get(source).op('i32.load', 0, 0).op('i64.extend_i32_s').set(value),
        () =>
          from(
            2,
            () => code.get(source).op('i32.load16_s', 0, 0).op('i64.extend_i32_s').set(value),
            () => code.get(source).op('i32.load8_s').op('i64.extend_i32_s').set(value),
          ),
      ),
  );
  code.get(value);
}

function storeCell(code: Code, cells: Local, start: Local, slots: Local): void {
  code.get(cells).get(start).op('i32.store', 0, 0);
  code.get(cells).get(slots).i32(SLOT_BYTES).op('i32.add').get(start).op('i32.sub').op('i32.store', 4, 0);
  bump(code, cells, CELL_BYTES);
  bump(code, slots, SLOT_BYTES);
}

function emitNumbers(module: WasmModule, putWide: Func): void {
  module.function('numbers', ['i32', 'i32', 'i32', 'i32', 'i64', 'i32', 'i32'], [], (code, ...params) => {
    const [source, width, count, scale, power, cells, slots] = params;
    const [signed, value, whole] = [code.local('i64'), code.local('i64'), code.local('i64')];
    const at = code.local('i32');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        load(code, source, width);
        code.tee(signed).get(signed).i64(63n).op('i64.shr_s').op('i64.xor');
        code.get(signed).i64(63n).op('i64.shr_u').op('i64.add').set(value);
        code.get(slots).i32(SLOT_BYTES).op('i32.add').set(at);
        code.get(scale);
        code.if(() => {
          code.get(value).get(value).get(power).op('i64.div_u').tee(whole).get(power).op('i64.mul').op('i64.sub');
          code.get(at).get(scale).call(putWide).i32(1).op('i32.sub').tee(at).i32(46).op('i32.store8');
          code.get(whole).set(value);
        });
        code.get(value).get(at).i32(1).call(putWide).set(at);
        code.get(signed).i64(0n).op('i64.lt_s');
        code.if(() => code.get(at).i32(1).op('i32.sub').tee(at).i32(45).op('i32.store8'));
        storeCell(code, cells, at, slots);
        code.get(source).get(width).op('i32.add').set(source);
        bump(code, count, -1);
      },
    );
  });
}

/** Civil dates by 400 years that begin in March. */
function emitDays(module: WasmModule, put: Func): void {
  module.function('days', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, width, count, cells, slots] = params;
    const [day, era, year, month, at, left] = [0, 1, 2, 3, 4, 5].map(() => code.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const divide = (local: Local, by: number): Code => code.get(local).i32(by).op('i32.div_u');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        load(code, source, width);
        code
          .op('i32.wrap_i64')
          .tee(day)
          .i32(FIRST_DAY)
          .op('i32.sub')
          .i32(LAST_DAY - FIRST_DAY)
          .op('i32.gt_u');
        code.if(
          () => {
            code
              .get(cells)
              .i32(UNWRITTEN | 0)
              .op('i32.store', 4, 0);
            bump(code, cells, CELL_BYTES);
            bump(code, slots, SLOT_BYTES);
            bump(code, left, 1);
          },
          () => {
            bump(code, day, 719_468);
            divide(day, 146_097).set(era);
            code.get(day).get(era).i32(146_097).op('i32.mul').op('i32.sub').set(day);
            code.get(day);
            divide(day, 1460).op('i32.sub');
            divide(day, 36_524).op('i32.add');
            divide(day, 146_096).op('i32.sub').i32(365).op('i32.div_u').set(year);
            code.get(day).get(year).i32(365).op('i32.mul').op('i32.sub');
            divide(year, 4).op('i32.sub');
            divide(year, 100).op('i32.add').set(day);
            code.get(day).i32(5).op('i32.mul').i32(2).op('i32.add').i32(153).op('i32.div_u').set(month);
            code.get(day).get(month).i32(153).op('i32.mul').i32(2).op('i32.add').i32(5).op('i32.div_u').op('i32.sub');
            code.i32(1).op('i32.add').set(day);
            code.get(month).i32(3).op('i32.add').get(month).i32(9).op('i32.sub');
            code.get(month).i32(10).op('i32.lt_u').select().set(month);
            code.get(year).get(era).i32(400).op('i32.mul').op('i32.add');
            code.get(month).i32(3).op('i32.lt_u').op('i32.add').set(year);
            code.get(day).get(slots).i32(SLOT_BYTES).op('i32.add').i32(2).call(put);
            code.i32(1).op('i32.sub').tee(at).i32(45).op('i32.store8');
            code.get(month).get(at).i32(2).call(put).i32(1).op('i32.sub').tee(at).i32(45).op('i32.store8');
            code.get(year).get(at).i32(4).call(put).set(at);
            storeCell(code, cells, at, slots);
          },
        );
        code.get(source).get(width).op('i32.add').set(source);
        bump(code, count, -1);
      },
    );
    code.get(left);
  });
}

function emitStrings(module: WasmModule): void {
  module.function('strings', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [cells, count, special, quote, trim] = params;
    const [start, end, at, odd, left] = [0, 1, 2, 3, 4].map(() => code.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const some = (): Code => code.get(start).get(end).op('i32.lt_u');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(cells).op('i32.load', 0, 0).tee(start).get(cells).op('i32.load', 4, 0).op('i32.add').set(end);
        code.get(trim).i32(1).op('i32.and');
        code.if(() => trimmed(code, start, end, start, 0, 1));
        code.get(trim).i32(2).op('i32.and');
        code.if(() => trimmed(code, start, end, end, -1, -1));
        some().op('i32.eqz').set(odd);
        some();
        code.if(() => {
          code.get(start).op('i32.load8_u').tee(at).get(quote).op('i32.eq');
          code.get(at).i32(BLANK).op('i32.le_u').op('i32.or').set(odd);
          code.get(start).set(at);
          whileLoop(
            code,
            () => code.get(at).get(end).op('i32.lt_u'),
            () => {
              code
                .get(special)
                .get(at)
                .op('i32.load8_u')
                .op('i32.add')
                .op('i32.load8_u')
                .get(odd)
                .op('i32.or')
                .set(odd);
              bump(code, at, 1);
            },
          );
        });
        code.get(cells).get(start).op('i32.store', 0, 0);
        code
          .get(cells)
          .get(end)
          .get(start)
          .op('i32.sub')
          .i32(UNWRITTEN | 0)
          .get(odd)
          .op('i32.eqz')
          .select();
        code.op('i32.store', 4, 0);
        code.get(left).get(odd).op('i32.add').set(left);
        bump(code, cells, CELL_BYTES);
        bump(code, count, -1);
      },
    );
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

function emitLines(module: WasmModule): void {
  const types = ['i32', 'i32', 'i32', 'i32', 'i64', 'i32', 'i64', 'i32', 'i32'] as const;
  module.function('lines', [...types], ['i32'], (code, ...params) => {
    const [cells, columns, stride, rows, between, betweenBytes, behind, behindBytes, target] = params;
    const [left, cell, from, to, last] = [0, 1, 2, 3, 4].map(() => code.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const separator = (bytes: Local, length: Local): void => {
      code.get(target).get(bytes).op('i64.store', 0, 0).get(target).get(length).op('i32.add').set(target);
    };
    whileLoop(
      code,
      () => code.get(rows),
      () => {
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
        bump(code, cells, CELL_BYTES);
        bump(code, rows, -1);
      },
    );
    code.get(target);
  });
}
