import type { Platform } from '../../base/index.js';
import { decodedChunks } from '../byte-stream.js';
import type { DataFile } from '../paths.js';
import { dateFormats } from './detect-dates.js';
import { LEADING_ZERO } from './infer-type.js';
import type { CsvDialect, CsvReadOptions } from './options.js';
import { parseSample, type Sample } from './sample.js';

/** The beginning of a file that is looked at. */
const SAMPLE_BYTES = 256 << 10;
/** Of candidates that serve equally well, the earlier is meant. */
const DELIMITERS = [',', '|', ';', '\t', '^', '~'] as const;
const [DOUBLE, SINGLE, BACKSLASH, HASH] = [0x22, 0x27, 0x5c, 0x23] as const;
const QUOTES: readonly (readonly [quote: number, escapeWith: number])[] = [
  [DOUBLE, -1],
  [DOUBLE, BACKSLASH],
  [SINGLE, -1],
  [SINGLE, BACKSLASH],
  [-1, -1],
];

/** A way to read the sample, and what it gives. */
interface Candidate extends Sample {
  readonly dialect: CsvDialect;
  /** Of all records from the first one used. */
  readonly width: number;
  /** Records before the first one that is as wide as those that follow. */
  readonly skipped: number;
}

/**
 * Finds out what the options leave to the file: `sep`, `quote`, `comment`, `ignoreLeadingWhiteSpace`, `skipRows`, `header`
 * and formats of dates.
 */
export async function detectOptions(
  files: readonly DataFile[],
  options: CsvReadOptions,
  platform: Platform,
): Promise<CsvReadOptions> {
  const { detect } = options;
  if (!Object.values(detect).some(Boolean)) return options;
  const file = files.find(({ size }) => size > 0);
  const [sample, isCut] = file === undefined ? ['', false] : await sampleOf(file, options, platform);
  const { dialect, records, skipped } = await bestReading(sample, isCut, options);
  const used = records.slice(detect.skip ? skipped : options.skipRows);
  const header = detect.header ? beginsWithHeader(used, options) : options.header;
  return {
    ...options,
    dialect,
    header,
    skipRows: detect.skip ? skipped : options.skipRows,
    ...(detect.dates ? dateFormats(header ? used.slice(1) : used, options) : {}),
    detect: {},
  };
}

async function sampleOf(
  file: DataFile,
  { encoding }: CsvReadOptions,
  platform: Platform,
): Promise<[text: string, isCut: boolean]> {
  const readable = platform.files.open(file.path);
  try {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of decodedChunks(readable, encoding)) {
      pieces.push(chunk);
      bytes += chunk.length;
      if (bytes > SAMPLE_BYTES) break;
    }
    const text = Buffer.concat(pieces).subarray(0, SAMPLE_BYTES).toString('utf8');
    return [text.replace(/^\ufeff/, ''), bytes > SAMPLE_BYTES];
  } finally {
    readable.close();
  }
}

/** The reading that cuts most records alike, into the most fields; without any, the options' own. */
async function bestReading(sample: string, isCut: boolean, options: CsvReadOptions): Promise<Candidate> {
  let best: Candidate | undefined;
  for (const dialect of dialects(sample, options)) {
    const parsed = parseSample(sample, isCut, dialect);
    const candidate = parsed && consistent(parsed, dialect, options.detect.skip === true);
    if (candidate !== undefined && isBetter(candidate, best)) best = candidate;
    await new Promise<void>((resume) => setImmediate(resume));
  }
  if (best !== undefined) return best;
  // Nothing is strict CSV: the reader makes of it what it can.
  const { dialect } = options;
  const { records = [] } = parseSample(sample, isCut, dialect, false) ?? {};
  return { dialect, records, comments: 0, quoted: false, width: 0, skipped: 0 };
}

/** The readings to try; characters that the sample has not cannot mean anything in it. */
function* dialects(sample: string, { dialect, detect }: CsvReadOptions): Generator<CsvDialect> {
  const has = (code: number): boolean => sample.includes(String.fromCharCode(code));
  const quotes = QUOTES.filter((codes) => codes.every((code) => code < 0 || has(code)));
  // Where nothing cuts all records alike, a line is one field.
  const never = DELIMITERS.find((text) => !sample.includes(text)) ?? '\u0001';
  const separators = [...DELIMITERS.filter((text) => sample.includes(text)), never].map((text) => [
    ...Buffer.from(text),
  ]);
  const [{ inlineComments }, hashes] = [dialect, /^[ \t]*#/m.test(sample) ? [false, true] : []];
  const comments = [
    { comment: -1, inlineComments },
    ...hashes.map((inline) => ({ comment: HASH, inlineComments: inline || inlineComments })),
  ];
  const trims = detect.blanks && /[ \t]["']/.test(sample) ? [false, true] : [dialect.trimLeading];
  for (const [quote, escapeWith] of detect.quote ? quotes : [[dialect.quote, dialect.escape] as const]) {
    for (const delimiter of detect.delimiter ? separators : [dialect.delimiter]) {
      for (const lines of detect.comment ? comments : [{}]) {
        for (const trimLeading of trims)
          yield { ...dialect, quote, escape: escapeWith, delimiter, trimLeading, ...lines };
      }
    }
  }
}

/** Undefined where records behind the widest one are narrower: what is cut so is not cut right. */
function consistent(parsed: Sample, dialect: CsvDialect, maySkip: boolean): Candidate | undefined {
  let width = 0;
  let skipped = 0;
  for (const [at, { length }] of parsed.records.entries()) {
    if (length === width) continue;
    // A header, and records that end with a delimiter.
    if (at === skipped + 1 && width > 1 && parsed.records.slice(at).every((r) => r.length === width + 1 && !r[width]))
      break;
    if (length < width || (at > 0 && !maySkip)) return undefined;
    width = length;
    skipped = at;
  }
  // A comment is a line of its own; records cut alike without comments need none.
  return { ...parsed, dialect, width, skipped };
}

function isBetter(one: Candidate, best: Candidate | undefined): boolean {
  if (best === undefined) return true;
  // What quotes in strict CSV is no text.
  if (best.quoted && !one.quoted) return false;
  const [rows, most] = [one.records.length - one.skipped, best.records.length - best.skipped];
  if (one.width > 1 && best.width < 2) return true;
  // What stood before a quote was a blank, if then no record is left out.
  if (one.dialect.trimLeading && !best.dialect.trimLeading && one.width > 1 && one.skipped < best.skipped) return true;
  if (one.width < best.width) return false;
  if (one.comments > 0 && best.comments === 0 && best.skipped > 0) return true;
  return rows > most || (rows === most && (one.width > best.width || (one.quoted && !best.quoted)));
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{2}.*)?$|^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}/;
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2})?/;
const TRUTH = /^(?:true|false)$/i;

function plainKindOf(text: string): string {
  if (NUMBER.test(text)) return 'number';
  if (DATE.test(text)) return 'date';
  if (CLOCK.test(text)) return 'clock';
  return TRUTH.test(text) ? 'truth' : 'text';
}

/**
 * The first record is a header unless a value of it is of the kind all values below it are, and that kind is not text,
 * or all other records repeat it. Where everything is text, nothing tells, and a header is what most files have. A text
 * over a column that is otherwise empty is the name of it.
 */
function beginsWithHeader(
  [first, ...rest]: readonly (readonly string[])[],
  { keepLeadingZeros }: CsvReadOptions,
): boolean {
  if (first === undefined) return false;
  const kindOf = (text: string): string => (keepLeadingZeros && LEADING_ZERO.test(text) ? 'text' : plainKindOf(text));
  const same = (record: readonly string[]): boolean => record.every((value, i) => value === first[i]);
  if (rest.length > 1 && rest.every(same)) return false;
  if (rest.length === 0) return first.every((name) => name !== '' && kindOf(name) === 'text');
  let isLike = false;
  for (const [column, name] of first.entries()) {
    const kinds = new Set(rest.flatMap((record) => (record[column] ? [kindOf(record[column].trim())] : [])));
    const own = kindOf(name.trim());
    if (kinds.size === 0 && rest.length > 1 && name !== '' && own === 'text') return true;
    if (kinds.size !== 1 || kinds.has('text')) continue;
    if (name !== '' && !kinds.has(own)) return true;
    isLike = true;
  }
  return !isLike;
}
