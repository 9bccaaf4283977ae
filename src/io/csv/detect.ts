import type { Platform } from '../../base/index.js';
import { decodedChunks } from '../byte-stream.js';
import type { DataFile } from '../paths.js';
import type { CsvDialect, CsvReadOptions } from './options.js';

/** The beginning of a file that is looked at. */
const SAMPLE_BYTES = 64 << 10;
const MAX_RECORDS = 500;
/** Nearest to the format's name first: where two serve equally well, the earlier is meant. */
const DELIMITERS = [',', '\t', ';', '|', '^', '~', ':', ' '] as const;

/** Finds out what the options leave to the file: `sep: 'auto'` and `header: 'auto'`. */
export async function detectOptions(
  files: readonly DataFile[],
  options: CsvReadOptions,
  platform: Platform,
): Promise<CsvReadOptions> {
  if (!options.detectDelimiter && !options.detectHeader) return options;
  const file = files.find(({ size }) => size > 0);
  const sample = file === undefined ? '' : await sampleOf(file, options, platform);
  const delimiter = options.detectDelimiter ? bestDelimiter(sample, options.dialect) : undefined;
  const dialect =
    delimiter === undefined ? options.dialect : { ...options.dialect, delimiter: [...Buffer.from(delimiter, 'utf8')] };
  const separator = Buffer.from(dialect.delimiter).toString('utf8');
  const header = options.detectHeader ? beginsWithHeader(recordsOf(sample, separator, dialect)) : options.header;
  return { ...options, dialect, header, detectDelimiter: false, detectHeader: false };
}

async function sampleOf(file: DataFile, { encoding }: CsvReadOptions, platform: Platform): Promise<string> {
  const readable = platform.files.open(file.path);
  try {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    let isCut = false;
    for await (const chunk of decodedChunks(readable, encoding)) {
      pieces.push(chunk);
      bytes += chunk.length;
      isCut = bytes > SAMPLE_BYTES;
      if (isCut) break;
    }
    const text = Buffer.concat(pieces)
      .subarray(0, SAMPLE_BYTES)
      .toString('utf8')
      .replace(/^\ufeff/, '');
    // The last record may be cut off.
    const end = isCut ? Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) : text.length;
    return text.slice(0, end < 0 ? text.length : end);
  } finally {
    readable.close();
  }
}

/** The delimiter that cuts most records into the same number of fields, more than one. */
function bestDelimiter(sample: string, dialect: CsvDialect): string {
  let best = ',';
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const records = recordsOf(sample, delimiter, dialect);
    const counts = new Map<number, number>();
    for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
    const [fields, times] = [...counts].reduce(
      (most, entry) => (entry[1] > most[1] || (entry[1] === most[1] && entry[0] > most[0]) ? entry : most),
      [1, 0],
    );
    // Blanks and colons are in texts as well: they separate only where they do in every record.
    const isDoubtful = delimiter === ' ' || delimiter === ':';
    if (fields < 2 || (isDoubtful && times < records.length)) continue;
    // Records alike count most; then many fields.
    const score = (times / records.length) ** 2 * (isDoubtful ? 0.5 : 1) * (1 + Math.min(fields, 50) / 1000);
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/** The first records of a text; blank lines and comments are none. */
function recordsOf(text: string, delimiter: string, dialect: CsvDialect): string[][] {
  const quote = dialect.quote < 0 ? '' : String.fromCharCode(dialect.quote);
  const escapeWith = dialect.escape < 0 ? '' : String.fromCharCode(dialect.escape);
  const comment = dialect.comment < 0 ? '' : String.fromCharCode(dialect.comment);
  const records: string[][] = [];
  let at = 0;
  while (at < text.length && records.length < MAX_RECORDS) {
    if (comment !== '' && text[at] === comment) {
      const end = /[\r\n]/g;
      end.lastIndex = at;
      at = (end.exec(text)?.index ?? text.length) + 1;
      continue;
    }
    const record: string[] = [];
    for (;;) {
      let field = '';
      if (quote !== '' && text[at] === quote) {
        at++;
        while (at < text.length) {
          const c = text[at] as string;
          if (c === escapeWith && at + 1 < text.length && (text[at + 1] === quote || text[at + 1] === escapeWith)) {
            field += text[at + 1];
            at += 2;
          } else if (c === quote && text[at + 1] === quote) {
            field += quote;
            at += 2;
          } else if (c === quote) {
            at++;
            break;
          } else {
            field += c;
            at++;
          }
        }
      }
      while (at < text.length && !text.startsWith(delimiter, at) && text[at] !== '\n' && text[at] !== '\r')
        field += text[at++];
      record.push(field);
      if (!text.startsWith(delimiter, at)) break;
      at += delimiter.length;
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    at++;
    if (record.length > 1 || (record[0] as string).trim() !== '') records.push(record);
  }
  return records;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{2}.*)?$|^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}/;
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2})?/;
const TRUTH = /^(?:true|false)$/i;

function kindOf(text: string): string {
  if (NUMBER.test(text)) return 'number';
  if (DATE.test(text)) return 'date';
  if (CLOCK.test(text)) return 'clock';
  return TRUTH.test(text) ? 'truth' : 'text';
}

/**
 * The first record is a header unless a value of it is of the kind all values below it are, and that kind is not text.
 * Where everything is text, nothing tells, and a header is what most files have.
 */
function beginsWithHeader([first, ...rest]: readonly string[][]): boolean {
  if (first === undefined) return false;
  if (rest.length === 0) return first.every((name) => kindOf(name) === 'text');
  let isLike = false;
  for (const [column, name] of first.entries()) {
    const kinds = new Set(rest.flatMap((record) => (record[column] ? [kindOf(record[column].trim())] : [])));
    if (kinds.size !== 1 || kinds.has('text')) continue;
    if (name !== '' && !kinds.has(kindOf(name.trim()))) return true;
    isLike = true;
  }
  return !isLike;
}
