import type { SharedHeap } from '../../base/index.js';
import { type Code, instantiate, type Local, ModuleCache, WasmModule } from '../../wasm/index.js';
import { PARTITION_SHIFT } from '../row-layout.js';
import { eachRow } from './kernels.js';
import { ENTRY_BYTES } from './sort-entry.js';

/**
 * Fixed kernels over rows on their way to disk and back, the same for every query. `rows` lie one after the other;
 * `list` is addresses of rows; offsets are within a row, and a `nulls` of 0 says that the field is never null.
 *
 * - `count_hashes(rows, count, stride, place, finer, counts)` and `list_by_hash(…, cursors)`: the rows listed by the top six
 *   bits of their place and as many more as `finer` says; else in order. `cursors` are where the lists are continued;
 *   `scatter_by_hash(…, cursors)` puts the rows themselves there.
 * - `list_equal(rows, count, stride, offset, shift, value, list)`: the rows listed of whose word the bits from `shift` on have a
 *   value; gives how many. The list has room for all.
 * - `list_entries(entries, count, list, prefixes, packed)`: sorted entries taken apart; `make_entries(rows, count, stride,
 *   prefixes, entries, packed)`: and put together. Of packed ones the rows are what is behind the prefixes.
 * - `measure(rows, count, stride, offset, nulls, lengths)`: adds the bytes of a field to each row's length; gives their sum.
 * - `gather(list, count, stride, to)`: copies rows.
 * - `move_bytes(rows, count, stride, offset, nulls, bytes, used)`: puts the bytes of a field behind each other, notes their
 *   positions in the rows, and gives the new `used`.
 * - `add(rows, count, stride, offset, by, most)`: adds to a word of each row, up to `most`.
 * - `measure_chains`, `move_chains` and `relocate_chains`: the same for what aggregates keep as chains of records (see
 *   functions/aggregate-collect.ts); they are told where in a row a chain's first and last record, their number and their
 *   bytes are. Records come to lie one after the other, and are linked when they are back at an address.
 * - `number(rows, count, stride, offset, first)`: numbers rows.
 */
export interface SpillKernels {
  count_hashes(rows: number, count: number, stride: number, place: number, finer: number, counts: number): void;
  list_by_hash(rows: number, count: number, stride: number, place: number, finer: number, cursors: number): void;
  scatter_by_hash: SpillKernels['list_by_hash'];
  list_equal(
    rows: number,
    count: number,
    stride: number,
    offset: number,
    shift: number,
    value: number,
    list: number,
  ): number;
  list_entries(entries: number, count: number, list: number, prefixes: number, packed: number): void;
  make_entries(rows: number, count: number, stride: number, prefixes: number, entries: number, packed: number): void;
  measure(rows: number, count: number, stride: number, offset: number, nulls: number, lengths: number): number;
  gather(list: number, count: number, stride: number, to: number): void;
  move_bytes(
    rows: number,
    count: number,
    stride: number,
    offset: number,
    nulls: number,
    bytes: number,
    used: number,
  ): number;
  measure_chains(rows: number, count: number, stride: number, bytes: number, lengths: number): number;
  move_chains(
    rows: number,
    count: number,
    stride: number,
    first: number,
    records: number,
    bytes: number,
    used: number,
  ): number;
  relocate_chains(
    rows: number,
    count: number,
    stride: number,
    first: number,
    last: number,
    records: number,
    base: number,
  ): void;
  add(rows: number, count: number, stride: number, offset: number, by: number, most: number): void;
  number(rows: number, count: number, stride: number, offset: number, first: number): void;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, SpillKernels>();

export function spillKernels({ memory }: SharedHeap): SpillKernels {
  let kernels = instances.get(memory);
  if (kernels === undefined) {
    kernels = instantiate<SpillKernels>(modules.get('spill', compileSpillKernels), memory).exports;
    instances.set(memory, kernels);
  }
  return kernels;
}

function compileSpillKernels(): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  partitions(module);
  entries(module);
  texts(module);
  chains(module);
  module.function('gather', ['i32', 'i32', 'i32', 'i32'], [], (code, list, count, stride, to) => {
    const [from, end] = [code.local('i32'), code.local('i32')];
    eachListed(code, list, count, (row) => {
      code.get(row).set(from).get(to).get(stride).op('i32.add').set(end);
      copyWords(code, from, to, end);
    });
  });
  module.function('add', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (code, ...given) => {
    const [rows, count, stride, offset, by, most] = given as unknown as Six;
    const [at, sum] = [code.local('i32'), code.local('i32')];
    eachRow(code, rows, count, stride, (row) => {
      code.get(row).get(offset).op('i32.add').tee(at);
      code.get(at).op('i32.load', 0).get(by).op('i32.add').tee(sum);
      code.get(most).get(sum).get(most).op('i32.lt_u').select().op('i32.store', 0);
    });
  });
  module.function('number', ['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, rows, count, stride, offset, first) => {
    eachRow(code, rows, count, stride, (row) => {
      code.get(row).get(offset).op('i32.add').get(first).op('i32.store', 0);
      step(code, first, 1);
    });
  });
  return module.bytes();
}

type Six = readonly [Local, Local, Local, Local, Local, Local];

function partitions(module: WasmModule): void {
  /** Calls `body` for each row with where its slot is. */
  const eachSlot = (code: Code, given: readonly Local[], body: (row: Local, slot: Local) => void): void => {
    const [rows, count, stride, place, finer, table] = given as unknown as Six;
    const slot = code.local('i32');
    eachRow(code, rows, count, stride, (row) => {
      code.get(row).get(place).op('i32.add').op('i32.load', 0);
      code.i32(PARTITION_SHIFT).get(finer).op('i32.sub').op('i32.shr_u');
      code.i32(2).op('i32.shl').get(table).op('i32.add').set(slot);
      body(row, slot);
    });
  };
  const six = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('count_hashes', [...six], [], (code, ...given) => {
    eachSlot(code, given, (_, slot) => {
      code.get(slot).get(slot).op('i32.load', 0).i32(1).op('i32.add').op('i32.store', 0);
    });
  });
  module.function('list_by_hash', [...six], [], (code, ...given) => {
    const at = code.local('i32');
    eachSlot(code, given, (row, slot) => {
      code.get(slot).op('i32.load', 0).tee(at).get(row).op('i32.store', 0);
      code.get(slot).get(at).i32(4).op('i32.add').op('i32.store', 0);
    });
  });
  module.function('list_equal', [...six, 'i32'], ['i32'], (code, ...given) => {
    const [rows, count, stride, offset, shift, value] = given as unknown as Six;
    const [list, at] = [given[6] as Local, code.local('i32')];
    code.get(list).set(at);
    eachRow(code, rows, count, stride, (row) => {
      code.get(at).get(row).op('i32.store', 0);
      code.get(row).get(offset).op('i32.add').op('i32.load', 0).get(shift).op('i32.shr_u').get(value).op('i32.eq');
      code.i32(2).op('i32.shl').get(at).op('i32.add').set(at);
    });
    code.get(at).get(list).op('i32.sub').i32(2).op('i32.shr_u');
  });
  module.function('scatter_by_hash', [...six], [], (code, ...given) => {
    const [from, to, end] = [code.local('i32'), code.local('i32'), code.local('i32')];
    eachSlot(code, given, (row, slot) => {
      code
        .get(row)
        .set(from)
        .get(slot)
        .op('i32.load', 0)
        .tee(to)
        .get(given[2] as Local)
        .op('i32.add')
        .set(end);
      copyWords(code, from, to, end);
      code.get(slot).get(end).op('i32.store', 0);
    });
  });
}

function entries(module: WasmModule): void {
  module.function(
    'list_entries',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, count, list, prefixes, packed) => {
      const width = code.local('i32');
      code.i32(ENTRY_BYTES).set(width);
      eachRow(code, from, count, width, (entry) => {
        code
          .get(list)
          .get(entry)
          .i32(8)
          .op('i32.add')
          .get(entry)
          .op('i32.load', 8)
          .get(packed)
          .select()
          .op('i32.store', 0);
        code.get(prefixes).get(entry).op('i64.load', 0).op('i64.store', 0);
        step(code, list, 4);
        step(code, prefixes, 8);
      });
    },
  );
  module.function(
    'make_entries',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, rows, count, stride, prefixes, to, packed) => {
      eachRow(code, rows, count, stride, (row) => {
        code.get(to).get(prefixes).op('i64.load', 0).op('i64.store', 0);
        code.get(to).get(row).op('i64.load32_u', 0).get(row).op('i64.extend_i32_u').get(packed).select();
        code.op('i64.store', 8);
        step(code, prefixes, 8);
        step(code, to, ENTRY_BYTES);
      });
    },
  );
}

function texts(module: WasmModule): void {
  const six = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('measure', [...six], ['f64'], (code, ...given) => {
    const [rows, count, stride, offset, nulls, lengths] = given as unknown as Six;
    const [size, sum] = [code.local('i32'), code.local('f64')];
    eachRow(code, rows, count, stride, (row) => {
      pushLength(code, row, offset, nulls);
      code.get(lengths).op('i32.load', 0).op('i32.add').set(size);
      code.get(lengths).get(size).op('i32.store', 0);
      code.get(sum).get(size).op('f64.convert_i32_u').op('f64.add').set(sum);
      step(code, lengths, 4);
    });
    code.get(sum);
  });
  const seven = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('move_bytes', [...seven], ['i32'], (code, ...given) => {
    const [rows, count, stride, offset, nulls, bytes] = given as unknown as Six;
    const used = given[6] as Local;
    const [size, from, to, end, field] = Array.from({ length: 5 }, () => code.local('i32')) as unknown as Six;
    eachRow(code, rows, count, stride, (row) => {
      pushLength(code, row, offset, nulls);
      code.set(size);
      code.get(row).get(offset).op('i32.add').tee(field).op('i32.load', 0).set(from);
      code.get(field).get(used).op('i32.store', 0).get(field).get(size).op('i32.store', 4);
      code.get(bytes).get(used).op('i32.add').tee(to).get(size).op('i32.add').set(end);
      code.get(used).get(size).op('i32.add').set(used);
      code.get(size).if(() => copy(code, from, to, end));
    });
    code.get(used);
  });
}

/** Copies a row. Moves the pointers. */
function copyWords(code: Code, from: Local, to: Local, end: Local): void {
  code.loop((again) => {
    code.get(to).get(from).op('i64.load', 0, 0).op('i64.store', 0, 0);
    step(code, from, 8);
    code.get(to).i32(8).op('i32.add').tee(to).get(end).op('i32.lt_u').brIf(again);
  });
}

/** Room has slack behind it, and what is written too far is written over. Moves the pointers. */
function copy(code: Code, from: Local, to: Local, end: Local): void {
  code.loop((again) => {
    code.get(to).get(from).op('v128.load', 0, 0).op('v128.store', 0, 0);
    step(code, from, 16);
    code.get(to).i32(16).op('i32.add').tee(to).get(end).op('i32.lt_u').brIf(again);
  });
}

/** What a record of a chain begins with: the address of the next one, and the length of what follows. */
const RECORD_HEADER = 8;

function chains(module: WasmModule): void {
  const field = (code: Code, row: Local, offset: Local): Code => code.get(row).get(offset).op('i32.add');
  const five = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('measure_chains', [...five], ['f64'], (code, rows, count, stride, bytes, lengths) => {
    const [size, sum] = [code.local('i32'), code.local('f64')];
    eachRow(code, rows, count, stride, (row) => {
      field(code, row, bytes).op('i32.load', 0).get(lengths).op('i32.load', 0).op('i32.add').set(size);
      code.get(lengths).get(size).op('i32.store', 0);
      code.get(sum).get(size).op('f64.convert_i32_u').op('f64.add').set(sum);
      step(code, lengths, 4);
    });
    code.get(sum);
  });
  const seven = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('move_chains', [...seven], ['i32'], (code, ...given) => {
    const [rows, count, stride, first, records, bytes] = given as unknown as Six;
    const used = given[6] as Local;
    const [left, from, record, to, end, size] = Array.from({ length: 6 }, () => code.local('i32')) as unknown as Six;
    eachRow(code, rows, count, stride, (row) => {
      field(code, row, first).op('i32.load', 0).set(record);
      field(code, row, first).get(used).op('i32.store', 0);
      field(code, row, records).op('i32.load', 0).tee(left);
      code.if(() => {
        code.loop((again) => {
          code.get(record).set(from).get(record).op('i32.load', 4, 0).i32(RECORD_HEADER).op('i32.add').set(size);
          code.get(bytes).get(used).op('i32.add').tee(to).get(size).op('i32.add').set(end);
          code.get(used).get(size).op('i32.add').set(used);
          copy(code, from, to, end);
          code.get(record).op('i32.load', 0, 0).set(record);
          code.get(left).i32(1).op('i32.sub').tee(left).brIf(again);
        });
      });
    });
    code.get(used);
  });
  module.function('relocate_chains', [...seven], [], (code, ...given) => {
    const [rows, count, stride, first, last, records] = given as unknown as Six;
    const base = given[6] as Local;
    const [left, record, next] = [code.local('i32'), code.local('i32'), code.local('i32')];
    eachRow(code, rows, count, stride, (row) => {
      field(code, row, records).op('i32.load', 0).tee(left);
      code.if(() => {
        field(code, row, first).op('i32.load', 0).get(base).op('i32.add').set(next);
        field(code, row, first).get(next).op('i32.store', 0);
        code.loop((again) => {
          code.get(next).set(record);
          code.get(record).get(record).op('i32.load', 4, 0).i32(RECORD_HEADER).op('i32.add').op('i32.add').set(next);
          code.get(record).get(next).op('i32.store', 0, 0);
          code.get(left).i32(1).op('i32.sub').tee(left).brIf(again);
        });
        code.get(record).i32(0).op('i32.store', 0, 0);
        field(code, row, last).get(record).op('i32.store', 0);
      });
    });
  });
}

/** Pushes the length of a field's bytes: a null has none. */
function pushLength(code: Code, row: Local, offset: Local, nulls: Local): void {
  code.get(row).get(offset).op('i32.add').op('i32.load', 4).i32(0);
  code
    .get(nulls)
    .op('i32.eqz')
    .if(
      () => code.i32(1),
      () => code.get(row).get(nulls).op('i32.add').op('i32.load8_u', 0).op('i32.eqz'),
      ['i32'],
    );
  code.select();
}

const step = (code: Code, pointer: Local, bytes: number): Code =>
  code.get(pointer).i32(bytes).op('i32.add').set(pointer);

function eachListed(code: Code, list: Local, count: Local, body: (row: Local) => void): void {
  const [i, at, row] = [code.local('i32'), code.local('i32'), code.local('i32')];
  code.get(list).set(at);
  code.forRange(
    i,
    () => code.i32(0),
    count,
    () => {
      code.get(at).op('i32.load', 0).set(row);
      body(row);
      step(code, at, 4);
    },
  );
}
