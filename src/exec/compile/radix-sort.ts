import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { ENTRY_BYTES } from './sort-entry.js';

const DIGIT_BITS = 8;
const DIGITS = 1 << DIGIT_BITS;
const COUNTER_BYTES = DIGITS * 4;
/** Bytes of counters that stand behind the scratch entries: of the split by the top digit, and of one bucket. */
export const RADIX_BYTES = COUNTER_BYTES * 2;
/** Where the top digit begins in the prefix. */
const TOP_DIGIT = 56n;
/** Entries that are sorted digit by digit without leaving the near cache; more are split by their top digit first. */
const NEAR = 32_768;

/**
 * radix(entries, count, scratch): sorts entries by the bits of their prefix from `lowest` up, stably; gives the address
 * (of the two) where they lie then. Many are split by their top digit, and each bucket is sorted for itself.
 */
export function radixSort(module: WasmModule, lowest: bigint): Func {
  const digits = leastSignificantFirst(module);
  return module.function(
    'radix',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, entries, count, scratch) => {
      const counters = code.local('i32');
      const bucketCounters = code.local('i32');
      const shift = code.local('i64');
      const one = code.local('i32');
      const end = code.local('i32');
      code.get(scratch).get(count).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').tee(counters);
      code.i32(COUNTER_BYTES).op('i32.add').set(bucketCounters);
      const all = (): void => {
        code.get(entries).get(count).get(scratch).i64(lowest).i64(64).get(counters).call(digits);
      };
      code
        .get(count)
        .i32(NEAR)
        .op('i32.le_u')
        .if(() => {
          all();
          code.return();
        });
      code.get(entries).get(count).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(end);
      code.i64(TOP_DIGIT).set(shift);
      countDigits(code, entries, end, counters, shift);
      startOfDigits(code, counters, scratch, count, one);
      code.get(one).if(() => {
        all();
        code.return();
      });
      scatter(code, entries, end, counters, shift);
      eachBucket(code, { entries, scratch, counters, bucketCounters }, lowest, digits);
      code.get(scratch);
    },
    { export: false },
  );
}

interface Buckets {
  /** Free by now. */
  readonly entries: Local;
  /** Where the buckets lie. */
  readonly scratch: Local;
  /** The end of each bucket. */
  readonly counters: Local;
  readonly bucketCounters: Local;
}

function eachBucket(
  code: Code,
  { entries, scratch, counters, bucketCounters }: Buckets,
  lowest: bigint,
  digits: Func,
): void {
  const digit = code.local('i32');
  const start = code.local('i32');
  const stop = code.local('i32');
  const other = code.local('i32');
  const where = code.local('i32');
  code.get(scratch).set(start).i32(0).set(digit);
  code.loop((again) => {
    code.get(counters).get(digit).op('i32.add').op('i32.load', 0).set(stop);
    code
      .get(stop)
      .get(start)
      .op('i32.sub')
      .i32(ENTRY_BYTES)
      .op('i32.gt_u')
      .if(() => {
        code.get(entries).get(start).get(scratch).op('i32.sub').op('i32.add').set(other);
        code.get(start).get(stop).get(start).op('i32.sub').i32(4).op('i32.shr_u').get(other);
        code.i64(lowest).i64(TOP_DIGIT).get(bucketCounters).call(digits).set(where);
        code
          .get(where)
          .get(start)
          .op('i32.ne')
          .if(() => {
            code.get(start).get(where).get(stop).get(start).op('i32.sub').op('memory.copy');
          });
      });
    code.get(stop).set(start);
    code.get(digit).i32(4).op('i32.add').tee(digit).i32(COUNTER_BYTES).op('i32.lt_u').brIf(again);
  });
}

/**
 * digits(entries, count, scratch, shift, top, counters): sorts by the bits shift…top, least significant digit first. A
 * digit that all entries share costs only the counting.
 */
function leastSignificantFirst(module: WasmModule): Func {
  return module.function(
    'digits',
    ['i32', 'i32', 'i32', 'i64', 'i64', 'i32'],
    ['i32'],
    (code, entries, count, scratch, shift, top, counters) => {
      const end = code.local('i32');
      const one = code.local('i32');
      const swap = code.local('i32');
      code.block((sorted) => {
        code.loop((again) => {
          code.get(shift).get(top).op('i64.ge_u').brIf(sorted);
          code.get(entries).get(count).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(end);
          countDigits(code, entries, end, counters, shift);
          startOfDigits(code, counters, scratch, count, one);
          code
            .get(one)
            .op('i32.eqz')
            .if(() => {
              scatter(code, entries, end, counters, shift);
              code.get(entries).set(swap).get(scratch).set(entries).get(swap).set(scratch);
            });
          code.get(shift).i64(BigInt(DIGIT_BITS)).op('i64.add').set(shift);
          code.br(again);
        });
      });
      code.get(entries);
    },
    { export: false },
  );
}

/** Turns counts into the addresses where each digit's entries go; `one` says whether one digit has all of them. */
function startOfDigits(code: Code, counters: Local, to: Local, count: Local, one: Local): void {
  const digit = code.local('i32');
  const next = code.local('i32');
  const here = code.local('i32');
  code.get(to).set(next).i32(0).set(digit).i32(0).set(one);
  code.loop((again) => {
    code.get(counters).get(digit).op('i32.add').op('i32.load', 0).set(here);
    code.get(one).get(here).get(count).op('i32.eq').op('i32.or').set(one);
    code.get(counters).get(digit).op('i32.add').get(next).op('i32.store', 0);
    code.get(next).get(here).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(next);
    code.get(digit).i32(4).op('i32.add').tee(digit).i32(COUNTER_BYTES).op('i32.lt_u').brIf(again);
  });
}

/** Pushes the address of the counter of the entry's digit. */
function pushCounter(code: Code, entry: Local, counters: Local, shift: Local): void {
  code.get(counters).get(entry).op('i64.load', 0).get(shift).op('i64.shr_u').op('i32.wrap_i64');
  code
    .i32(DIGITS - 1)
    .op('i32.and')
    .i32(2)
    .op('i32.shl')
    .op('i32.add');
}

function eachEntry(code: Code, entries: Local, end: Local, body: (entry: Local) => void): void {
  const entry = code.local('i32');
  code.get(entries).set(entry);
  code.block((exit) => {
    code.loop((again) => {
      code.get(entry).get(end).op('i32.ge_u').brIf(exit);
      body(entry);
      code.get(entry).i32(ENTRY_BYTES).op('i32.add').set(entry);
      code.br(again);
    });
  });
}

function countDigits(code: Code, entries: Local, end: Local, counters: Local, shift: Local): void {
  const counter = code.local('i32');
  code.get(counters).i32(0).i32(COUNTER_BYTES).op('memory.fill');
  eachEntry(code, entries, end, (entry) => {
    pushCounter(code, entry, counters, shift);
    code.tee(counter).get(counter).op('i32.load', 0).i32(1).op('i32.add').op('i32.store', 0);
  });
}

function scatter(code: Code, entries: Local, end: Local, counters: Local, shift: Local): void {
  const counter = code.local('i32');
  const to = code.local('i32');
  eachEntry(code, entries, end, (entry) => {
    pushCounter(code, entry, counters, shift);
    code.tee(counter).op('i32.load', 0).tee(to).get(entry).op('v128.load', 0, 0).op('v128.store', 0, 0);
    code.get(counter).get(to).i32(ENTRY_BYTES).op('i32.add').op('i32.store', 0);
  });
}
