import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { repeatPattern } from '../parquet/kernels/compression.js';
import { bump, copyChunks, returnIf, whileLoop } from '../parquet/kernels/emit.js';
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
    code.get(at.source).get(at.end).call(begin).tee(s.position).i32(0).op('i32.lt_s');
    returnIf(code, 0);
    code.get(at.source).i32(7).op('i32.sub').set(s.before);
    refill(code, s);
    for (const [i, kind] of KINDS.entries()) {
      code
        .get(at.space)
        .op('i32.load', SPACE.LOGS + 4 * i, 0)
        .tee(s.size);
      next(code, s);
      code.i32(1).get(s.size).op('i32.shl').i32(1).op('i32.sub').op('i32.and');
      code.i32(STATE_LOG).op('i32.shl').get(at.space).i32(TABLES[kind]).op('i32.add').op('i32.add').set(s[kind]);
    }
    settle(code, s);
    for (const [i, offset] of s.offsets.entries())
      code
        .get(at.space)
        .op('i32.load', SPACE.OFFSETS + 4 * i, 0)
        .set(offset);
    whileLoop(
      code,
      () => {
        bump(code, at.count, -1);
        code.get(at.count);
      },
      () => {
        refill(code, s);
        for (const [k, kind] of KINDS.entries()) {
          code.get(s[kind]).op('i32.load16_u', STATE.NEXT_BITS, 0);
          if (k > 0) code.op('i32.add');
        }
        // Both sums at once.
        code.tee(s.size).i32(8).op('i32.shr_u').get(s.size).i32(255).op('i32.and').op('i32.add');
        code.tee(s.size).i32(WINDOW_BITS).op('i32.gt_u');
        code.if(
          () => decodeSlowly(code, s, true),
          () => decode(code, s),
        );
        resolveDistance(code, s);
        execute(code, s, at);
      },
    );
    refill(code, s);
    decodeSlowly(code, s, false);
    resolveDistance(code, s);
    execute(code, s, at);
    for (const [i, offset] of s.offsets.entries())
      code
        .get(at.space)
        .get(offset)
        .op('i32.store', SPACE.OFFSETS + 4 * i, 0);
    code.get(s.position);
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
    /** `position` bits are still to come when a sequence begins; `rest` of them are what is left of the window. */
    before: i32(),
    position: i32(),
    rest: i32(),
    window: code.local('i64'),
    size: i32(),
    /** The address of the current state's entry in each table. */
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

/** Has 56 bits or more in the window; the block is damaged when more than all bits were used. */
function refill(code: Code, s: SequenceLocals): void {
  code.get(s.position).i32(0).op('i32.lt_s');
  returnIf(code, 0);
  code.get(s.before).get(s.position).i32(3).op('i32.shr_u').op('i32.add').op('i64.load', 0, 0).set(s.window);
  code.get(s.position).i32(7).op('i32.and').i32(WINDOW_BITS).op('i32.or').set(s.rest);
}

/** What was used of the window is used up. */
function settle(code: Code, s: SequenceLocals): void {
  code.get(s.position).get(s.rest).op('i32.add');
  code.get(s.position).i32(7).op('i32.and').i32(WINDOW_BITS).op('i32.or').op('i32.sub').set(s.position);
}

/** Pushes the window with the next bits, as many as the i32 on the stack says, at its low end. */
function next(code: Code, s: SequenceLocals): void {
  code.set(s.last);
  code.get(s.window).get(s.rest).get(s.last).op('i32.sub').tee(s.rest).op('i64.extend_i32_u').op('i64.shr_u');
  code.op('i32.wrap_i64');
}

/** Pushes the number in the next bits, as many as the state says. */
function bits(code: Code, s: SequenceLocals, kind: Kind): void {
  code.get(s[kind]).op('i32.load8_u', STATE.VALUE_BITS);
  next(code, s);
  code.get(s[kind]).op('i32.load', STATE.VALUE_MASK, 0).op('i32.and');
}

/** Bits that a window has at least. */
const WINDOW_BITS = 56;
/** Entries of states are 2^4 bytes apart. */
const STATE_LOG = 4;
const KINDS = ['literal', 'offset', 'match'] as const;

const TABLES: Readonly<Record<Kind, number>> = {
  literal: SPACE.LITERAL_LENGTHS,
  match: SPACE.MATCH_LENGTHS,
  offset: SPACE.OFFSET_CODES,
};

function value(code: Code, s: SequenceLocals, kind: Kind, to: Local): void {
  bits(code, s, kind);
  code.get(s[kind]).op('i32.load', STATE.VALUE, 0).op('i32.add').set(to);
}

/** The state after this one: bits as they lie, 4 places further left, are the way to its entry. */
function follow(code: Code, s: SequenceLocals, kind: Kind): void {
  code.get(s.window).get(s.rest).get(s[kind]).op('i32.load8_u', STATE.NEXT_BITS).op('i32.sub').tee(s.rest);
  code.i32(STATE_LOG).op('i32.sub').op('i64.extend_i32_u').op('i64.rotr').op('i32.wrap_i64');
  code.get(s[kind]).op('i32.load16_u', STATE.NEXT_MASK, 0).op('i32.and');
  code.get(s[kind]).op('i32.load', STATE.NEXT, 0).op('i32.add').set(s[kind]);
}

/** Distance, length of the match and of the literals before it, and the next states, all from one window. */
function decode(code: Code, s: SequenceLocals): void {
  code.get(s.position).get(s.size).op('i32.sub').set(s.position);
  value(code, s, 'offset', s.distance);
  value(code, s, 'match', s.length);
  value(code, s, 'literal', s.literalLength);
  for (const kind of ['literal', 'match', 'offset'] as const) follow(code, s, kind);
}

/** The same for numbers of so many bits that one window may be too short; the last sequence has no next states. */
function decodeSlowly(code: Code, s: SequenceLocals, goesOn: boolean): void {
  value(code, s, 'offset', s.distance);
  settle(code, s);
  refill(code, s);
  value(code, s, 'match', s.length);
  value(code, s, 'literal', s.literalLength);
  settle(code, s);
  if (!goesOn) return;
  refill(code, s);
  for (const kind of ['literal', 'match', 'offset'] as const) follow(code, s, kind);
  settle(code, s);
}

/** Offset codes up to 3 name distances used before. */
function resolveDistance(code: Code, s: SequenceLocals): void {
  const [first, second, third] = s.offsets;
  // Which one it is follows no pattern, so nothing branches: 1, 2 and 3 are those before, one further without literals.
  code.get(s.distance).get(s.literalLength).op('i32.eqz').op('i32.add').set(s.from);
  code.get(s.distance).i32(3).op('i32.gt_u').set(s.to);
  code.get(s.distance).i32(3).op('i32.sub');
  code.get(first).get(second).get(s.from).i32(2).op('i32.lt_u').select();
  code.get(third).get(first).i32(1).op('i32.sub').get(s.from).i32(3).op('i32.eq').select();
  code.get(s.from).i32(3).op('i32.lt_u').select();
  code.get(s.to).select().set(s.distance);
  code.get(second).get(third).get(s.to).get(s.from).i32(2).op('i32.gt_u').op('i32.or').select().set(third);
  code.get(first).get(second).get(s.to).get(s.from).i32(1).op('i32.gt_u').op('i32.or').select().set(second);
  code.get(s.distance).set(first);
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
