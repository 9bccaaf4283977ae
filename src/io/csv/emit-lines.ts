import type { Code, Label, Local } from '../../wasm/index.js';
import type { CsvDialect } from './options.js';

export const LF = 10;
const CR = 13;
const BLANK = 32;

/** What the index of a text is made with. */
export interface Scan {
  readonly code: Code;
  readonly dialect: CsvDialect;
  readonly text: Local;
  readonly end: Local;
  readonly final: Local;
  /** Where scanning is. */
  readonly at: Local;
  /** Where the first record begins that is not taken yet. */
  readonly recordStart: Local;
  readonly scratch: Local;
  readonly bytes: Local;
  readonly mask: Local;
  readonly flags: Local;
  readonly rowFlags: Local;
  /** Leaves the function: the record at hand is not complete. */
  readonly incomplete: Label;
}

/** The i32 on the stack says whether the bytes at `at` are these. */
export function startsWith(code: Code, at: Local, bytes: readonly number[]): void {
  bytes.forEach((byte, i) => {
    code.get(at).op('i32.load8_u', i).i32(byte).op('i32.eq');
    if (i > 0) code.op('i32.and');
  });
}

export const hasInlineComments = (dialect: CsvDialect): boolean => dialect.inlineComments && dialect.comment >= 0;

/** The i32 on the stack says whether a field ends at `at`. */
export function atFieldEnd(scan: Scan): void {
  const { code, dialect, at } = scan;
  startsWith(code, at, dialect.delimiter);
  atNewline(scan, at);
  code.op('i32.or');
  if (hasInlineComments(dialect)) code.get(at).op('i32.load8_u').i32(dialect.comment).op('i32.eq').op('i32.or');
}

/** Moves `at` to the next line break, or the end of the text. */
export function toNewline(scan: Scan, at: Local): void {
  const { code, end } = scan;
  code.loop((next) => {
    code.get(at).get(end).op('i32.lt_u');
    code.if(() => {
      atNewline(scan, at);
      code.op('i32.eqz');
      code.if(() => code.get(at).i32(1).op('i32.add').set(at).br(next));
    });
  });
}

/** The i32 on the stack says whether a line break begins at `at`. */
export function atNewline({ code, dialect }: Scan, at: Local): void {
  if (dialect.newline.length > 0) {
    startsWith(code, at, dialect.newline);
    return;
  }
  code.get(at).op('i32.load8_u').i32(LF).op('i32.eq');
  code.get(at).op('i32.load8_u').i32(CR).op('i32.eq').op('i32.or');
}

/** From the line break at `at` to behind it; nothing at the end of the text. */
export function passNewline(scan: Scan): void {
  const { code, dialect, at, end, final, incomplete } = scan;
  code.get(at).get(end).op('i32.lt_u');
  code.if(() => {
    if (dialect.newline.length > 0) {
      code.get(at).i32(dialect.newline.length).op('i32.add').set(at);
      return;
    }
    code.get(at).op('i32.load8_u').i32(CR).op('i32.eq');
    code.get(at).i32(1).op('i32.add').set(at);
    code.if(() => {
      // Whether a line feed belongs to a carriage return at the very end is not known yet.
      code.get(at).get(end).op('i32.eq').get(final).op('i32.eqz').op('i32.and').brIf(incomplete);
      code.get(at).get(end).op('i32.lt_u').get(at).op('i32.load8_u').i32(LF).op('i32.eq').op('i32.and');
      code.get(at).op('i32.add').set(at);
    });
  });
}

/** Blank lines and comments before a record; leaves when nothing else follows. */
export function skipLines(scan: Scan): void {
  const { code, dialect, at, end, recordStart, scratch, incomplete } = scan;
  code.loop((again) => {
    code.get(at).tee(recordStart).get(end).op('i32.ge_u').brIf(incomplete);
    code.get(at).op('i32.load8_u').i32(BLANK).op('i32.le_u');
    code.if(() => {
      // Spark trims a line to see whether it is empty, so one of blanks and tabs is.
      code.get(at).set(scratch);
      code.block((lineEnd) => {
        code.loop((next) => {
          code.get(scratch).get(end).op('i32.ge_u').brIf(lineEnd);
          atNewline(scan, scratch);
          code.brIf(lineEnd);
          code.get(scratch).i32(1).op('i32.add').set(scratch);
          code.get(scratch).op('i32.load8_u').i32(BLANK).op('i32.le_u').brIf(next);
        });
      });
      if (hasInlineComments(dialect)) {
        code.get(scratch).op('i32.load8_u').i32(dialect.comment).op('i32.eq');
        code.if(() => toNewline(scan, scratch));
      }
      skipTo(scan, again);
    });
    if (dialect.comment >= 0) {
      code.get(at).op('i32.load8_u').i32(dialect.comment).op('i32.eq');
      code.if(() => {
        code.get(at).set(scratch);
        toNewline(scan, scratch);
        skipTo(scan, again);
      });
    }
  });
}

/** Drops the line that ends at `scratch`, where it does; at the end of a text that goes on nothing is known. */
function skipTo(scan: Scan, again: Label): void {
  const { code, at, end, final, scratch, incomplete } = scan;
  code.get(scratch).get(end).op('i32.ge_u');
  code.if(() => {
    code.get(final).op('i32.eqz').brIf(incomplete);
    code.get(end).set(at).br(again);
  });
  atNewline(scan, scratch);
  code.if(() => {
    code.get(scratch).set(at);
    passNewline(scan);
    code.br(again);
  });
}

/** Past blanks that are no delimiter and no line break. */
export function skipBlanks(scan: Scan, at: Local): void {
  const { code, dialect, end } = scan;
  code.block((done) => {
    code.loop((next) => {
      code.get(at).get(end).op('i32.ge_u').brIf(done);
      code.get(at).op('i32.load8_u').i32(BLANK).op('i32.gt_u').brIf(done);
      startsWith(code, at, dialect.delimiter);
      atNewline(scan, at);
      code.op('i32.or').brIf(done);
      code.get(at).i32(1).op('i32.add').set(at).br(next);
    });
  });
}

export const lineBreaks = (dialect: CsvDialect): readonly number[] =>
  dialect.newline.length === 0 ? [LF, CR] : [dialect.newline[0] as number];
