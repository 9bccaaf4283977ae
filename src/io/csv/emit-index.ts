import type { Code, Label, Local, WasmModule } from '../../wasm/index.js';
import type { Locals } from './locals.js';
import type { CsvDialect } from './options.js';

/*
 * The index of a text: for each record its row of u32 words
 *
 *   start − delimiter length, end of field 0, …, end of field width − 1, end of the record
 *
 * as positions from the start of the text, so field i lies from word[i] + delimiter length to word[i + 1]. Ends carry
 * flags; MISSING stands for a field the record does not have.
 */
export const QUOTED = 0x80000000;
/** Between its quotes something is escaped. Only together with QUOTED. */
export const ESCAPED = 0x40000000;
export const POSITION = 0x3fffffff;
export const MISSING = POSITION;
/** Of the end of a record: it has another number of fields than expected. */
export const RAGGED = 0x80000000;
/** Of the end of a record: a quoted field was never closed. */
export const UNCLOSED = 0x40000000;

const LF = 10;
const CR = 13;
const BLANK = 32;

interface Scan {
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

/** The bytes a text must be followed by, so that looking for the end of a field stops there. */
export const guardBytes = (dialect: CsvDialect): readonly number[] =>
  dialect.newline.length === 0 ? [LF] : dialect.newline;

/**
 * `index(text, from, end, final, out, outEnd, maxRows, width, fields, counters)` indexes records from `from` and
 * returns where the first record begins that it did not take. Writes how many it took to `counters`. Unless `final`,
 * a record that touches `end` is not taken: more of it may follow.
 */
export function emitIndex(module: WasmModule, dialect: CsvDialect): void {
  module.function(
    'index',
    Array.from({ length: 10 }, () => 'i32' as const),
    ['i32'],
    (code, ...params) => {
      const [text, at, end, final, out, outEnd, maxRows, width, fields, counters] = params as Locals<10>;
      const i32 = (): Local => code.local('i32');
      const [rows, recordStart, stride, column, slot] = [i32(), i32(), i32(), i32(), i32()];
      code.get(width).i32(2).op('i32.add').i32(2).op('i32.shl').set(stride);
      code.get(at).set(recordStart);
      code.block((incomplete) => {
        const scan: Scan = {
          code,
          dialect,
          text,
          end,
          final,
          at,
          recordStart,
          incomplete,
          scratch: i32(),
          bytes: code.local('v128'),
          mask: i32(),
          flags: i32(),
          rowFlags: i32(),
        };
        code.loop((nextRecord) => {
          skipLines(scan);
          code.get(rows).get(maxRows).op('i32.ge_u').brIf(incomplete);
          code.get(outEnd).get(out).op('i32.sub').get(stride).op('i32.lt_u').brIf(incomplete);
          code
            .get(out)
            .get(at)
            .get(text)
            .op('i32.sub')
            .i32(dialect.delimiter.length)
            .op('i32.sub')
            .op('i32.store', 0, 0);
          code.get(out).i32(4).op('i32.add').set(slot);
          code.i32(0).set(column);
          code.i32(0).set(scan.rowFlags);
          code.loop((nextField) => {
            field(scan);
            code.get(column).get(width).op('i32.lt_u');
            code.if(() => {
              code.get(slot).get(at).get(text).op('i32.sub').get(scan.flags).op('i32.or').op('i32.store', 0, 0);
              code.get(slot).i32(4).op('i32.add').set(slot);
            });
            code.get(column).i32(1).op('i32.add').set(column);
            code.get(at).get(end).op('i32.lt_u');
            code.if(() => {
              startsWith(code, at, dialect.delimiter);
              code.if(() => code.get(at).i32(dialect.delimiter.length).op('i32.add').set(at).br(nextField));
            });
          });
          finishRecord(scan, { out, slot, stride, column, width, fields });
          code.get(rows).i32(1).op('i32.add').set(rows);
          code.br(nextRecord);
        });
      });
      code.get(counters).get(rows).op('i32.store', 0, 0);
      code.get(recordStart);
    },
  );
}

interface Row {
  readonly out: Local;
  readonly slot: Local;
  readonly stride: Local;
  readonly column: Local;
  readonly width: Local;
  readonly fields: Local;
}

/** Past the line break; fields that are not there; the end of the record. */
function finishRecord(scan: Scan, row: Row): void {
  const { code, at, text, scratch, rowFlags } = scan;
  code.get(at).set(scratch);
  if (hasInlineComments(scan.dialect)) {
    toNewline(scan, at);
    code.get(at).get(scan.end).op('i32.ge_u').get(scan.final).op('i32.eqz').op('i32.and').brIf(scan.incomplete);
  }
  passNewline(scan);
  const { out, slot, stride } = row;
  code.get(out).get(stride).op('i32.add').set(out);
  code.block((filled) => {
    code.loop((again) => {
      code.get(slot).get(out).i32(4).op('i32.sub').op('i32.ge_u').brIf(filled);
      code.get(slot).i32(MISSING).op('i32.store', 0, 0);
      code.get(slot).i32(4).op('i32.add').set(slot);
      code.br(again);
    });
  });
  code.get(slot).get(scratch).get(text).op('i32.sub').get(rowFlags).op('i32.or');
  code.get(row.column).get(row.fields).op('i32.ne').i32(31).op('i32.shl').op('i32.or').op('i32.store', 0, 0);
}

/** The i32 on the stack says whether the bytes at `at` are these. */
function startsWith(code: Code, at: Local, bytes: readonly number[]): void {
  bytes.forEach((byte, i) => {
    code.get(at).op('i32.load8_u', i).i32(byte).op('i32.eq');
    if (i > 0) code.op('i32.and');
  });
}

const hasInlineComments = (dialect: CsvDialect): boolean => dialect.inlineComments && dialect.comment >= 0;

/** The i32 on the stack says whether a field ends at `at`. */
function atFieldEnd(scan: Scan): void {
  const { code, dialect, at } = scan;
  startsWith(code, at, dialect.delimiter);
  atNewline(scan, at);
  code.op('i32.or');
  if (hasInlineComments(dialect)) code.get(at).op('i32.load8_u').i32(dialect.comment).op('i32.eq').op('i32.or');
}

/** Moves `at` to the next line break, or the end of the text. */
function toNewline(scan: Scan, at: Local): void {
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
function atNewline({ code, dialect }: Scan, at: Local): void {
  if (dialect.newline.length > 0) {
    startsWith(code, at, dialect.newline);
    return;
  }
  code.get(at).op('i32.load8_u').i32(LF).op('i32.eq');
  code.get(at).op('i32.load8_u').i32(CR).op('i32.eq').op('i32.or');
}

/** From the line break at `at` to behind it; nothing at the end of the text. */
function passNewline(scan: Scan): void {
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
function skipLines(scan: Scan): void {
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

/** From the start of a field to the delimiter, line break or end of text behind it. */
function field(scan: Scan): void {
  const { code, dialect, at, end, flags } = scan;
  code.i32(0).set(flags);
  if (dialect.quote < 0) {
    plain(scan);
    return;
  }
  if (dialect.trimLeading) skipBlanks(scan, at);
  code.get(at).op('i32.load8_u').i32(dialect.quote).op('i32.eq').get(at).get(end).op('i32.lt_u').op('i32.and');
  code.if(
    () => quoted(scan),
    () => plain(scan),
  );
}

/** Past blanks that are no delimiter and no line break. */
function skipBlanks(scan: Scan, at: Local): void {
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

/** Sixteen bytes at a time to the first that is one of these; may go past the end. */
function findAny({ code, at, bytes, mask }: Scan, wanted: readonly number[], past?: () => void): void {
  code.loop((next) => {
    code.get(at).op('v128.load', 0, 0).set(bytes);
    wanted.forEach((byte, i) => {
      code.get(bytes).v128(new Array(16).fill(byte)).op('i8x16.eq');
      if (i > 0) code.op('v128.or');
    });
    code.op('i8x16.bitmask').tee(mask).op('i32.eqz');
    code.if(() => {
      code.get(at).i32(16).op('i32.add').set(at);
      past?.();
      code.br(next);
    });
  });
  code.get(at).get(mask).op('i32.ctz').op('i32.add').set(at);
}

/** To the delimiter or line break; the guard behind the text is one. */
function plain(scan: Scan): void {
  const { code, dialect, at, end, final, incomplete } = scan;
  const newline = lineBreaks(dialect);
  const exact = dialect.delimiter.length === 1 && dialect.newline.length <= 1;
  code.loop((next) => {
    const comment = hasInlineComments(dialect) ? [dialect.comment] : [];
    findAny(scan, [...new Set([dialect.delimiter[0] as number, ...newline, ...comment])]);
    if (exact) return;
    code.get(at).get(end).op('i32.lt_u');
    code.if(() => {
      atFieldEnd(scan);
      code.op('i32.eqz');
      code.if(() => code.get(at).i32(1).op('i32.add').set(at).br(next));
    });
  });
  code.get(at).get(end).op('i32.ge_u');
  code.if(() => {
    code.get(end).set(at);
    code.get(final).op('i32.eqz').brIf(incomplete);
  });
}

/**
 * A quoted field: a doubled quote is one, and so is an escaped one. With other text behind its closing quote it is
 * taken as it stands, quotes and all, as Spark does (STOP_AT_DELIMITER); so it is when it is never closed.
 */
function quoted(scan: Scan): void {
  const { code, dialect, at, end, final, flags, incomplete, rowFlags } = scan;
  const { quote, escape: escapeWith } = dialect;
  const open = code.local('i32');
  const escapes = escapeWith >= 0 && escapeWith !== quote;
  const lineEnds = dialect.lineMode ? lineBreaks(dialect) : [];
  const wanted = [...new Set([quote, ...(escapes ? [escapeWith] : []), ...lineEnds])];
  const step = (by: number): Code => code.get(at).i32(by).op('i32.add').set(at);
  code.get(at).set(open);
  code.i32(QUOTED).set(flags);
  code.block((fieldDone) => {
    code.block((unclosed) => {
      step(1);
      code.loop((next) => {
        findAny(scan, wanted, () => code.get(at).get(end).op('i32.ge_u').brIf(unclosed));
        code.get(at).get(end).op('i32.ge_u').brIf(unclosed);
        if (dialect.lineMode) {
          atNewline(scan, at);
          code.brIf(unclosed);
        }
        if (escapes) escapeInQuotes(scan, next, unclosed);
        code.get(at).op('i32.load8_u').i32(quote).op('i32.ne');
        code.if(() => step(1).br(next));
        step(1);
        code.get(at).get(end).op('i32.ge_u');
        code.if(() => {
          code.get(final).op('i32.eqz').brIf(incomplete);
          code.br(fieldDone);
        });
        code.get(at).op('i32.load8_u').i32(quote).op('i32.eq');
        code.if(() => {
          code.i32(QUOTED | ESCAPED).set(flags);
          step(1).br(next);
        });
      });
      skipBlanks(scan, at);
      code.get(at).get(end).op('i32.ge_u');
      code.if(() => {
        code.get(final).op('i32.eqz').brIf(incomplete);
        code.br(fieldDone);
      });
      atFieldEnd(scan);
      code.brIf(fieldDone);
      code.i32(0).set(flags);
      plain(scan);
      code.br(fieldDone);
    });
    // Never closed: up to the end of the text, or of the line where lines are records.
    code.i32(0).set(flags);
    code.i32(UNCLOSED).set(rowFlags);
    code.get(at).get(end).op('i32.ge_u');
    code.if(() => {
      code.get(final).op('i32.eqz').brIf(incomplete);
      code.get(end).set(at);
    });
  });
}

const lineBreaks = (dialect: CsvDialect): readonly number[] =>
  dialect.newline.length === 0 ? [LF, CR] : [dialect.newline[0] as number];

/** An escape before a quote or another escape takes it along; before anything else it is itself. */
function escapeInQuotes(scan: Scan, next: Label, unclosed: Label): void {
  const { code, dialect, at, end, flags } = scan;
  code.get(at).op('i32.load8_u').i32(dialect.escape).op('i32.eq');
  code.if(() => {
    code.get(at).i32(1).op('i32.add').tee(at).get(end).op('i32.ge_u').brIf(unclosed);
    code.get(at).op('i32.load8_u').i32(dialect.quote).op('i32.eq');
    code.get(at).op('i32.load8_u').i32(dialect.escape).op('i32.eq').op('i32.or');
    code.if(() => {
      code.i32(QUOTED | ESCAPED).set(flags);
      code.get(at).i32(1).op('i32.add').set(at);
    });
    code.br(next);
  });
}
