import type { Code, Func, Label, Local, WasmModule } from '../../../wasm/index.js';
import { lastEight, putEights } from './eights.js';
import { bump, copyChunks, returnIf, whileLoop } from './emit.js';

/** Literals longer than this are worth a call to memory.copy. */
const LONG_LITERAL = 192;

/**
 * `snappy`, `lz4 (source, end, target, targetEnd, patterns)`: decompress a block to exactly fill the target; 1, or 0
 * when it is damaged. They write up to 64 bytes behind the target. `patterns` is the address of PATTERN_BYTES bytes.
 */
export function emitCompression(module: WasmModule, varint: Func): void {
  emitSnappy(module, varint);
  emitLz4(module);
}

/**
 * For each distance 1…15: 16 swizzle lanes that repeat it; then 16 bytes telling how far one such store reaches; then
 * 8 bytes for each tag of a snappy copy: which of the next two bytes are its distance, the high bits of it, the length.
 */
export function patternBytes(): Uint8Array {
  const bytes = new Uint8Array(PATTERN_BYTES);
  for (let distance = 1; distance < 16; distance++) {
    for (let i = 0; i < 16; i++) bytes[distance * 16 + i] = i % distance;
    bytes[STRIDES + distance] = 16 - (16 % distance);
  }
  for (let tag = 0; tag < 256; tag++) {
    const short = (tag & 3) === 1;
    const entry = COPY_TAGS + 8 * tag;
    bytes[entry] = 255;
    bytes[entry + 1] = short ? 0 : 255;
    bytes[entry + 3] = short ? tag >> 5 : 0;
    bytes[entry + 4] = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  }
  return bytes;
}

const STRIDES = 256;
const COPY_TAGS = 272;
export const PATTERN_BYTES = COPY_TAGS + 2048;

interface Block {
  readonly source: Local;
  readonly end: Local;
  readonly target: Local;
  readonly targetEnd: Local;
  readonly patterns: Local;
  readonly start: Local;
  readonly length: Local;
  readonly distance: Local;
  readonly from: Local;
  readonly last: Local;
}

function block(code: Code, params: readonly Local[]): Block {
  const [source, end, target, targetEnd, patterns] = params as [Local, Local, Local, Local, Local];
  const [start, length, distance, from, last] = [
    code.local('i32'),
    code.local('i32'),
    code.local('i32'),
    code.local('i32'),
    code.local('i32'),
  ] as const;
  code.get(target).set(start);
  return { source, end, target, targetEnd, patterns, start, length, distance, from, last };
}

/** Copies `length` bytes from `source`, after checking both sides. */
function literal(code: Code, b: Block): void {
  code.get(b.length).get(b.end).get(b.source).op('i32.sub').op('i32.gt_u');
  code.get(b.length).get(b.targetEnd).get(b.target).op('i32.sub').op('i32.gt_u').op('i32.or');
  returnIf(code, 0);
  code.get(b.target).get(b.length).op('i32.add').set(b.last);
  code.get(b.length).i32(LONG_LITERAL).op('i32.gt_u');
  code.if(
    () => code.get(b.target).get(b.source).get(b.length).op('memory.copy'),
    () => {
      code.get(b.source).set(b.from);
      copyChunks(code, b.from, b.target, b.last);
    },
  );
  code.get(b.last).set(b.target);
  code.get(b.source).get(b.length).op('i32.add').set(b.source);
}

/** Copies `length` bytes from `distance` before the target, after checking both. */
function match(code: Code, b: Block): void {
  code.get(b.distance).i32(1).op('i32.sub').get(b.target).get(b.start).op('i32.sub').op('i32.ge_u');
  code.get(b.length).get(b.targetEnd).get(b.target).op('i32.sub').op('i32.gt_u').op('i32.or');
  returnIf(code, 0);
  code.get(b.target).get(b.distance).op('i32.sub').set(b.from);
  code.get(b.target).get(b.length).op('i32.add').set(b.last);
  code.get(b.distance).i32(16).op('i32.ge_u');
  code.if(
    () => copyChunks(code, b.from, b.target, b.last),
    () => repeatPattern(code, b),
  );
  code.get(b.last).set(b.target);
}

/** A match nearer than 16 bytes repeats what lies before it: one swizzle makes 16 bytes of the repetition. */
export function repeatPattern(code: Code, b: Pick<Block, 'from' | 'target' | 'last' | 'distance' | 'patterns'>): void {
  const [pattern, stride] = [code.local('v128'), code.local('i32')];
  code.get(b.from).op('v128.load', 0, 0);
  code.get(b.patterns).get(b.distance).i32(4).op('i32.shl').op('i32.add').op('v128.load', 0, 0);
  code.op('i8x16.swizzle').set(pattern);
  code.get(b.patterns).get(b.distance).op('i32.add').op('i32.load8_u', STRIDES).set(stride);
  code.loop((again) => {
    code.get(b.target).get(pattern).op('v128.store', 0, 0);
    code.get(b.target).get(stride).op('i32.add').tee(b.target).get(b.last).op('i32.lt_u').brIf(again);
  });
}

function emitSnappy(module: WasmModule, varint: Func): void {
  module.function('snappy', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const b = block(code, params);
    const [both, tag, extra] = [code.local('i64'), code.local('i32'), code.local('i32')];
    code.get(b.source).get(b.end).call(varint).tee(both).op('i64.eqz');
    returnIf(code, 0);
    code.get(both).op('i32.wrap_i64').get(b.targetEnd).get(b.target).op('i32.sub').op('i32.ne');
    returnIf(code, 0);
    code.get(both).i64(32).op('i64.shr_u').op('i32.wrap_i64').set(b.source);
    whileLoop(
      code,
      () => code.get(b.source).get(b.end).op('i32.lt_u'),
      () => {
        snappyFast(code, b, tag, extra);
        code.get(b.source).get(b.end).op('i32.lt_u');
        code.if(() => snappyChecked(code, b, tag, extra));
      },
    );
    code.get(b.target).get(b.targetEnd).op('i32.eq');
  });
}

/** One literal or copy, wherever it stands. */
function snappyChecked(code: Code, b: Block, tag: Local, extra: Local): void {
  code.get(b.source).op('i32.load8_u').tee(tag).i32(3).op('i32.and');
  code.if(
    () => {
      snappyCopyTag(code, b, tag);
      code.get(b.source).get(b.end).op('i32.gt_u');
      returnIf(code, 0);
      match(code, b);
    },
    () => {
      bump(code, b.source, 1);
      code.get(tag).i32(2).op('i32.shr_u').i32(1).op('i32.add').tee(b.length).i32(60).op('i32.gt_u');
      code.if(() => snappyLongLiteral(code, b, extra));
      literal(code, b);
    },
  );
}

/** Behind so many copies from eight bytes back come more of them. */
const LEAST_STREAK = 8;

/** As long as source and target go on for so many bytes, no literal and copy of up to 64 bytes each can leave them. */
const FAST_SLACK = 144;

function snappyFast(code: Code, b: Block, tag: Local, kind: Local): void {
  const [sourceLimit, targetLimit, entry] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const [word, streak] = [code.local('i64'), code.local('i32')];
  for (const [limit, at, end] of [
    [sourceLimit, b.source, b.end],
    [targetLimit, b.target, b.targetEnd],
  ] as const) {
    code.get(end).i32(FAST_SLACK).op('i32.sub').get(at);
    code.get(end).get(at).op('i32.sub').i32(FAST_SLACK).op('i32.gt_u').select().set(limit);
  }
  code.block((done) => {
    code.loop((again) => {
      code.get(b.source).get(sourceLimit).op('i32.ge_u').brIf(done);
      code.get(b.target).get(targetLimit).op('i32.ge_u').brIf(done);
      code.get(b.source).op('i64.load', 0, 0).set(word);
      code.block((other) => {
        snappyPair(code, b, word, kind, entry, other);
        code.get(streak).i32(1).op('i32.add').i32(0).get(b.distance).i32(8).op('i32.eq').select().tee(streak);
        code.i32(LEAST_STREAK).op('i32.lt_u').brIf(again);
        snappyEights(code, b, sourceLimit, targetLimit);
        code.br(again);
      });
      code.get(word).op('i32.wrap_i64').i32(255).op('i32.and').tee(tag);
      code.i32(3).op('i32.and').tee(kind).op('i32.eqz');
      code.if(() => {
        code.get(tag).i32(2).op('i32.shr_u').i32(1).op('i32.add').tee(b.length).i32(60).op('i32.gt_u').brIf(done);
        wideCopy(code, b, b.source, 1);
        code.get(b.source).get(b.length).op('i32.add').i32(1).op('i32.add').set(b.source);
        code.get(b.target).get(b.length).op('i32.add').set(b.target);
        // A copy follows, as a rule.
        code.get(b.source).op('i64.load', 0, 0).tee(word).op('i32.wrap_i64').i32(255).op('i32.and').tee(tag);
        code.i32(3).op('i32.and').tee(kind).op('i32.eqz').brIf(again);
      });
      code.get(kind).i32(3).op('i32.eq').brIf(done);
      snappyFastCopy(code, b, tag, kind, entry, word);
      code.br(again);
    });
  });
}

/**
 * A literal of one to four bytes and the copy behind it are in one word; anything else is `other`. Where the next pair begins
 * comes from the word with few steps, as all that follows waits for it.
 */
function snappyPair(code: Code, b: Block, word: Local, kind: Local, entry: Local, other: Label): void {
  const copy = code.local('i32');
  const fourths = (): Code => code.get(word).op('i32.wrap_i64').i32(2).op('i32.shr_u').i32(3).op('i32.and');
  code.get(word).i64(0xf3).op('i64.and').i64(0).op('i64.ne').brIf(other);
  code.get(word).i64(16).op('i64.shr_u').get(word).i64(12).op('i64.and').i64(1).op('i64.shl').op('i64.shr_u');
  code.op('i32.wrap_i64').tee(copy).i32(3).op('i32.and').tee(kind).i32(1).op('i32.sub').i32(2).op('i32.ge_u');
  code.brIf(other);
  code.get(b.patterns).get(copy).i32(255).op('i32.and').i32(3).op('i32.shl').op('i32.add').set(entry);
  copyOf(code, b, entry, () => code.get(copy).i32(8).op('i32.shr_u'));
  code.get(b.length).get(b.distance).op('i32.gt_u').brIf(other);
  code.get(b.target).get(word).i64(8).op('i64.shr_u').op('i64.store', 0, 0);
  code.get(b.source);
  fourths().op('i32.add').get(kind).op('i32.add').i32(3).op('i32.add').set(b.source);
  code.get(b.target);
  fourths().op('i32.add').i32(1).op('i32.add').set(b.target);
  code.get(b.target).get(b.distance).op('i32.sub').tee(b.from).get(b.start).op('i32.lt_u');
  returnIf(code, 0);
  wideCopy(code, b, b.from, 0);
  code.get(b.target).get(b.length).op('i32.add').set(b.target);
}

/** Distance and length of a copy, by its tag's entry; `behind` pushes what comes behind the tag. */
function copyOf(code: Code, b: Block, entry: Local, behind: () => void): void {
  code.get(entry).op('i32.load16_u', COPY_TAGS, 0);
  behind();
  code
    .op('i32.and')
    .get(entry)
    .op('i32.load16_u', COPY_TAGS + 2, 0)
    .op('i32.or')
    .set(b.distance);
  code
    .get(entry)
    .op('i32.load8_u', COPY_TAGS + 4)
    .set(b.length);
}

/** Literals of one to four bytes, each with a copy of 4 to 11 bytes from eight back, are in one word with both tags. */
function snappyEights(code: Code, b: Block, sourceLimit: Local, targetLimit: Local): void {
  const i64 = (): Local => code.local('i64');
  const [word, literals, literalBits, copy] = [i64(), i64(), i64(), i64()];
  const eights = { target: b.target, window: i64(), literals, literalBits };
  lastEight(code, eights);
  code.block((done) => {
    code.loop((again) => {
      code.get(b.source).get(sourceLimit).op('i32.ge_u').brIf(done);
      code.get(b.target).get(targetLimit).op('i32.ge_u').brIf(done);
      code.get(b.source).op('i64.load', 0, 0).tee(word);
      code.i64(12).op('i64.and').i64(1).op('i64.shl').i64(8).op('i64.add').set(literalBits);
      code.get(word).i64(8).op('i64.shr_u').tee(literals).get(literalBits).op('i64.shr_u').tee(copy);
      code.i64(0xffe3).op('i64.and').i64(0x0801).op('i64.xor').get(word).i64(0xf3).op('i64.and').op('i64.or');
      code.i64(0).op('i64.ne').brIf(done);
      code.get(b.source).get(word).op('i32.wrap_i64').i32(2).op('i32.shr_u').i32(3).op('i32.and').op('i32.add');
      code.i32(4).op('i32.add').set(b.source);
      putEights(code, eights, () => code.get(copy).i64(28).op('i64.and').i64(1).op('i64.shl').i64(32).op('i64.add'));
      code.br(again);
    });
  });
}

/** `kind` is 1 or 2: as many bytes of distance follow. */
function snappyFastCopy(code: Code, b: Block, tag: Local, kind: Local, entry: Local, word: Local): void {
  code.get(b.patterns).get(tag).i32(3).op('i32.shl').op('i32.add').set(entry);
  copyOf(code, b, entry, () => code.get(word).i64(8).op('i64.shr_u').op('i32.wrap_i64'));
  code.get(b.source).get(kind).op('i32.add').i32(1).op('i32.add').set(b.source);
  // The heap begins with more bytes than the longest distance, so this does not wrap around.
  code.get(b.target).get(b.distance).op('i32.sub').tee(b.from).get(b.start).op('i32.lt_u');
  returnIf(code, 0);
  code.get(b.length).get(b.distance).op('i32.gt_u');
  code.if(
    () => {
      code.get(b.distance).op('i32.eqz');
      returnIf(code, 0);
      code.get(b.target).get(b.length).op('i32.add').set(b.last);
      code.get(b.distance).i32(16).op('i32.ge_u');
      code.if(
        () => copyChunks(code, b.from, b.target, b.last),
        () => repeatPattern(code, b),
      );
      code.get(b.last).set(b.target);
    },
    () => {
      wideCopy(code, b, b.from, 0);
      code.get(b.target).get(b.length).op('i32.add').set(b.target);
    },
  );
}

/** Copies 16 bytes, or 64 when `length` is more: no loop whose end has to be guessed. */
function wideCopy(code: Code, b: Block, from: Local, offset: number): void {
  const chunk = (at: number): void => {
    code
      .get(b.target)
      .get(from)
      .op('v128.load', offset + at, 0)
      .op('v128.store', at, 0);
  };
  chunk(0);
  code.get(b.length).i32(16).op('i32.gt_u');
  code.if(() => {
    for (const at of [16, 32, 48]) chunk(at);
  });
}

/** The length of a literal beyond 60 bytes is in the next one to four bytes. */
function snappyLongLiteral(code: Code, b: Block, extra: Local): void {
  code.get(b.length).i32(60).op('i32.sub').set(extra);
  code.get(b.source).op('i32.load', 0, 0);
  code.i32(-1).i32(32).get(extra).i32(3).op('i32.shl').op('i32.sub').op('i32.shr_u').op('i32.and').i32(1).op('i32.add');
  code.set(b.length);
  code.get(b.source).get(extra).op('i32.add').tee(b.source).get(b.end).op('i32.gt_u');
  code.get(b.length).op('i32.eqz').op('i32.or');
  returnIf(code, 0);
}

/** Length and distance of a copy with one, two or four bytes of distance. */
function snappyCopyTag(code: Code, b: Block, tag: Local): void {
  code.get(tag).i32(2).op('i32.shr_u').i32(1).op('i32.add').set(b.length);
  code.get(tag).i32(3).op('i32.and').i32(2).op('i32.eq');
  code.if(
    () => {
      code.get(b.source).op('i32.load16_u', 1, 0).set(b.distance);
      bump(code, b.source, 3);
    },
    () => {
      code.get(tag).i32(1).op('i32.and').get(tag).i32(2).op('i32.and').op('i32.eqz').op('i32.and');
      code.if(
        () => {
          code.get(tag).i32(2).op('i32.shr_u').i32(7).op('i32.and').i32(4).op('i32.add').set(b.length);
          code.get(tag).i32(5).op('i32.shr_u').i32(8).op('i32.shl');
          code.get(b.source).op('i32.load8_u', 1).op('i32.or').set(b.distance);
          bump(code, b.source, 2);
        },
        () => {
          code.get(b.source).op('i32.load', 1, 0).set(b.distance);
          bump(code, b.source, 5);
        },
      );
    },
  );
}

function emitLz4(module: WasmModule): void {
  module.function('lz4', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const b = block(code, params);
    const [token, byte] = [code.local('i32'), code.local('i32')];
    code.block((done) => {
      code.loop((again) => {
        code.get(b.source).get(b.end).op('i32.ge_u').brIf(done);
        code.get(b.source).op('i32.load8_u').tee(token).i32(4).op('i32.shr_u').set(b.length);
        bump(code, b.source, 1);
        lz4Length(code, b, byte);
        literal(code, b);
        // The last sequence is literals only.
        code.get(b.source).get(b.end).op('i32.eq').brIf(done);
        code.get(b.end).get(b.source).op('i32.sub').i32(2).op('i32.lt_u');
        returnIf(code, 0);
        code.get(b.source).op('i32.load16_u', 0, 0).set(b.distance);
        bump(code, b.source, 2);
        code.get(token).i32(15).op('i32.and').set(b.length);
        lz4Length(code, b, byte);
        bump(code, b.length, 4);
        match(code, b);
        code.br(again);
      });
    });
    code.get(b.target).get(b.targetEnd).op('i32.eq');
  });
}

/** A length of 15 goes on in the following bytes, as long as they are 255. */
function lz4Length(code: Code, b: Block, byte: Local): void {
  code.get(b.length).i32(15).op('i32.eq');
  code.if(() => {
    code.loop((again) => {
      code.get(b.source).get(b.end).op('i32.ge_u').get(b.length).i32(0x7fffff00).op('i32.gt_u').op('i32.or');
      returnIf(code, 0);
      code.get(b.source).op('i32.load8_u').tee(byte).get(b.length).op('i32.add').set(b.length);
      bump(code, b.source, 1);
      code.get(byte).i32(255).op('i32.eq').brIf(again);
    });
  });
}
