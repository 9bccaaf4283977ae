import type { Code, Local } from '../wasm/index.js';
import type { Helper, HelperTable } from './helper.js';

type Four = [Local, Local, Local, Local];

/** (address, length, address, length) → 1 when the bytes are the same. */
const bytesEqual: Helper = {
  params: ['i32', 'i32', 'i32', 'i32'],
  results: ['i32'],
  build: (code, params) => {
    const [a, aLength, b, bLength] = params as Four;
    code
      .get(aLength)
      .get(bLength)
      .op('i32.ne')
      .if(() => code.i32(0).return());
    // Texts that went through joins and groups often lie in the same place.
    code
      .get(a)
      .get(b)
      .op('i32.eq')
      .if(() => code.i32(1).return());
    const last = code.local('i32');
    // Eight bytes at a time; the last eight may overlap the ones before.
    code
      .get(aLength)
      .i32(8)
      .op('i32.ge_u')
      .if(() => {
        code.get(a).get(aLength).op('i32.add').i32(8).op('i32.sub').set(last);
        code.loop((again) => {
          code
            .get(a)
            .get(last)
            .op('i32.lt_u')
            .if(() => {
              code
                .get(a)
                .op('i64.load', 0, 0)
                .get(b)
                .op('i64.load', 0, 0)
                .op('i64.ne')
                .if(() => code.i32(0).return());
              code.get(a).i32(8).op('i32.add').set(a).get(b).i32(8).op('i32.add').set(b).br(again);
            });
        });
        code.get(b).get(last).get(a).op('i32.sub').op('i32.add').set(b);
        code.get(last).op('i64.load', 0, 0).get(b).op('i64.load', 0, 0).op('i64.eq').return();
      });
    // Fewer than eight: what lies behind the end is readable but not ours.
    code.get(a).op('i64.load', 0, 0).get(b).op('i64.load', 0, 0).op('i64.xor');
    code.i64(1).get(aLength).op('i64.extend_i32_u').i64(3).op('i64.shl').op('i64.shl').i64(1).op('i64.sub');
    code.op('i64.and').op('i64.eqz');
  },
};

/** (address, length, address, length) → -1, 0, 1 by unsigned bytes, a prefix first. */
const bytesCompare: Helper = {
  params: ['i32', 'i32', 'i32', 'i32'],
  results: ['i32'],
  build: (code, params) => {
    const [a, aLength, b, bLength] = params as Four;
    const shorter = code.local('i32');
    const i = code.local('i32');
    const x = code.local('i64');
    const y = code.local('i64');
    code.get(aLength).get(bLength).get(aLength).get(bLength).op('i32.lt_u').select().set(shorter);
    code.block((done) => {
      code.loop((again) => {
        code.get(i).i32(8).op('i32.add').get(shorter).op('i32.gt_u').brIf(done);
        loadAt(code, a, i, x);
        loadAt(code, b, i, y);
        code
          .get(x)
          .get(y)
          .op('i64.ne')
          .if(() => {
            firstDifference(code, x, y);
            code.return();
          });
        code.get(i).i32(8).op('i32.add').set(i).br(again);
      });
    });
    code
      .get(i)
      .get(shorter)
      .op('i32.lt_u')
      .if(() => {
        loadAt(code, a, i, x);
        loadAt(code, b, i, y);
        const mask = code.local('i64');
        code.i64(1).get(shorter).get(i).op('i32.sub').i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.shl');
        code.i64(1).op('i64.sub').set(mask);
        code.get(x).get(mask).op('i64.and').set(x).get(y).get(mask).op('i64.and').set(y);
        code
          .get(x)
          .get(y)
          .op('i64.ne')
          .if(() => {
            firstDifference(code, x, y);
            code.return();
          });
      });
    code.get(aLength).get(bLength).op('i32.gt_u').get(aLength).get(bLength).op('i32.lt_u').op('i32.sub');
  },
};

/** Positions tested at once. */
const STRIDE = 64;

/**
 * (from, last, one, other, needle) → the first position in from…last whose bytes `one` and `other` are those of the
 * needle, or 0; `from` is not behind `last`.
 */
const bytesProbe: Helper = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32'],
  results: ['i32'],
  build: (code, params) => {
    const [p, last, one, other, needle] = params as [...Four, Local];
    const mask = code.local('i32');
    // Where the bytes lie, seen from p.
    const probes = [one, other].map((offset) => {
      const [byte, at] = [code.local('v128'), code.local('i32')];
      code.get(needle).get(offset).op('i32.add').op('v128.load8_splat').set(byte);
      return { byte, offset, at };
    });
    const pushFits = (step: number): void => {
      for (const { at, byte } of probes) code.get(at).op('v128.load', step, 0).get(byte).op('i8x16.eq');
      code.op('v128.and');
    };
    const setPlaces = (): void => {
      for (const { at, offset } of probes) code.get(p).get(offset).op('i32.add').set(at);
    };
    code.block((near) => {
      code.get(last).get(p).op('i32.sub').i32(STRIDE).op('i32.lt_u').brIf(near);
      code.loop((next) => {
        setPlaces();
        for (let step = 0; step < STRIDE; step += 16) {
          pushFits(step);
          if (step > 0) code.op('v128.or');
        }
        code.op('v128.any_true').brIf(near);
        code.get(p).i32(STRIDE).op('i32.add').set(p);
        code.get(last).get(p).op('i32.sub').i32(STRIDE).op('i32.ge_s').brIf(next);
      });
    });
    code.loop((next) => {
      code
        .get(p)
        .get(last)
        .op('i32.gt_u')
        .if(() => code.i32(0).return());
      setPlaces();
      pushFits(0);
      code.op('i8x16.bitmask').tee(mask);
      code.if(() => {
        code.get(p).get(mask).op('i32.ctz').op('i32.add').tee(p).i32(0);
        code.get(p).get(last).op('i32.le_u').select().return();
      });
      code.get(p).i32(16).op('i32.add').set(p).br(next);
    });
    code.i32(0);
  },
};

function loadAt(code: Code, address: Local, offset: Local, into: Local): void {
  code.get(address).get(offset).op('i32.add').op('i64.load', 0, 0).set(into);
}

/** Pushes -1 or 1 for two different words by their first different byte in memory order. */
function firstDifference(code: Code, x: Local, y: Local): void {
  const shift = code.local('i64');
  code.get(x).get(y).op('i64.xor').op('i64.ctz').i64(-8).op('i64.and').set(shift);
  const byte = (word: Local): void => {
    code.get(word).get(shift).op('i64.shr_u').i64(255).op('i64.and').op('i32.wrap_i64');
  };
  code.i32(1).i32(-1);
  byte(x);
  byte(y);
  code.op('i32.gt_u').select();
}

export const bytesHelpers = {
  bytes_equal: bytesEqual,
  bytes_compare: bytesCompare,
  bytes_probe: bytesProbe,
} as const satisfies HelperTable;
