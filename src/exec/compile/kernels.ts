import { type Code, type Local, WasmModule } from '../../wasm/index.js';
import { GROUP_HEADER, JOIN_HEADER, PARTITION_SHIFT } from '../row-layout.js';
import { POSITION_BYTES } from './state-layout.js';

/**
 * Fixed kernels over rows, the same for every query:
 *
 * - `link_direct(rows, count, stride, keyOffset, keyBytes, nullOffset, base i64, heads, from, to)`: puts rows in
 *   front of the chain of slot `key - base`, for slots in from…to, last row first, so chains keep row order.
 * - `link_ranked(rows, count, stride, keyOffset, keyBytes, nullOffset, base i64, heads, from, to, bits, ranks)`: the same
 *   with the number of bits set before `key - base` as the slot.
 * - `rank_bits(bits, words, ranks)`: for each word of 64 bits how many are set before it.
 * - `link_hash(rows, count, stride, nullable, mask, heads, from, to)`: the same with slot `hash & mask`.
 * - `fill_bits(rows, count, stride, keyOffset, keyBytes, nullOffset, base i64, bits, from, to)`: sets bit `key - base`
 *   where it is in from…to, both multiples of 32.
 * - `flag_bits(bits, from, to, flags)`: a byte for each bit of the 32-bit words from…to: `POSITION_BYTES` where it is set.
 * - `histogram(rows, count, stride, counts)` and `scatter(rows, count, stride, cursors)`: split group rows by the top
 *   six bits of their hash, keeping their order; `cursors` are the write addresses of the partitions.
 * - `index_rows(rows, count, stride, index, mask)`: puts group rows into an empty hash index with room for them.
 */
export interface RowKernels {
  link_direct(
    rows: number,
    count: number,
    stride: number,
    keyOffset: number,
    keyBytes: number,
    nullOffset: number,
    base: bigint,
    heads: number,
    from: number,
    to: number,
  ): void;
  link_ranked(...parameters: [...Parameters<RowKernels['link_direct']>, bits: number, ranks: number]): void;
  rank_bits(bits: number, words: number, ranks: number): void;
  link_hash(rows: number, count: number, stride: number, mask: number, heads: number, from: number, to: number): void;
  fill_bits: RowKernels['link_direct'];
  flag_bits(bits: number, from: number, to: number, flags: number): void;
  histogram(rows: number, count: number, stride: number, counts: number): void;
  index_rows(rows: number, count: number, stride: number, index: number, mask: number): void;
  scatter(rows: number, count: number, stride: number, cursors: number): void;
}

export function compileRowKernels(): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  linkDirect(module);
  linkRanked(module);
  fillBits(module);
  rankBits(module);
  flagBits(module);
  linkHash(module);
  module.function('histogram', ['i32', 'i32', 'i32', 'i32'], [], (code, rows, count, stride, counts) => {
    const slot = code.local('i32');
    eachRow(code, rows, count, stride, (row) => {
      pushPartition(code, row, counts);
      code.tee(slot).get(slot).op('i32.load', 0).i32(1).op('i32.add').op('i32.store', 0);
    });
  });
  module.function('scatter', ['i32', 'i32', 'i32', 'i32'], [], (code, rows, count, stride, cursors) => {
    const slot = code.local('i32');
    const to = code.local('i32');
    eachRow(code, rows, count, stride, (row) => {
      pushPartition(code, row, cursors);
      code.tee(slot).op('i32.load', 0).set(to);
      copyWords(code, to, row, stride);
      code.get(slot).get(to).get(stride).op('i32.add').op('i32.store', 0);
    });
  });
  module.function('index_rows', ['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, rows, count, stride, index, mask) => {
    const [slot, entry, hash] = [code.local('i32'), code.local('i32'), code.local('i32')];
    eachRow(code, rows, count, stride, (row) => {
      code.get(row).op('i32.load', GROUP_HEADER.HASH).tee(hash).set(slot);
      code.loop((again) => {
        code.get(index).get(slot).get(mask).op('i32.and').i32(3).op('i32.shl').op('i32.add').set(entry);
        code.get(slot).i32(1).op('i32.add').set(slot);
        code.get(entry).op('i32.load', 4).brIf(again);
      });
      code.get(entry).get(hash).op('i32.store', 0).get(entry).get(row).op('i32.store', 4);
    });
  });
  return module.bytes();
}

function pushPartition(code: Code, row: Local, table: Local): void {
  code
    .get(row)
    .op('i32.load', GROUP_HEADER.HASH)
    .i32(PARTITION_SHIFT)
    .op('i32.shr_u')
    .i32(2)
    .op('i32.shl')
    .get(table)
    .op('i32.add');
}

/** Runs a body for each of `count` rows of `stride` bytes, one behind the other. */
export function eachRow(code: Code, rows: Local, count: Local, stride: Local, body: (row: Local) => void): void {
  const i = code.local('i32');
  const row = code.local('i32');
  code.get(rows).set(row);
  code.forRange(
    i,
    () => code.i32(0),
    count,
    () => {
      body(row);
      code.get(row).get(stride).op('i32.add').set(row);
    },
  );
}

/** Copies `stride` bytes (a multiple of 8): rows are short, so words beat memory.copy. */
function copyWords(code: Code, to: Local, from: Local, stride: Local): void {
  const at = code.local('i32');
  code.i32(0).set(at);
  code.loop((again) => {
    code.get(to).get(at).op('i32.add').get(from).get(at).op('i32.add').op('i64.load', 0, 0).op('i64.store', 0, 0);
    code.get(at).i32(8).op('i32.add').tee(at).get(stride).op('i32.lt_u').brIf(again);
  });
}

/** Rows from the last to the first. */
function eachRowBackwards(code: Code, rows: Local, count: Local, stride: Local, body: (row: Local) => void): void {
  const row = code.local('i32');
  const left = code.local('i32');
  code.get(count).set(left);
  code.get(rows).get(count).get(stride).op('i32.mul').op('i32.add').set(row);
  code.block((exit) => {
    code.loop((again) => {
      code.get(left).op('i32.eqz').brIf(exit);
      code.get(left).i32(1).op('i32.sub').set(left);
      code.get(row).get(stride).op('i32.sub').set(row);
      body(row);
      code.br(again);
    });
  });
}

function prepend(code: Code, slot: Local, heads: Local, row: Local, from: Local, to: Local): void {
  const head = code.local('i32');
  pushWithin(code, slot, from, to);
  code.if(() => {
    code.get(heads).get(slot).i32(2).op('i32.shl').op('i32.add').set(head);
    code.get(row).get(head).op('i32.load', 0).op('i32.store', JOIN_HEADER.NEXT);
    code.get(head).get(row).op('i32.store', 0);
  });
}

function pushWithin(code: Code, slot: Local, from: Local, to: Local): void {
  code.get(slot).get(from).op('i32.ge_u').get(slot).get(to).op('i32.lt_u').op('i32.and');
}

type EachRow = (code: Code, rows: Local, count: Local, stride: Local, body: (row: Local) => void) => void;
type Place = (
  code: Code,
  slot: Local,
  table: Local,
  row: Local,
  range: readonly [from: Local, to: Local],
  more: readonly Local[],
) => void;

/** A kernel that does something at slot `key - base` of a table, for every row whose key is not null. */
function byKey(module: WasmModule, name: string, each: EachRow, place: Place, more: readonly 'i32'[] = []): void {
  module.function(
    name,
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i32', 'i32', 'i32', ...more],
    [],
    (code, ...parameters) => {
      const [rows, count, stride, key, bytes, nulls, base, table, from, to, ...others] =
        parameters as unknown as readonly [
          ...(readonly [Local, Local, Local, Local, Local]),
          ...(readonly [Local, Local, Local, Local, Local]),
          ...(readonly Local[]),
        ];
      const slot = code.local('i32');
      each(code, rows, count, stride, (row) => {
        // nullOffset 0: keys are never null (offset 0 is the header).
        code
          .get(nulls)
          .op('i32.eqz')
          .if(
            () => code.i32(1),
            () => code.get(row).get(nulls).op('i32.add').op('i32.load8_u', 0).op('i32.eqz'),
            ['i32'],
          );
        code.if(() => {
          code
            .get(bytes)
            .i32(8)
            .op('i32.eq')
            .if(
              () => code.get(row).get(key).op('i32.add').op('i64.load', 0, 0),
              () => code.get(row).get(key).op('i32.add').op('i64.load32_s', 0, 0),
              ['i64'],
            );
          code.get(base).op('i64.sub').op('i32.wrap_i64').set(slot);
          place(code, slot, table, row, [from, to], others);
        });
      });
    },
  );
}

const linkDirect = (module: WasmModule): void =>
  byKey(module, 'link_direct', eachRowBackwards, (code, slot, heads, row, [from, to]) =>
    prepend(code, slot, heads, row, from, to),
  );

const linkRanked = (module: WasmModule): void =>
  byKey(
    module,
    'link_ranked',
    eachRowBackwards,
    (code, slot, heads, row, [from, to], [bits, ranks]) => {
      const word = code.local('i64');
      pushWord(code, bits as Local, slot);
      code.set(word);
      pushRank(code, word, slot, ranks as Local);
      code.set(slot);
      prepend(code, slot, heads, row, from, to);
    },
    ['i32', 'i32'],
  );

/** The 64 bits among which bit `slot` is. */
export function pushWord(code: Code, bits: Local, slot: Local): void {
  code.get(bits).get(slot).i32(6).op('i32.shr_u').i32(3).op('i32.shl').op('i32.add').op('i64.load', 0, 0);
}

/** How many bits are set before bit `slot`, which is one of `word`. */
export function pushRank(code: Code, word: Local, slot: Local, ranks: Local): void {
  code.get(ranks).get(slot).i32(6).op('i32.shr_u').i32(2).op('i32.shl').op('i32.add').op('i32.load', 0);
  code.get(word).i64(1).get(slot).op('i64.extend_i32_u').op('i64.shl').i64(1).op('i64.sub').op('i64.and');
  code.op('i64.popcnt').op('i32.wrap_i64').op('i32.add');
}

function rankBits(module: WasmModule): void {
  module.function('rank_bits', ['i32', 'i32', 'i32'], [], (code, ...parameters) => {
    const [bits, words, ranks] = parameters as unknown as readonly [Local, Local, Local];
    const [i, set] = [code.local('i32'), code.local('i32')];
    code.forRange(
      i,
      () => code.i32(0),
      words,
      () => {
        code.get(ranks).get(i).i32(2).op('i32.shl').op('i32.add').get(set).op('i32.store', 0);
        code.get(bits).get(i).i32(3).op('i32.shl').op('i32.add').op('i64.load', 0, 0);
        code.op('i64.popcnt').op('i32.wrap_i64').get(set).op('i32.add').set(set);
      },
    );
  });
}

const fillBits = (module: WasmModule): void =>
  byKey(module, 'fill_bits', eachRow, (code, slot, bits, _, [from, to]) => {
    const word = code.local('i32');
    pushWithin(code, slot, from, to);
    code.if(() => {
      code.get(bits).get(slot).i32(5).op('i32.shr_u').i32(2).op('i32.shl').op('i32.add').tee(word);
      code.get(word).op('i32.load', 0).i32(1).get(slot).op('i32.shl').op('i32.or').op('i32.store', 0);
    });
  });

const BIT_OF_LANE = Array.from({ length: 16 }, (_, lane) => 1 << (lane & 7));

function flagBits(module: WasmModule): void {
  module.function('flag_bits', ['i32', 'i32', 'i32', 'i32'], [], (code, bits, from, to, flags) => {
    const [i, word, out] = [code.local('i32'), code.local('i32'), code.local('i32')];
    code.forRange(
      i,
      () => code.get(from),
      to,
      () => {
        code.get(bits).get(i).i32(2).op('i32.shl').op('i32.add').op('i32.load', 0).set(word);
        code.get(flags).get(i).i32(5).op('i32.shl').op('i32.add').set(out);
        for (const half of [0, 1]) {
          code.get(out).get(word).op('i32x4.splat').get(word).op('i32x4.splat');
          code.op('i8x16.shuffle', ...BIT_OF_LANE.map((_, lane) => half * 2 + (lane >> 3)));
          code.v128(BIT_OF_LANE).op('v128.and').v128(BIT_OF_LANE).op('i8x16.eq');
          code
            .i32(POSITION_BYTES)
            .op('i8x16.splat')
            .op('v128.and')
            .op('v128.store', half * 16, 0);
        }
      },
    );
  });
}

function linkHash(module: WasmModule): void {
  module.function(
    'link_hash',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, rows, count, stride, mask, heads, from, to) => {
      const slot = code.local('i32');
      eachRowBackwards(code, rows as Local, count as Local, stride as Local, (row) => {
        code
          .get(row)
          .op('i32.load', JOIN_HEADER.HASH)
          .get(mask as Local)
          .op('i32.and')
          .set(slot);
        prepend(code, slot, heads as Local, row, from as Local, to as Local);
      });
    },
  );
}
