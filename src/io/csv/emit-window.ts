import type { Label, Local } from '../../wasm/index.js';
import { hasInlineComments, lineBreaks, type Scan } from './emit-lines.js';

/** Bytes that are looked at together: one bit each. */
const WINDOW = 64;
/** Positions that are written together, whether there are so many or not. */
const TOGETHER = 6;
/** Positions may be written behind an index, up to so many bytes. */
export const INDEX_SLACK = 4 * (WINDOW + TOGETHER);

/** The bytes looked at last: where delimiters are, and what a field that is no plain one or a record may end at. */
export interface Window {
  readonly base: Local;
  readonly delimiters: Local;
  readonly others: Local;
}

/** Where the positions of a record go. */
export interface Slots {
  readonly out: Local;
  readonly slot: Local;
  readonly column: Local;
  readonly width: Local;
}

/** A window at no byte of the text. */
export function newWindow({ code, at }: Scan): Window {
  const base = code.local('i32');
  code.get(at).i32(WINDOW).op('i32.sub').set(base);
  return { base, delimiters: code.local('i64'), others: code.local('i64') };
}

/** Whether fields end at single bytes. */
export const endsAtBytes = ({ dialect }: Scan): boolean =>
  dialect.delimiter.length === 1 && dialect.newline.length <= 1 && !hasInlineComments(dialect);

/**
 * Plain fields from `at` on, all positions of a window at once, up to the line break behind them, where it branches to
 * `lineEnd`. Where there is something else it goes on behind, `at` the start of the field it did not take.
 */
export function plainFields(scan: Scan, window: Window, slots: Slots, lineEnd: Label): void {
  const { code, dialect, at, end, scratch } = scan;
  const { base, delimiters, others } = window;
  const isQuote = (local: Local) => code.get(local).op('i32.load8_u').i32(dialect.quote).op('i32.eq');
  const leaves = (from: Local, bytes: number) => code.get(end).get(from).op('i32.sub').i32(bytes).op('i32.lt_u');
  code.block((other) => {
    if (dialect.quote >= 0) isQuote(at).brIf(other);
    code.get(at).get(base).op('i32.sub').tee(scratch).i32(WINDOW).op('i32.ge_u');
    code.if(
      () => {
        leaves(at, WINDOW).brIf(other);
        code.get(at).set(base);
        look(scan, window);
      },
      () => {
        for (const mask of [delimiters, others]) {
          code.get(mask).i64(-1).get(scratch).op('i64.extend_i32_u').op('i64.shl').op('i64.and').set(mask);
        }
      },
    );
    code.loop((next) => {
      note(scan, window, slots);
      code.get(others).op('i64.eqz');
      code.if(() => {
        leaves(base, 2 * WINDOW).brIf(other);
        code.get(base).i32(WINDOW).op('i32.add').set(base);
        look(scan, window);
        code.br(next);
      });
      code.get(others).op('i64.ctz').op('i32.wrap_i64').get(base).op('i32.add').set(scratch);
      if (dialect.quote >= 0) isQuote(scratch).brIf(other);
      code.get(scratch).set(at).br(lineEnd);
    });
  });
}

/** Fills the window from `base`. */
function look({ code, dialect, bytes }: Scan, { base, delimiters, others }: Window): void {
  const rest = [...lineBreaks(dialect), ...(dialect.quote >= 0 ? [dialect.quote] : [])];
  for (const offset of [0, 16, 32, 48]) {
    code.get(base).op('v128.load', offset, 0).set(bytes);
    for (const [mask, wanted] of [
      [delimiters, dialect.delimiter],
      [others, rest],
    ] as const) {
      wanted.forEach((byte, i) => {
        code.get(bytes).v128(new Array(16).fill(byte)).op('i8x16.eq');
        if (i > 0) code.op('v128.or');
      });
      code.op('i8x16.bitmask').op('i64.extend_i32_u');
      if (offset > 0) code.i64(offset).op('i64.shl').get(mask).op('i64.or');
      code.set(mask);
    }
  }
}

/** Writes down the delimiters before the first other byte; `at` goes behind the last of them. */
function note({ code, text, at }: Scan, window: Window, { out, slot, column, width }: Slots): void {
  const { base, delimiters, others } = window;
  const [ends, rest] = [code.local('i64'), code.local('i64')];
  const [count, first, to, last] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
  code.get(others).i64(0).get(others).op('i64.sub').op('i64.and').i64(1).op('i64.sub');
  code.get(delimiters).op('i64.and').tee(ends).set(rest);
  code.get(ends).op('i64.popcnt').op('i32.wrap_i64').set(count);
  code.get(base).get(text).op('i32.sub').set(first);
  code.get(slot).set(to);
  code.get(slot).get(count).i32(2).op('i32.shl').op('i32.add').set(slot);
  code.loop((more) => {
    for (let i = 0; i < TOGETHER; i++) {
      code
        .get(to)
        .get(rest)
        .op('i64.ctz')
        .op('i32.wrap_i64')
        .get(first)
        .op('i32.add')
        .op('i32.store', 4 * i, 0);
      code.get(rest).get(rest).i64(1).op('i64.sub').op('i64.and').set(rest);
    }
    code
      .get(to)
      .i32(4 * TOGETHER)
      .op('i32.add')
      .tee(to)
      .get(slot)
      .op('i32.lt_u')
      .brIf(more);
  });
  // Fields that nobody reads have no place.
  code.get(out).get(width).i32(1).op('i32.add').i32(2).op('i32.shl').op('i32.add').set(last);
  code.get(slot).get(last).get(slot).get(last).op('i32.lt_u').select().set(slot);
  code.get(column).get(count).op('i32.add').set(column);
  code.get(base).i32(WINDOW).op('i32.add').get(ends).op('i64.clz').op('i32.wrap_i64').op('i32.sub');
  code.get(at).get(count).select().set(at);
}
