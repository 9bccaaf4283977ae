import type { EvalSettings } from '../../functions/expression.js';
import { pushHash } from '../../functions/helpers-hash.js';
import { ModuleContext } from '../../functions/module-context.js';
import { type Code, type Local, WasmModule } from '../../wasm/index.js';

/** Words of the block that `intern` works on, in bytes from its address. */
export const INTERN = {
  /** Hash slots of 8 bytes (low half of the hash, entry + 1), and how many less 1. */
  SLOTS: 0,
  MASK: 4,
  /** Different texts so far, and how many there is room for. */
  COUNT: 8,
  CAPACITY: 12,
  /** u32 end of each text in the bytes, beginning with 0; low half of each text's hash. */
  ENDS: 16,
  HASHES: 20,
  /** The bytes of all texts: address, bytes written, bytes there is room for. */
  DATA: 24,
  USED: 28,
  ROOM: 32,
  bytes: 48,
} as const;

export interface InternKernel {
  /**
   * Stores the number of each text of rows from…to at `codes` (u32 a row; 0 where the validity bit is clear).
   * Returns the row it stopped at because the table is full, or `to`.
   */
  intern(
    block: number,
    offsets: number,
    data: number,
    validity: number,
    from: number,
    to: number,
    codes: number,
  ): number;
}

const settings: EvalSettings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };

/** A module that numbers texts in the order they come. */
export function compileIntern(seed: bigint): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  const context = new ModuleContext(module, settings);
  const mixBytes = context.helper('mix_bytes');
  const same = context.helper('bytes_equal');
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function('intern', params, ['i32'], (code, ...args) => {
    const [block, offsets, data, validity, from, to, codes] = args;
    const word = (offset: number): Local => {
      const local = code.local('i32');
      code.get(block).op('i32.load', offset).set(local);
      return local;
    };
    const [slots, mask, ends, hashes, bytes] = [INTERN.SLOTS, INTERN.MASK, INTERN.ENDS, INTERN.HASHES, INTERN.DATA].map(
      word,
    ) as [Local, Local, Local, Local, Local];
    const mixed = code.local('i64');
    const row = code.local('i32');
    const [address, length, hash, slot, entry, number] = Array.from({ length: 6 }, () => code.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    code.forRange(
      row,
      () => code.get(from),
      to,
      () => {
        code.get(codes).get(row).i32(2).op('i32.shl').op('i32.add').i32(0).op('i32.store', 0);
        pushIsValid(code, validity, row);
        code.if(() => {
          pushSpan(code, offsets, row, address, length);
          code.get(address).get(data).op('i32.add').set(address);
          code.get(address).get(length).i64(seed).call(mixBytes);
          pushHash(code, mixed);
          code.tee(hash).get(mask).op('i32.and').set(slot);
          code.block((found) => {
            code.loop((again) => {
              code.get(slots).get(slot).i32(3).op('i32.shl').op('i32.add').tee(entry).op('i32.load', 4).tee(number);
              code.op('i32.eqz').if(() => {
                stopIfFull(code, block, length, row);
                addText(code, { block, ends, hashes, bytes, address, length, hash, entry, number });
                code.br(found);
              });
              code
                .get(entry)
                .op('i32.load', 0)
                .get(hash)
                .op('i32.eq')
                .if(() => {
                  const at = code.local('i32');
                  const size = code.local('i32');
                  code.get(number).i32(1).op('i32.sub').set(at);
                  pushSpan(code, ends, at, at, size);
                  code.get(bytes).get(at).op('i32.add').get(size).get(address).get(length).call(same).brIf(found);
                });
              code.get(slot).i32(1).op('i32.add').get(mask).op('i32.and').set(slot);
              code.br(again);
            });
          });
          code.get(codes).get(row).i32(2).op('i32.shl').op('i32.add');
          code.get(number).i32(1).op('i32.sub').op('i32.store', 0);
        });
      },
    );
    code.get(to);
  });
  return module.bytes();
}

function pushIsValid(code: Code, validity: Local, row: Local): void {
  code.get(validity).get(row).i32(3).op('i32.shr_u').op('i32.add').op('i32.load8_u', 0);
  code.get(row).i32(7).op('i32.and').op('i32.shr_u').i32(1).op('i32.and');
}

/** start = offsets[index]; length = offsets[index + 1] - start. `start` may be `index`. */
function pushSpan(code: Code, offsets: Local, index: Local, start: Local, length: Local): void {
  const at = code.local('i32');
  code.get(offsets).get(index).i32(2).op('i32.shl').op('i32.add').set(at);
  code.get(at).op('i32.load', 4).get(at).op('i32.load', 0).tee(start).op('i32.sub').set(length);
}

function stopIfFull(code: Code, block: Local, length: Local, row: Local): void {
  code.get(block).op('i32.load', INTERN.COUNT).get(block).op('i32.load', INTERN.CAPACITY).op('i32.ge_u');
  code.get(block).op('i32.load', INTERN.USED).get(length).op('i32.add');
  code.get(block).op('i32.load', INTERN.ROOM).op('i32.gt_u').op('i32.or');
  code.if(() => code.get(row).return());
}

interface NewText {
  readonly block: Local;
  readonly ends: Local;
  readonly hashes: Local;
  readonly bytes: Local;
  readonly address: Local;
  readonly length: Local;
  readonly hash: Local;
  readonly entry: Local;
  readonly number: Local;
}

/** number = how many texts there are with the new one. */
function addText(code: Code, { block, ends, hashes, bytes, address, length, hash, entry, number }: NewText): void {
  const count = code.local('i32');
  const used = code.local('i32');
  code.get(block).op('i32.load', INTERN.COUNT).set(count);
  code.get(block).op('i32.load', INTERN.USED).set(used);
  code.get(bytes).get(used).op('i32.add').get(address).get(length).op('memory.copy');
  code.get(block).get(used).get(length).op('i32.add').tee(used).op('i32.store', INTERN.USED);
  code.get(hashes).get(count).i32(2).op('i32.shl').op('i32.add').get(hash).op('i32.store', 0);
  code.get(count).i32(1).op('i32.add').set(number);
  code.get(ends).get(number).i32(2).op('i32.shl').op('i32.add').get(used).op('i32.store', 0);
  code.get(block).get(number).op('i32.store', INTERN.COUNT);
  code.get(entry).get(hash).op('i32.store', 0);
  code.get(entry).get(number).op('i32.store', 4);
}
