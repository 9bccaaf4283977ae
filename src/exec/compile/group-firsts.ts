import type { Code, Local, WasmModule } from '../../wasm/index.js';
import type { Pipe } from './pipe.js';
import { ENTRY_BYTES } from './sort-entry.js';
import { whileBelow } from './sort-ties.js';
import { PIPE } from './state-layout.js';

/** Bytes of a prefix in the table of the first ones of each group: `rows` of them, in order. */
export const PREFIX_BYTES = 8;

/** Adds to the address of the table that of a prefix's group. */
function toGroup(code: Code, prefix: () => Code, bits: number, rows: number): void {
  if (bits === 0) return;
  prefix()
    .i64(64 - bits)
    .op('i64.shr_u')
    .op('i32.wrap_i64');
  code
    .i32(rows * PREFIX_BYTES)
    .op('i32.mul')
    .op('i32.add');
}

/** leave_firsts(entries, count, firsts): leaves out entries that come behind the first prefixes of their group; gives how many are left. */
export function leaveFirsts(module: WasmModule, bits: number, rows: number): void {
  module.function('leave_firsts', ['i32', 'i32', 'i32'], ['i32'], (code, entries, count, firsts) => {
    const [at, end, to, prefix] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i64')];
    code.get(entries).tee(at).tee(to).get(count).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(end);
    whileBelow(code, at, end, () => {
      // Each is copied, and stays where the next one does not take its place.
      code.get(at).op('i64.load', 0).set(prefix);
      code.get(to).get(at).op('v128.load', 0, 0).op('v128.store', 0, 0);
      code.get(to).get(prefix).get(firsts);
      toGroup(code, () => code.get(prefix), bits, rows);
      code.op('i64.load', (rows - 1) * PREFIX_BYTES).op('i64.le_u');
      code.i32(4).op('i32.shl').op('i32.add').set(to);
      code.get(at).i32(ENTRY_BYTES).op('i32.add').set(at);
    });
    code.get(to).get(entries).op('i32.sub').i32(4).op('i32.shr_u');
  });
}

/** Runs a body where a prefix may be among the first `rows` of its group, and notes it there. */
export function amongFirsts({ code, state }: Pipe, prefix: Local, bits: number, rows: number, body: () => void): void {
  const [firsts, before] = [code.local('i32'), code.local('i64')];
  code.get(state).op('i32.load', PIPE.FIRSTS);
  toGroup(code, () => code.get(prefix), bits, rows);
  code.set(firsts);
  const store = (place: number, value: Local): void =>
    void code
      .get(firsts)
      .get(value)
      .op('i64.store', place * PREFIX_BYTES);
  const insert = (place: number): void => {
    if (place === 0) return store(0, prefix);
    code
      .get(prefix)
      .get(firsts)
      .op('i64.load', (place - 1) * PREFIX_BYTES)
      .tee(before)
      .op('i64.lt_u');
    code.if(
      () => {
        store(place, before);
        insert(place - 1);
      },
      () => store(place, prefix),
    );
  };
  code
    .get(prefix)
    .get(firsts)
    .op('i64.load', (rows - 1) * PREFIX_BYTES)
    .op('i64.le_u');
  code.if(() => {
    insert(rows - 1);
    body();
  });
}
