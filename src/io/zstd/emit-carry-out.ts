import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { repeatPattern } from '../parquet/kernels/compression.js';
import { lastEight, putEights } from '../parquet/kernels/eights.js';
import { bump, copyChunks, returnIf } from '../parquet/kernels/emit.js';
import { SEQUENCE, SPACE } from './space.js';

/** `carryOut(space, count, literals, target, start, patterns)`: copies what the list says; where it ends, or 0. */
export function emitCarryOut(module: WasmModule): Func {
  return module.function(
    'carryOut',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, space, count, literals, target, start, patterns) => {
      const i32 = (): Local => code.local('i32');
      const m = {
        target,
        start,
        patterns,
        literals,
        at: i32(),
        /** The last offset, and where it stands behind those before it. */
        distance: i32(),
        known: i32(),
        length: i32(),
        offset: i32(),
        from: i32(),
        to: i32(),
        last: i32(),
      };
      const end = i32();
      code.get(space).i32(SPACE.LIST).op('i32.add').tee(m.at);
      code.get(count).i32(SEQUENCE.LOG).op('i32.shl').op('i32.add').set(end);
      code
        .get(space)
        .op('i32.load', SPACE.OFFSETS + 8, 0)
        .set(m.distance);
      code
        .get(space)
        .i32(SPACE.OFFSETS + 8)
        .op('i32.add')
        .set(m.known);
      code.loop((again) => {
        carryOutOne(code, m);
        carryOutEights(code, m, end);
        code.get(m.at).i32(SEQUENCE.BYTES).op('i32.add').tee(m.at).get(end).op('i32.lt_u').brIf(again);
      });
      for (const back of [8, 4, 0])
        code
          .get(space)
          .get(m.known)
          .i32(back)
          .op('i32.sub')
          .op('i32.load', 0, 0)
          .op('i32.store', SPACE.OFFSETS + 8 - back, 0);
      code.get(target);
    },
    { export: false },
  );
}

type CopyLocals = Readonly<
  Record<
    | 'target'
    | 'start'
    | 'patterns'
    | 'literals'
    | 'at'
    | 'distance'
    | 'known'
    | 'length'
    | 'offset'
    | 'from'
    | 'to'
    | 'last',
    Local
  >
>;

/** Copies literals and match, after checking how far back it lies. */
function carryOutOne(code: Code, m: CopyLocals): void {
  code.get(m.target).get(m.literals).op('v128.load', 0, 0).op('v128.store', 0, 0);
  code.get(m.at).op('i32.load', SEQUENCE.LITERALS, 0).tee(m.length).i32(16).op('i32.gt_u');
  code.if(() => copyRest(code, m, m.literals));
  code.get(m.literals).get(m.length).op('i32.add').set(m.literals);
  code.get(m.target).get(m.length).op('i32.add').set(m.target);
  resolveDistance(code, m);
  code.get(m.distance).i32(1).op('i32.sub').get(m.target).get(m.start).op('i32.sub').op('i32.ge_u');
  returnIf(code, 0);
  code.get(m.target).get(m.distance).op('i32.sub').set(m.from);
  code.get(m.at).op('i32.load', SEQUENCE.MATCH, 0).set(m.length);
  code.block((done) => {
    code.block((wide) => {
      code.get(m.distance).i32(16).op('i32.ge_u').brIf(wide);
      code.get(m.distance).get(m.length).op('i32.ge_u').brIf(wide);
      code.get(m.target).get(m.length).op('i32.add').set(m.last);
      repeatPattern(code, m);
      code.get(m.last).set(m.target).br(done);
    });
    code.get(m.target).get(m.from).op('v128.load', 0, 0).op('v128.store', 0, 0);
    code.get(m.length).i32(16).op('i32.gt_u');
    code.if(() => copyRest(code, m, m.from));
    code.get(m.target).get(m.length).op('i32.add').set(m.target);
  });
}

/** Sequences with 1 to 7 literals and at most 15 bytes from as far back as before: these are eight. */
function carryOutEights(code: Code, m: CopyLocals, end: Local): void {
  const i64 = (): Local => code.local('i64');
  const [lengths, literals, literalBits] = [i64(), i64(), i64()];
  const eights = { target: m.target, window: i64(), literals, literalBits };
  code.get(m.distance).i32(8).op('i32.eq');
  code.if(() => {
    lastEight(code, eights);
    code.block((done) => {
      code.loop((again) => {
        code.get(m.at).i32(SEQUENCE.BYTES).op('i32.add').tee(m.from).get(end).op('i32.ge_u').brIf(done);
        code.get(m.from).op('i64.load', SEQUENCE.LITERALS, 0).tee(lengths).i64(~0xf00000007n).op('i64.and');
        code.get(m.from).op('i64.load32_u', SEQUENCE.OFFSET, 0).i64(1).op('i64.xor').op('i64.or');
        code.i64(0).op('i64.ne').brIf(done);
        code.get(lengths).i64(3).op('i64.shl').i64(56).op('i64.and').tee(literalBits).op('i64.eqz').brIf(done);
        code.get(m.from).set(m.at);
        code.get(m.literals).op('i64.load', 0, 0).set(literals);
        code.get(m.literals).get(lengths).op('i32.wrap_i64').op('i32.add').set(m.literals);
        putEights(code, eights, () => code.get(lengths).i64(29).op('i64.shr_u').i64(120).op('i64.and'));
        code.br(again);
      });
    });
  });
}

/** Copies what lies behind the first 16 bytes. */
function copyRest(code: Code, m: CopyLocals, source: Local): void {
  code.get(m.target).get(m.length).op('i32.add').set(m.last);
  code.get(m.target).i32(16).op('i32.add').set(m.to);
  code.get(source).i32(16).op('i32.add').set(m.offset);
  copyChunks(code, m.offset, m.to, m.last);
}

/**
 * Offset codes up to 3 name distances used before, one further where there are no literals. A new distance, or the last
 * one again, follows no pattern, so nothing branches there; the others are rare.
 */
function resolveDistance(code: Code, m: CopyLocals): void {
  const store = (back: number, push: () => void): void => {
    code.get(m.known).i32(back).op('i32.sub');
    push();
    code.op('i32.store', 0, 0);
  };
  const load = (back: number): Code => code.get(m.known).i32(back).op('i32.sub').op('i32.load', 0, 0);
  code.get(m.at).op('i32.load', SEQUENCE.OFFSET, 0).tee(m.offset);
  code.get(m.length).i32(1).op('i32.sub').i32(31).op('i32.shr_u').op('i32.add').tee(m.from);
  code.i32(2).op('i32.sub').i32(3).op('i32.lt_u');
  code.if(
    () => {
      code.get(m.from).i32(4).op('i32.eq');
      code.if(
        () => {
          bump(code, m.known, 4);
          code.i32(1).get(m.distance).i32(1).op('i32.sub').get(m.offset).i32(3).op('i32.gt_u').select().set(m.last);
        },
        () => {
          code.get(m.from).i32(3).op('i32.eq');
          code.if(
            () => {
              load(8).set(m.last);
              store(8, () => load(4));
            },
            () => load(4).set(m.last),
          );
          store(4, () => code.get(m.distance));
        },
      );
      code.get(m.last).set(m.distance);
    },
    () => {
      code.get(m.offset).i32(3).op('i32.gt_u').set(m.from);
      code.get(m.offset).i32(3).op('i32.sub').get(m.distance).get(m.from).select().set(m.distance);
      code.get(m.known).get(m.from).i32(2).op('i32.shl').op('i32.add').set(m.known);
    },
  );
  store(0, () => code.get(m.distance));
}
