import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { fieldAt, type RowField } from '../row-layout.js';
import type { SortSinkSpec } from '../task/spec.js';
import { radixSort } from './radix-sort.js';
import { keptLayout } from './rows.js';
import { ENTRY_BYTES } from './sort-entry.js';
import { textBehind } from './sort-key.js';

/** Fewer ties are compared. */
const MANY_BYTES = 24 * ENTRY_BYTES;
/** So many bytes of a text are sorted by, eight at a time; what is equal in all of them is compared. */
const MOST_TEXT = 64;

/** The text of which the prefix of a sort's keys has the beginning. */
interface TiedText {
  readonly field: RowField;
  readonly descending: boolean;
  /** How many of its bytes are in the prefix. */
  readonly skip: number;
}

export function tiedText(
  order: Pick<SortSinkSpec, 'layout' | 'keys' | 'keyColumns' | 'keyFields'>,
): TiedText | undefined {
  const found = textBehind(order.keyColumns);
  if (found === undefined) return undefined;
  const field = fieldAt(keptLayout(order.layout), order.keyFields[found.key] as number);
  return { field, descending: order.keys[found.key]?.descending === true, skip: found.skip };
}

/** settle(entries, count, scratch): sorts each run of entries with equal prefixes by their keys. */
export function settleTies(module: WasmModule, mergeSort: Func, text: TiedText | undefined): Func {
  const texts = text === undefined ? undefined : sortTexts(module, mergeSort, text);
  return module.function(
    'settle',
    ['i32', 'i32', 'i32'],
    [],
    (code, entries, count, scratch) => {
      eachTie(code, entries, count, (at, bytes) => {
        const compared = (): void => mergeTie(code, mergeSort, at, bytes, scratch);
        if (text === undefined || texts === undefined) return compared();
        code.get(bytes).i32(MANY_BYTES).op('i32.ge_u');
        const { nullOffset } = text.field;
        if (nullOffset !== undefined)
          code.get(at).op('i32.load', 8).op('i32.load8_u', nullOffset).op('i32.eqz').op('i32.and');
        code.if(() => code.get(at).get(bytes).i32(4).op('i32.shr_u').get(scratch).i32(text.skip).call(texts), compared);
      });
    },
    { export: false },
  );
}

/** texts(entries, count, scratch, from): sorts entries whose texts are equal up to `from`, and whose prefixes are. */
function sortTexts(module: WasmModule, mergeSort: Func, { field, descending, skip }: TiedText): Func {
  const radix = radixSort(module, 0n);
  const texts = module.declare('texts', ['i32', 'i32', 'i32', 'i32'], [], { export: false });
  module.define(texts, (code, ...given) => {
    const [entries, count, scratch, from] = given as unknown as readonly [Local, Local, Local, Local];
    const [prefix, word] = [code.local('i64'), code.local('i64')];
    const [at, end, row, left, goesOn] = Array.from({ length: 5 }, () => code.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const each = (body: () => void): void => {
      code.get(entries).set(at);
      whileBelow(code, at, end, () => {
        body();
        code.get(at).i32(ENTRY_BYTES).op('i32.add').set(at);
      });
    };
    code.get(entries).op('i64.load', 0).set(prefix);
    code.get(entries).get(count).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(end);
    each(() => {
      code
        .get(at)
        .op('i32.load', 8)
        .tee(row)
        .op('i32.load', field.offset + 4)
        .get(from)
        .op('i32.sub')
        .set(left);
      code.i64(0).set(word);
      code.get(left).i32(0).op('i32.gt_s');
      code.if(() => {
        pushBigEndian(code, () => code.get(row).op('i32.load', field.offset).get(from).op('i32.add'), word);
        code.set(word);
        code.get(left).i32(8).op('i32.lt_u');
        code.if(
          // What lies behind the end is no part of it.
          () => {
            code.get(word).i64(-1).i32(8).get(left).op('i32.sub').i32(3).op('i32.shl').op('i64.extend_i32_u');
            code.op('i64.shl').op('i64.and').set(word);
          },
          () => code.get(goesOn).get(left).i32(8).op('i32.gt_u').op('i32.or').set(goesOn),
        );
      });
      code.get(at).get(word);
      if (descending) code.i64(-1).op('i64.xor');
      code.op('i64.store', 0);
    });
    code.get(entries).get(count).get(scratch).call(radix).set(row);
    pushBack(code, entries, row, () => code.get(end).get(entries).op('i32.sub'));
    code
      .get(goesOn)
      .get(from)
      .i32(skip + MOST_TEXT)
      .op('i32.lt_u')
      .op('i32.and')
      .set(goesOn);
    eachTie(code, entries, count, (tie, bytes) => {
      code.get(goesOn).get(bytes).i32(MANY_BYTES).op('i32.ge_u').op('i32.and');
      code.if(
        () => {
          code.get(tie).get(bytes).i32(4).op('i32.shr_u').get(scratch);
          code.get(from).i32(8).op('i32.add').call(texts);
        },
        () => mergeTie(code, mergeSort, tie, bytes, scratch),
      );
    });
    each(() => code.get(at).get(prefix).op('i64.store', 0));
  });
  return texts;
}

/** Pushes the eight bytes at an address as a number that orders as they do. */
function pushBigEndian(code: Code, address: () => void, x: Local): void {
  address();
  code.op('i64.load', 0, 0).set(x);
  for (const [shift, mask] of [
    [8, 0x00ff00ff00ff00ffn],
    [16, 0x0000ffff0000ffffn],
  ] as const) {
    code.get(x).i64(shift).op('i64.shr_u').i64(mask).op('i64.and');
    code.get(x).i64(mask).op('i64.and').i64(shift).op('i64.shl').op('i64.or').set(x);
  }
  code.get(x).i64(32).op('i64.rotl');
}

/** Runs a body for each run of more than one entry with equal prefixes. */
function eachTie(code: Code, entries: Local, count: Local, body: (at: Local, bytes: Local) => void): void {
  const [at, end, stop, bytes] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
  code.get(entries).tee(at).get(count).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(end);
  whileBelow(code, at, end, () => {
    code.get(at).set(stop);
    code.block((found) => {
      code.loop((again) => {
        code.get(stop).i32(ENTRY_BYTES).op('i32.add').tee(stop).get(end).op('i32.ge_u').brIf(found);
        code.get(stop).op('i64.load', 0).get(at).op('i64.load', 0).op('i64.ne').brIf(found);
        code.br(again);
      });
    });
    code
      .get(stop)
      .get(at)
      .op('i32.sub')
      .tee(bytes)
      .i32(ENTRY_BYTES)
      .op('i32.gt_u')
      .if(() => body(at, bytes));
    code.get(stop).set(at);
  });
}

function mergeTie(code: Code, mergeSort: Func, at: Local, bytes: Local, scratch: Local): void {
  const where = code.local('i32');
  code.get(at).get(bytes).i32(4).op('i32.shr_u').get(scratch).call(mergeSort).set(where);
  pushBack(code, at, where, () => code.get(bytes));
}

/** Copies what lies elsewhere to where it is to be. */
export function pushBack(code: Code, to: Local, from: Local, bytes: () => void): void {
  code
    .get(to)
    .get(from)
    .op('i32.ne')
    .if(() => {
      code.get(to).get(from);
      bytes();
      code.op('memory.copy');
    });
}

export function whileBelow(code: Code, at: Local, end: Local, body: () => void): void {
  code.block((exit) => {
    code.loop((again) => {
      code.get(at).get(end).op('i32.ge_u').brIf(exit);
      body();
      code.br(again);
    });
  });
}
