import type { Code, Label, Local, WasmModule } from '../../wasm/index.js';
import {
  atFieldEnd,
  atNewline,
  hasInlineComments,
  LF,
  lineBreaks,
  passNewline,
  type Scan,
  skipBlanks,
  skipLines,
  startsWith,
  toNewline,
} from './emit-lines.js';
import { endsAtBytes, newWindow, plainFields } from './emit-window.js';
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

/** The bytes a text must be followed by, so that looking for the end of a field stops there. */
export const guardBytes = (dialect: CsvDialect): readonly number[] =>
  dialect.newline.length === 0 ? [LF] : dialect.newline;

/**
 * `index(text, from, end, final, out, outEnd, maxRows, width, fields, counters)` indexes records from `from` and
 * returns where the first record begins that it did not take. Writes how many it took to `counters`. Unless `final`,
 * a record that touches `end` is not taken: more of it may follow. Up to INDEX_SLACK bytes behind `outEnd` are written.
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
        const window = endsAtBytes(scan) ? newWindow(scan) : undefined;
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
            code.i32(0).set(scan.flags);
            code.block((ends) => {
              if (window !== undefined) plainFields(scan, window, { out, slot, column, width }, ends);
              field(scan);
            });
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

/** From the start of a field to the delimiter, line break or end of text behind it. */
function field(scan: Scan): void {
  const { code, dialect, at, end } = scan;
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
