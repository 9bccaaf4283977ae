import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { bump, returnIf } from '../parquet/kernels/emit.js';
import { emitCarryOut } from './emit-carry-out.js';
import { MOST_LISTED, SEQUENCE, SPACE, STATE } from './space.js';

/**
 * `sequences(source, end, count, space, literals, literalsEnd, target, targetEnd, start, patterns)`: carries out the
 * sequences of a block, and puts what literals are left behind them; where the block ends, or 0 when it is damaged.
 * `start` is where the frame began; see `space.ts` for the tables and the offsets used before.
 *
 * Sequences are listed first and then carried out, some hundred at a time: either loop alone has its numbers in
 * registers, and nothing that copies waits for bits.
 */
export function emitSequences(module: WasmModule, begin: Func): void {
  const [list, carryOut] = [emitList(module), emitCarryOut(module)];
  const types = Array.from({ length: 10 }, () => 'i32' as const);
  module.function('sequences', types, ['i32'], (code, ...params) => {
    const [source, end, count, space, literals, literalsEnd, target, targetEnd, start, patterns] = params as Local[];
    const at = { source, end, count, space, literals, literalsEnd, target, targetEnd, start, patterns } as Arguments;
    const s = sequenceLocals(code, at.space);
    const [some, lengths, first] = [code.local('i32'), code.local('v128'), code.local('i64')];
    code.get(at.source).get(at.end).call(begin).tee(some).i32(0).op('i32.lt_s');
    returnIf(code, 0);
    // Windows end with the byte of the next bit.
    code.get(at.source).i32(7).op('i32.sub').op('i64.extend_i32_u').i64(3).op('i64.shl').tee(first);
    code.get(some).op('i64.extend_i32_u').op('i64.add').set(s.position);
    firstStates(code, s);
    code.loop((again) => {
      code.get(at.count).i32(1).op('i32.sub').tee(some).i32(MOST_LISTED).get(some).i32(MOST_LISTED).op('i32.lt_u');
      code.select().set(some);
      code.get(s.position).get(at.space).get(some).call(list).set(s.position);
      code.get(at.count).get(some).op('i32.sub').tee(at.count).i32(1).op('i32.eq');
      code.if(() => lastSequence(code, s, at.count, some));
      sumLengths(code, s, some, lengths);
      code.get(s.position).get(first).op('i64.lt_u');
      code.get(lengths).op('i32x4.extract_lane', 0).get(at.literalsEnd).get(at.literals).op('i32.sub').op('i32.gt_u');
      code.op('i32.or');
      code.get(lengths).op('i32x4.extract_lane', 0).get(lengths).op('i32x4.extract_lane', 1).op('i32.add');
      code.get(at.targetEnd).get(at.target).op('i32.sub').op('i32.gt_u').op('i32.or');
      returnIf(code, 0);
      code.get(at.space).get(some).get(at.literals).get(at.target).get(at.start).get(at.patterns).call(carryOut);
      code.tee(at.target).op('i32.eqz');
      returnIf(code, 0);
      code.get(at.literals).get(lengths).op('i32x4.extract_lane', 0).op('i32.add').set(at.literals);
      code.get(at.count).brIf(again);
    });
    code.get(s.position).get(first).op('i64.ne');
    code.get(at.literalsEnd).get(at.literals).op('i32.sub').tee(some);
    code.get(at.targetEnd).get(at.target).op('i32.sub').op('i32.gt_u').op('i32.or');
    returnIf(code, 0);
    code.get(at.target).get(at.literals).get(some).op('memory.copy');
    code.get(at.target).get(some).op('i32.add');
  });
}

type Arguments = Record<
  'source' | 'end' | 'count' | 'space' | 'literals' | 'literalsEnd' | 'target' | 'targetEnd' | 'start' | 'patterns',
  Local
>;

type Kind = 'literal' | 'match' | 'offset';
/** In the order of their first states, and of the words that say how many bits these have. */
const KINDS = ['literal', 'offset', 'match'] as const;

const TABLES: Readonly<Record<Kind, number>> = {
  literal: SPACE.LITERAL_LENGTHS,
  match: SPACE.MATCH_LENGTHS,
  offset: SPACE.OFFSET_CODES,
};
/** Where the list has the number. */
const PLACES: Readonly<Record<Kind, number>> = {
  literal: SEQUENCE.LITERALS,
  match: SEQUENCE.MATCH,
  offset: SEQUENCE.OFFSET,
};

type SequenceLocals = ReturnType<typeof sequenceLocals>;

function sequenceLocals(code: Code, space: Local) {
  const i32 = (): Local => code.local('i32');
  return {
    space,
    /** Where the bits end that are still to come when a sequence begins, in bits of memory; what is left of the window. */
    position: code.local('i64'),
    rest: code.local('i64'),
    window: code.local('i64'),
    /** The address of the current state's entry in each table. */
    literal: i32(),
    match: i32(),
    offset: i32(),
    /** Where the next sequence is listed. */
    at: i32(),
  };
}

/** Bits that a window has at least. */
const WINDOW_BITS = 56n;

/** Has 56 bits or more in the window. Where more than all bits were used it has others, and the position tells. */
function refill(code: Code, s: SequenceLocals): void {
  code.get(s.position).i64(3).op('i64.shr_u').op('i32.wrap_i64').op('i64.load', 0, 0).set(s.window);
  restOf(code, s).set(s.rest);
}

const restOf = (code: Code, s: SequenceLocals): Code =>
  code.get(s.position).i64(7).op('i64.and').i64(WINDOW_BITS).op('i64.or');

/** Where the bits end that were not used of the window at `from`. */
function settle(code: Code, s: SequenceLocals, from?: Local): void {
  if (from === undefined) code.get(s.position).i64(~7n).op('i64.and');
  else code.get(from).op('i64.extend_i32_u').i64(3).op('i64.shl');
  code.get(s.rest).op('i64.add').i64(WINDOW_BITS).op('i64.sub').set(s.position);
}

/** Pushes the window with the next bits at its low end; how many they are is on the stack, an i64. */
function next(code: Code, s: SequenceLocals): void {
  const size = code.local('i64');
  code.set(size).get(s.window).get(s.rest).get(size).op('i64.sub').tee(s.rest).op('i64.shr_u').op('i32.wrap_i64');
}

/** The first state of each table; the list's words have room for where they are. */
function firstStates(code: Code, s: SequenceLocals): void {
  refill(code, s);
  for (const [i, kind] of KINDS.entries()) {
    code.get(s.space);
    code.get(s.space).op('i64.load32_u', SPACE.LOGS + 4 * i, 0);
    next(code, s);
    code
      .i32(1)
      .get(s.space)
      .op('i32.load', SPACE.LOGS + 4 * i, 0);
    code.op('i32.shl').i32(1).op('i32.sub').op('i32.and').i32(STATE.LOG).op('i32.shl');
    code.get(s.space).i32(TABLES[kind]).op('i32.add').op('i32.add');
    code.op('i32.store', SPACE.STATES + 4 * i, 0);
  }
  settle(code, s);
}

/** Lists the number that a state stands for. */
function value(code: Code, s: SequenceLocals, kind: Kind): void {
  code.get(s.at).get(s[kind]).op('i64.load8_u', STATE.VALUE_BITS);
  next(code, s);
  code.get(s[kind]).op('i32.load', STATE.VALUE_MASK, 0).op('i32.and');
  code.get(s[kind]).op('i32.load', STATE.VALUE, 0).op('i32.add').op('i32.store', PLACES[kind], 0);
}

/** The states after these: bits as they lie, 4 places further left, are the way to an entry. */
function followAll(code: Code, s: SequenceLocals, bits?: Readonly<Record<'literal' | 'match', Local>>): void {
  const place = code.local('i64');
  code.get(s.rest).i64(STATE.LOG).op('i64.sub').set(place);
  for (const kind of ['literal', 'match', 'offset'] as const) {
    code.get(s.window).get(place);
    if (bits === undefined || kind === 'offset') code.get(s[kind]).op('i64.load8_u', STATE.NEXT_BITS);
    else code.get(bits[kind]);
    code.op('i64.sub').tee(place).op('i64.rotr').op('i32.wrap_i64');
    code.get(s[kind]).op('i32.load16_u', STATE.NEXT_MASK, 0).op('i32.and');
    code.get(s[kind]).op('i32.load', STATE.NEXT, 0).op('i32.add').set(s[kind]);
  }
  code.get(place).i64(STATE.LOG).op('i64.add').set(s.rest);
}

/** Numbers of so many bits that one window may be too short. */
function readSlowly(code: Code, s: SequenceLocals): void {
  value(code, s, 'offset');
  settle(code, s);
  refill(code, s);
  for (const kind of ['match', 'literal'] as const) value(code, s, kind);
  settle(code, s);
}

/** The last sequence has no next states. It comes behind the others on the list. */
function lastSequence(code: Code, s: SequenceLocals, count: Local, some: Local): void {
  loadStates(code, s);
  code.get(s.space).get(some).i32(SEQUENCE.LOG).op('i32.shl').op('i32.add').i32(SPACE.LIST).op('i32.add').set(s.at);
  refill(code, s);
  readSlowly(code, s);
  bump(code, some, 1);
  code.i32(0).set(count);
}

function loadStates(code: Code, s: SequenceLocals): void {
  for (const [i, kind] of KINDS.entries())
    code
      .get(s.space)
      .op('i32.load', SPACE.STATES + 4 * i, 0)
      .set(s[kind]);
}

/** Literals and matches of the sequences listed, which there is at least one of. */
function sumLengths(code: Code, s: SequenceLocals, some: Local, sums: Local): void {
  code.get(s.space).i32(SPACE.LIST).op('i32.add').tee(s.at);
  code.get(some).i32(SEQUENCE.LOG).op('i32.shl').op('i32.add').set(s.match);
  code.i32(0).op('i32x4.splat').set(sums);
  code.loop((again) => {
    code.get(sums).get(s.at).op('v128.load', 0, 0).op('i32x4.add').set(sums);
    code.get(s.at).i32(SEQUENCE.BYTES).op('i32.add').tee(s.at).get(s.match).op('i32.lt_u').brIf(again);
  });
}

/** `list(position, space, count)`: lists sequences; gives the position behind. */
function emitList(module: WasmModule): Func {
  return module.function(
    'list',
    ['i64', 'i32', 'i32'],
    ['i64'],
    (code, position, space, count) => {
      const s = { ...sequenceLocals(code, space), position };
      const [end, from, match, literal] = [code.local('i32'), code.local('i32'), code.local('i64'), code.local('i64')];
      loadStates(code, s);
      code.get(space).i32(SPACE.LIST).op('i32.add').tee(s.at);
      code.get(count).i32(SEQUENCE.LOG).op('i32.shl').op('i32.add').set(end);
      code.get(count);
      code.if(() => {
        code.get(position).i64(3).op('i64.shr_u').op('i32.wrap_i64').set(from);
        restOf(code, s).set(s.rest);
        code.loop((again) => {
          code.get(from).op('i64.load', 0, 0).set(s.window);
          code.get(s.match).op('i64.load16_u', STATE.NEXT_BITS, 0).tee(match);
          code.get(s.literal).op('i64.load16_u', STATE.NEXT_BITS, 0).tee(literal);
          code.op('i64.or').i64(256).op('i64.lt_u');
          code.if(
            () => listOne(code, s, literal, match),
            () => {
              settle(code, s, from);
              readSlowly(code, s);
              refill(code, s);
              followAll(code, s);
              code.get(position).i64(3).op('i64.shr_u').op('i32.wrap_i64').set(from);
            },
          );
          // As many whole bytes as were used.
          code.get(from).i64(63).get(s.rest).op('i64.sub').i64(3).op('i64.shr_u').op('i32.wrap_i64').op('i32.sub');
          code.set(from).get(s.rest).i64(7).op('i64.and').i64(WINDOW_BITS).op('i64.or').set(s.rest);
          code.get(s.at).i32(SEQUENCE.BYTES).op('i32.add').tee(s.at).get(end).op('i32.lt_u').brIf(again);
        });
        settle(code, s, from);
      });
      for (const [i, kind] of KINDS.entries())
        code
          .get(space)
          .get(s[kind])
          .op('i32.store', SPACE.STATES + 4 * i, 0);
      code.get(position);
    },
    { export: false },
  );
}

/** A sequence with nothing to add to its lengths, whose next states take so many bits: all its bits are in one window. */
function listOne(code: Code, s: SequenceLocals, literal: Local, match: Local): void {
  value(code, s, 'offset');
  for (const kind of ['match', 'literal'] as const)
    code.get(s.at).get(s[kind]).op('i32.load', STATE.VALUE, 0).op('i32.store', PLACES[kind], 0);
  followAll(code, s, { literal, match });
}
