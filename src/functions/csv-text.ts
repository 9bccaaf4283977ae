import { isOn, type TextOptions } from './text-options.js';

/** One line of CSV taken apart and put together, for from_csv and its kin. */
export interface CsvStyle {
  readonly separator: string;
  readonly quote: string;
  readonly escapeMark: string;
  readonly comment: string | undefined;
  readonly nullValue: string;
  readonly emptyValue: string;
  readonly trimStart: boolean;
  readonly trimEnd: boolean;
  readonly quoteAll: boolean;
  readonly escapeQuotes: boolean;
}

export function csvStyle(options: TextOptions, writing = false): CsvStyle {
  return {
    separator: options.get('sep') ?? options.get('delimiter') ?? ',',
    quote: options.get('quote') ?? '"',
    escapeMark: options.get('escape') ?? '\\',
    comment: options.get('comment'),
    nullValue: options.get('nullvalue') ?? '',
    emptyValue: options.get('emptyvalue') ?? (writing ? '""' : ''),
    trimStart: isOn(options, 'ignoreLeadingWhiteSpace', writing),
    trimEnd: isOn(options, 'ignoreTrailingWhiteSpace', writing),
    quoteAll: isOn(options, 'quoteAll'),
    escapeQuotes: isOn(options, 'escapeQuotes', true),
  };
}

/** The cells of a line; an empty cell that is not quoted is null. */
export function splitCsv(line: string, style: CsvStyle): (string | null)[] {
  const cells: (string | null)[] = [];
  let at = 0;
  for (;;) {
    const [cell, next] = readCell(line, at, style);
    cells.push(cell);
    if (next >= line.length) return cells;
    at = next + style.separator.length;
    if (at >= line.length) {
      cells.push(null);
      return cells;
    }
  }
}

/** The cell that starts at a place, and where its separator or the end of the line is. */
function readCell(line: string, start: number, style: CsvStyle): readonly [string | null, number] {
  const { separator, quote, nullValue } = style;
  let at = start;
  if (style.trimStart) while (line[at] === ' ' || line[at] === '\t') at++;
  if (quote !== '' && line.startsWith(quote, at)) {
    const quoted = readQuoted(line, at + quote.length, style);
    if (quoted !== undefined) return quoted;
  }
  const end = line.indexOf(separator, at);
  const until = end < 0 ? line.length : end;
  let text = line.slice(at, until);
  if (style.trimEnd) text = text.replace(/[ \t]+$/, '');
  return [text === '' || text === nullValue ? null : text, until];
}

function readQuoted(line: string, from: number, style: CsvStyle): readonly [string, number] | undefined {
  const { separator, quote, escapeMark } = style;
  let text = '';
  for (let at = from; at < line.length; at++) {
    const char = line[at] as string;
    if (char === escapeMark && (line[at + 1] === quote || line[at + 1] === escapeMark)) {
      text += line[++at];
    } else if (char !== quote) text += char;
    else {
      let after = at + 1;
      while (line[after] === ' ') after++;
      if (after >= line.length || line.startsWith(separator, after)) {
        return [text === '' ? style.emptyValue : text, after];
      }
      text += char;
    }
  }
  return undefined;
}

/** Cells as one line. */
export function joinCsv(cells: readonly (string | null)[], style: CsvStyle): string {
  return cells.map((cell) => writeCell(cell, style)).join(style.separator);
}

function writeCell(cell: string | null, style: CsvStyle): string {
  if (cell === null) return style.nullValue;
  if (cell === '') return style.emptyValue;
  let text = cell;
  if (style.trimStart) text = text.replace(/^[ \t]+/, '');
  if (style.trimEnd) text = text.replace(/[ \t]+$/, '');
  const { quote, escapeMark, separator } = style;
  const hasQuote = text.includes(quote);
  const needed = style.quoteAll || text.includes(separator) || /[\r\n]/.test(text) || (hasQuote && style.escapeQuotes);
  if (!needed) return text;
  return `${quote}${text.replaceAll(quote, escapeMark + quote)}${quote}`;
}
