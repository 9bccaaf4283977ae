import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { repeatPattern } from '../parquet/kernels/compression.js';
import { bump, copyChunks, returnIf } from '../parquet/kernels/emit.js';
import { SPACE, STATE } from './space.js';

/**
 * `sequences(source, end, count, space, literals, literalsEnd, target, targetEnd, start, patterns)`: carries out the
 * sequences of a block, and puts what literals are left behind them; where the block ends, or 0 when it is damaged.
 * `start` is where the frame began; see `space.ts` for the tables and the offsets used before.
 */
export function emitSequences(module: WasmModule, begin: Func): void {
  const types = Array.from({ length: 10 }, () => 'i32' as const);
  module.function('sequences', types, ['i32'], (code, ...params) => {
    const [source, end, count, space, literals, literalsEnd, target, targetEnd, start, patterns] =
      params as unknown as Local[] & { [i: number]: Local };
    const s = sequenceLocals(code, { target, start, patterns } as Record<'target' | 'start' | 'patterns', Local>);
    const at = {
      source: source as Local,
      end: end as Local,
      count: count as Local,
      space: space as Local,
      literals: literals as Local,
      literalsEnd: literalsEnd as Local,
      targetEnd: targetEnd as Local,
    };
    code.get(at.source).get(at.end).call(begin).tee(s.rest).i32(0).op('i32.lt_s');
    returnIf(code, 0);
    code.get(at.source).i32(7).op('i32.sub').set(s.before);
    refill(code, s);
    for (const [i, kind] of (['literal', 'offset', 'match'] as const).entries()) {
      code
        .get(at.space)
        .op('i32.load', SPACE.LOGS + 4 * i, 0)
        .tee(s.size);
      next(code, s);
      code.i32(1).get(s.size).op('i32.shl').i32(1).op('i32.sub').op('i32.and');
      setState(code, s[kind], at.space);
    }
    for (const [i, offset] of s.offsets.entries())
      code
        .get(at.space)
        .op('i32.load', SPACE.OFFSETS + 4 * i, 0)
        .set(offset);
    code.loop((again) => {
      decodeSequence(code, s);
      bump(code, at.count, -1);
      code.get(at.count);
      code.if(() => {
        for (const kind of ['literal', 'match', 'offset'] as const) {
          bits(code, s, kind, STATE.NEXT_BITS, STATE.NEXT_MASK);
          code
            .get(s[kind])
            .op('i32.load16_u', TABLES[kind] + STATE.NEXT, 0)
            .op('i32.add');
          setState(code, s[kind], at.space);
        }
      });
      code.get(s.origin).get(s.rest).op('i32.add').i32(0).op('i32.lt_s');
      returnIf(code, 0);
      execute(code, s, at);
      code.get(at.count).brIf(again);
    });
    for (const [i, offset] of s.offsets.entries())
      code
        .get(at.space)
        .get(offset)
        .op('i32.store', SPACE.OFFSETS + 4 * i, 0);
    code.get(s.origin).get(s.rest).op('i32.add');
    returnIf(code, 0);
    code.get(at.literalsEnd).get(at.literals).op('i32.sub').tee(s.length);
    code.get(at.targetEnd).get(s.target).op('i32.sub').op('i32.gt_u');
    returnIf(code, 0);
    code.get(s.target).get(at.literals).get(s.length).op('memory.copy');
    code.get(s.target).get(s.length).op('i32.add');
  });
}

type Kind = 'literal' | 'match' | 'offset';
type SequenceLocals = ReturnType<typeof sequenceLocals>;

function sequenceLocals(code: Code, given: Record<'target' | 'start' | 'patterns', Local>) {
  const i32 = (): Local => code.local('i32');
  return {
    ...given,
    /** Bits as they lie: `rest` of the window's are still to come, and `origin` more before it. */
    before: i32(),
    origin: i32(),
    rest: i32(),
    window: code.local('i64'),
    size: i32(),
    /** Where the current state's entry of each table is. */
    literal: i32(),
    match: i32(),
    offset: i32(),
    /** The last three offsets, the latest first. */
    offsets: [i32(), i32(), i32()] as const,
    literalLength: i32(),
    length: i32(),
    distance: i32(),
    from: i32(),
    to: i32(),
    last: i32(),
  };
}

/** Has 56 bits or more in the window. */
function refill(code: Code, s: SequenceLocals): void {
  code.get(s.origin).get(s.rest).op('i32.add').tee(s.rest).i32(3).op('i32.shr_s').tee(s.from);
  code.get(s.before).op('i32.add').op('i64.load', 0, 0).set(s.window);
  code.get(s.from).i32(3).op('i32.shl').i32(56).op('i32.sub').set(s.origin);
  code.get(s.rest).get(s.origin).op('i32.sub').set(s.rest);
}

/** Pushes the window with the next bits, as many as the i32 on the stack says, at its low end. */
function next(code: Code, s: SequenceLocals): void {
  code.set(s.last);
  code.get(s.window).get(s.rest).get(s.last).op('i32.sub').tee(s.rest).op('i64.extend_i32_u').op('i64.shr_u');
  code.op('i32.wrap_i64');
}

/** Pushes the number in the next bits, as many as the state says. */
function bits(code: Code, s: SequenceLocals, kind: Kind, size: number, mask: number): void {
  code.get(s[kind]).op('i32.load8_u', TABLES[kind] + size);
  next(code, s);
  code
    .get(s[kind])
    .op('i32.load', TABLES[kind] + mask, 0)
    .op('i32.and');
}

/** Most bits of the three next states. */
const STATES_BITS = 26;

const TABLES: Readonly<Record<Kind, number>> = {
  literal: SPACE.LITERAL_LENGTHS,
  match: SPACE.MATCH_LENGTHS,
  offset: SPACE.OFFSET_CODES,
};

/** Has the state on the stack be the current one: where it would be in a table at the beginning of the space. */
function setState(code: Code, state: Local, space: Local): void {
  code.i32(4).op('i32.shl').get(space).op('i32.add').set(state);
}

/** Offset, length of the match and of the literals before it. */
function decodeSequence(code: Code, s: SequenceLocals): void {
  const value = (kind: Kind, to: Local): void => {
    bits(code, s, kind, STATE.VALUE_BITS, STATE.VALUE_MASK);
    code
      .get(s[kind])
      .op('i32.load', TABLES[kind] + STATE.VALUE, 0)
      .op('i32.add')
      .set(to);
  };
  refill(code, s);
  value('offset', s.distance);
  value('match', s.length);
  code
    .get(s.rest)
    .get(s.literal)
    .op('i32.load8_u', TABLES.literal + STATE.VALUE_BITS)
    .i32(STATES_BITS)
    .op('i32.add');
  code.op('i32.lt_s');
  code.if(() => refill(code, s));
  value('literal', s.literalLength);
  const [first, second, third] = s.offsets;
  code.get(s.distance).i32(3).op('i32.gt_u');
  code.if(
    () => {
      bump(code, s.distance, -3);
      code.get(second).set(third).get(first).set(second).get(s.distance).set(first);
    },
    () => {
      // 1, 2 and 3 name the offsets used before, one further where there are no literals.
      code.get(s.distance).get(s.literalLength).op('i32.eqz').op('i32.add').tee(s.from).i32(1).op('i32.eq');
      code.if(
        () => code.get(first).set(s.distance),
        () => {
          code.get(s.from).i32(2).op('i32.eq');
          code.if(
            () => code.get(second).set(s.distance),
            () => {
              code.get(third).get(first).i32(1).op('i32.sub').get(s.from).i32(3).op('i32.eq').select().set(s.distance);
              code.get(second).set(third);
            },
          );
          code.get(first).set(second).get(s.distance).set(first);
        },
      );
    },
  );
}

/** Copies literals and match, after checking both. */
function execute(
  code: Code,
  s: SequenceLocals,
  at: { readonly literals: Local; readonly literalsEnd: Local; readonly targetEnd: Local },
): void {
  code.get(s.literalLength).get(at.literalsEnd).get(at.literals).op('i32.sub').op('i32.gt_u');
  code.get(s.literalLength).get(s.length).op('i32.add').get(at.targetEnd).get(s.target).op('i32.sub');
  code.op('i32.gt_u').op('i32.or');
  returnIf(code, 0);
  code.get(at.literals).set(s.from).get(s.target).set(s.to);
  code.get(at.literals).get(s.literalLength).op('i32.add').set(at.literals);
  code.get(s.target).get(s.literalLength).op('i32.add').tee(s.target).set(s.last);
  copyChunks(code, s.from, s.to, s.last);
  code.get(s.distance).i32(1).op('i32.sub').get(s.target).get(s.start).op('i32.sub').op('i32.ge_u');
  returnIf(code, 0);
  code.get(s.target).get(s.distance).op('i32.sub').set(s.from);
  code.get(s.target).get(s.length).op('i32.add').set(s.last);
  code.get(s.distance).i32(16).op('i32.ge_u').get(s.length).get(s.distance).op('i32.le_u').op('i32.or');
  code.if(
    () => copyChunks(code, s.from, s.target, s.last),
    () => repeatPattern(code, s),
  );
  code.get(s.last).set(s.target);
}
