import { carrierOf } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { ModuleContext } from '../../functions/module-context.js';
import type { Value } from '../../functions/value.js';
import { type Code, type Func, type Local, WasmModule } from '../../wasm/index.js';
import type { SortKey } from '../physical.js';
import { fieldAt } from '../row-layout.js';
import type { SortSinkSpec } from '../task/spec.js';
import { leaveFirsts } from './group-firsts.js';
import { loadField } from './load.js';
import { radixSort } from './radix-sort.js';
import { keptLayout } from './rows.js';
import { ENTRY_BYTES } from './sort-entry.js';
import { prefixBits, prefixIsExact } from './sort-key.js';
import { pushBack, settleTies, tiedText, whileBelow } from './sort-ties.js';

type Order = Pick<SortSinkSpec, 'layout' | 'keys' | 'keyColumns' | 'keyFields' | 'groupLimit'>;

const RUN = 8;
/** Fewer entries than this are not worth the counters of a radix sort. */
const SMALL = 128;

/**
 * A module that sorts entries: `sort(entries, count, scratch)` gives the address (of the two) where the sorted
 * entries lie. A stable radix sort of the prefixes; where they do not tell all of the keys, entries with equal prefixes
 * are settled (see sort-ties.ts), in the end by a stable merge sort that compares the keys in the rows. The scratch has
 * room for the entries and RADIX_BYTES.
 */
export function compileSort(order: Order, settings: EvalSettings): Uint8Array<ArrayBuffer> {
  const { keyColumns } = order;
  const module = new WasmModule();
  const context = new ModuleContext(module, settings);
  const exact = prefixIsExact(keyColumns);
  const compare = exact ? undefined : compareRows(module, context, order);
  const mergeSort = emitMergeSort(module, entryBefore(module, compare));
  const text = exact ? undefined : tiedText(order);
  const settle = exact ? undefined : settleTies(module, mergeSort, text);
  const radix = radixSort(module, BigInt(64 - prefixBits(keyColumns)));
  const ordered = inOrder(module);
  module.function('sort', ['i32', 'i32', 'i32'], ['i32'], (code, entries, count, scratch) => {
    const small = (): void => {
      code.get(entries).get(count).get(scratch).call(mergeSort);
    };
    const large = (): void => {
      const sorted = code.local('i32');
      code.get(entries).get(count).call(ordered);
      code.if(
        () => code.get(entries),
        () => code.get(entries).get(count).get(scratch).call(radix),
        ['i32'],
      );
      if (settle === undefined) return;
      code.set(sorted);
      if (text === undefined)
        code.get(sorted).get(count).get(scratch).get(entries).get(sorted).get(entries).op('i32.eq').select();
      else {
        // Texts are sorted by radix, too: behind the scratch is room for it.
        pushBack(code, entries, sorted, () => code.get(count).i32(ENTRY_BYTES).op('i32.mul'));
        code.get(entries).tee(sorted).get(count).get(scratch);
      }
      code.call(settle).get(sorted);
    };
    code.get(count).i32(SMALL).op('i32.lt_u').if(small, large, ['i32']);
  });
  const { groupLimit } = order;
  if (groupLimit?.tabled !== undefined) leaveFirsts(module, groupLimit.tabled, groupLimit.rows);
  return module.bytes();
}

/** in_order(entries, count): whether no prefix is below the one before it: runs that are merged often follow each other. */
function inOrder(module: WasmModule): Func {
  return module.function(
    'in_order',
    ['i32', 'i32'],
    ['i32'],
    (code, entries, count) => {
      const last = code.local('i32');
      code.get(entries).get(count).i32(1).op('i32.sub').i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(last);
      code.block((found) => {
        whileBelow(code, entries, last, () => {
          code.get(entries).op('i64.load', ENTRY_BYTES).get(entries).op('i64.load', 0).op('i64.lt_u').brIf(found);
          code.get(entries).i32(ENTRY_BYTES).op('i32.add').set(entries);
        });
        code.i32(1).return();
      });
      code.i32(0);
    },
    { export: false },
  );
}

/** mergeSort(entries, count, scratch): a stable bottom-up merge sort over insertion-sorted runs. */
function emitMergeSort(module: WasmModule, before: Func): Func {
  const insertion = insertionSort(module, before);
  const merge = mergeRuns(module, before);
  return module.function(
    'merge_sort',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, entries, count, scratch) => {
      const end = code.local('i32');
      const at = code.local('i32');
      const width = code.local('i32');
      const swap = code.local('i32');
      const behind = (): Code =>
        code
          .get(at)
          .i32(RUN * ENTRY_BYTES)
          .op('i32.add');
      code.get(entries).get(count).i32(4).op('i32.shl').op('i32.add').set(end);
      code.get(entries).set(at);
      whileBelow(code, at, end, () => {
        code.get(at);
        pushMin(code, behind, end);
        code.call(insertion);
        behind().set(at);
      });
      code.i32(RUN * ENTRY_BYTES).set(width);
      code.block((sorted) => {
        code.loop((again) => {
          code.get(width).get(end).get(entries).op('i32.sub').op('i32.ge_u').brIf(sorted);
          code.get(entries).get(end).get(width).get(scratch).call(merge);
          code.get(scratch).get(end).get(entries).op('i32.sub').op('i32.add').set(end);
          code.get(entries).set(swap).get(scratch).set(entries).get(swap).set(scratch);
          code.get(width).i32(1).op('i32.shl').set(width);
          code.br(again);
        });
      });
      code.get(entries);
    },
    { export: false },
  );
}

function pushMin(code: Code, push: () => void, limit: Local): void {
  const value = code.local('i32');
  push();
  code.tee(value).get(limit).get(value).get(limit).op('i32.lt_u').select();
}

/** before(a, b): the entry at `a` comes strictly before the one at `b`. */
function entryBefore(module: WasmModule, compare: Func | undefined): Func {
  return module.function(
    'before',
    ['i32', 'i32'],
    ['i32'],
    (code, a, b) => {
      const x = code.local('i64');
      const y = code.local('i64');
      code.get(a).op('i64.load', 0).tee(x).get(b).op('i64.load', 0).tee(y).op('i64.lt_u');
      if (compare === undefined) return;
      code.if(() => code.i32(1), () => {
        code
          .get(x)
          .get(y)
          .op('i64.gt_u')
          .if(() => code.i32(0), () => {
            code.get(a).op('i32.load', 8).get(b).op('i32.load', 8).call(compare).i32(0).op('i32.lt_s');
          }, ['i32']);
      }, ['i32']);
    },
    { export: false },
  );
}

function copyEntry(code: Code, to: Local, from: Local): void {
  code.get(to).get(from).op('v128.load', 0, 0).op('v128.store', 0, 0);
}

/** insertion(from, end): sorts a short run in place. */
function insertionSort(module: WasmModule, before: Func): Func {
  return module.function(
    'insertion',
    ['i32', 'i32'],
    [],
    (code, from, end) => {
      const at = code.local('i32');
      const hole = code.local('i32');
      const other = code.local('i32');
      const held = code.local('v128');
      code.get(from).i32(ENTRY_BYTES).op('i32.add').set(at);
      whileBelow(code, at, end, () => {
        code.get(at).set(hole);
        code.block((placed) => {
          code.loop((again) => {
            code.get(hole).get(from).op('i32.le_u').brIf(placed);
            code.get(hole).i32(ENTRY_BYTES).op('i32.sub').set(other);
            code.get(hole).get(other).call(before).op('i32.eqz').brIf(placed);
            code.get(hole).op('v128.load', 0, 0).set(held);
            copyEntry(code, hole, other);
            code.get(other).get(held).op('v128.store', 0, 0);
            code.get(other).set(hole);
            code.br(again);
          });
        });
        code.get(at).i32(ENTRY_BYTES).op('i32.add').set(at);
      });
    },
    { export: false },
  );
}

/** merge(from, end, width, to): merges neighbouring runs of `width` bytes into `to`. */
function mergeRuns(module: WasmModule, before: Func): Func {
  return module.function(
    'merge',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, end, width, to) => {
      const a = code.local('i32');
      const aEnd = code.local('i32');
      const b = code.local('i32');
      const bEnd = code.local('i32');
      whileBelow(code, from, end, () => {
        code.get(from).set(a);
        pushMin(code, () => code.get(from).get(width).op('i32.add'), end);
        code.tee(aEnd).set(b);
        pushMin(code, () => code.get(b).get(width).op('i32.add'), end);
        code.set(bEnd);
        code.block((done) => {
          code.loop((again) => {
            code.get(a).get(aEnd).op('i32.ge_u').brIf(done);
            code.get(b).get(bEnd).op('i32.ge_u').brIf(done);
            code
              .get(b)
              .get(a)
              .call(before)
              .if(
                () => {
                  copyEntry(code, to, b);
                  code.get(b).i32(ENTRY_BYTES).op('i32.add').set(b);
                },
                () => {
                  copyEntry(code, to, a);
                  code.get(a).i32(ENTRY_BYTES).op('i32.add').set(a);
                },
              );
            code.get(to).i32(ENTRY_BYTES).op('i32.add').set(to);
            code.br(again);
          });
        });
        for (const [at, stop] of [
          [a, aEnd],
          [b, bEnd],
        ] as const) {
          code.get(to).get(at).get(stop).get(at).op('i32.sub').op('memory.copy');
          code.get(to).get(stop).get(at).op('i32.sub').op('i32.add').set(to);
        }
        code.get(bEnd).set(from);
      });
    },
    { export: false },
  );
}

/** compare(rowA, rowB): negative, zero or positive, by the keys stored in the rows. */
function compareRows(module: WasmModule, context: ModuleContext, { layout: layoutSpec, keys, keyFields }: Order): Func {
  const layout = keptLayout(layoutSpec);
  return module.function(
    'compare',
    ['i32', 'i32'],
    ['i32'],
    (code, rowA, rowB) => {
      const order = code.local('i32');
      keys.forEach((key, k) => {
        const field = fieldAt(layout, keyFields[k] as number);
        const a = loadField(code, rowA, field, key.expr.type);
        const b = loadField(code, rowB, field, key.expr.type);
        pushOrder(code, context, a, b, key);
        code.tee(order).if(() => code.get(order).return());
      });
      code.i32(0);
    },
    { export: false },
  );
}

function pushOrder(code: Code, context: ModuleContext, a: Value, b: Value, key: SortKey): void {
  const values = (): void => {
    pushCompare(code, context, a, b);
    if (key.descending) code.i32(-1).op('i32.mul');
  };
  if (a.isNull === undefined || b.isNull === undefined) return values();
  const whenNull = key.nullsFirst ? -1 : 1;
  const { isNull: aNull } = a;
  const { isNull: bNull } = b;
  code
    .get(aNull)
    .get(bNull)
    .op('i32.or')
    .if(
      // null against value: (aNull - bNull) * whenNull; both null: 0
      () => code.get(aNull).get(bNull).op('i32.sub').i32(whenNull).op('i32.mul'),
      values,
      ['i32'],
    );
}

/** Pushes -1, 0 or 1. NaN is greatest (keys are canonical). */
function pushCompare(code: Code, context: ModuleContext, a: Value, b: Value): void {
  const [a1, a2] = a.parts as readonly Local[];
  const [b1, b2] = b.parts as readonly Local[];
  const three = (gt: 'i32.gt_s' | 'i64.gt_s', lt: 'i32.lt_s' | 'i64.lt_s', x: Local, y: Local): void => {
    code.get(x).get(y).op(gt).get(x).get(y).op(lt).op('i32.sub');
  };
  switch (carrierOf(a.type)) {
    case 'i32':
      return three('i32.gt_s', 'i32.lt_s', a1 as Local, b1 as Local);
    case 'i64':
      return three('i64.gt_s', 'i64.lt_s', a1 as Local, b1 as Local);
    case 'f32':
    case 'f64': {
      const [x, y] = [a1, b1].map((part) => orderedFloat(code, part as Local));
      return three('i64.gt_s', 'i64.lt_s', x as Local, y as Local);
    }
    case 'i128':
      if (a.carrier === 'i64') return three('i64.gt_s', 'i64.lt_s', a1 as Local, b1 as Local);
      code
        .get(a1 as Local)
        .get(a2 as Local)
        .get(b1 as Local)
        .get(b2 as Local)
        .call(context.helper('i128_compare'));
      return;
    case 'bytes':
      code
        .get(a1 as Local)
        .get(a2 as Local)
        .get(b1 as Local)
        .get(b2 as Local)
        .call(context.helper('bytes_compare'));
      return;
    case 'none':
      code.i32(0);
      return;
  }
}

/** A float's bits as a signed integer that orders alike, NaN above infinity. */
function orderedFloat(code: Code, part: Local): Local {
  const bits = code.local('i64');
  code.get(part);
  if (part.type === 'f32') code.op('f64.promote_f32');
  code.op('i64.reinterpret_f64').set(bits);
  const ordered = code.local('i64');
  code.get(bits).get(bits).i64(63).op('i64.shr_s').i64(1).op('i64.shr_u').op('i64.xor').set(ordered);
  return ordered;
}
