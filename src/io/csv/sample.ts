import type { CsvDialect } from './options.js';

const MAX_RECORDS = 20_480;

/** The first records of a text. */
export interface Sample {
  readonly records: readonly (readonly string[])[];
  /** Lines that are comments. */
  readonly comments: number;
  /** Some field is quoted. */
  readonly quoted: boolean;
}

/** Reads the first records of a text, by RFC 4180; blank lines and comments are none. Undefined where `strict` fails. */
export function parseSample(text: string, isCut: boolean, dialect: CsvDialect, strict = true): Sample | undefined {
  const separator = Buffer.from(dialect.delimiter).toString('utf8');
  const [quote, escapeWith, comment] = [dialect.quote, dialect.escape, dialect.comment].map((code) =>
    code < 0 ? '' : String.fromCharCode(code),
  ) as [string, string, string];
  const records: string[][] = [];
  let [comments, quoted, at] = [0, false, 0];
  const atLineEnd = (): boolean => at >= text.length || text[at] === '\n' || text[at] === '\r';
  const atEnd = (): boolean => atLineEnd() || (dialect.inlineComments && text[at] === comment);

  const blanksEnd = (): number => {
    let to = at;
    while ((text[to] === ' ' || text[to] === '\t') && !text.startsWith(separator, to)) to++;
    return to;
  };

  const quotedField = (): string | undefined => {
    let field = '';
    for (at++; at < text.length; ) {
      const c = text[at] as string;
      const next = text[at + 1];
      const isPair = (c === quote && next === quote) || (c === escapeWith && next !== undefined);
      if (c === quote && !isPair) {
        at++;
        return field;
      }
      field += isPair ? next : c;
      at += isPair ? 2 : 1;
    }
    return strict ? undefined : field;
  };

  const record = (): string[] | undefined => {
    const fields: string[] = [];
    for (;;) {
      let field = '';
      if (dialect.trimLeading) at = blanksEnd();
      if (quote !== '' && text[at] === quote) {
        const inside = quotedField();
        if (inside === undefined) return undefined;
        field = inside;
        quoted = true;
        // Blanks behind the quote are no part of the value.
        const behind = blanksEnd();
        if (behind >= text.length || /[\r\n]/.test(text[behind] as string) || text.startsWith(separator, behind))
          at = behind;
        if (strict && !atEnd() && !text.startsWith(separator, at)) return undefined;
      }
      const from = at;
      while (!atEnd() && !text.startsWith(separator, at)) at++;
      fields.push(field + text.slice(from, at));
      if (atEnd()) return fields;
      at += separator.length;
    }
  };

  const toLineEnd = (): void => {
    while (!atLineEnd()) at++;
    comments++;
  };

  while (at < text.length && records.length < MAX_RECORDS) {
    if (comment !== '' && text[at] === comment) {
      toLineEnd();
    } else {
      const fields = record();
      if (!atLineEnd()) toLineEnd();
      // The sample may end within a record.
      if (fields === undefined && !(isCut && at >= text.length)) return undefined;
      if (isCut && at >= text.length) break;
      if (fields !== undefined && (fields.length > 1 || (fields[0] as string).trim() !== '')) records.push(fields);
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
  }
  return { records, comments, quoted };
}
