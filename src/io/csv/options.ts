import { GivenOptions, unescapeOption } from '../given-options.js';

export type CsvMode = 'PERMISSIVE' | 'DROPMALFORMED' | 'FAILFAST';

/** How records and fields are told apart: bytes of UTF-8 text. Plain data. */
export interface CsvDialect {
  readonly delimiter: readonly number[];
  /** -1: nothing quotes. */
  readonly quote: number;
  /** -1: nothing escapes but a doubled quote. */
  readonly escape: number;
  /** -1: there are no comments. */
  readonly comment: number;
  /** A comment may also begin within a line, where nothing is quoted. */
  readonly inlineComments: boolean;
  /** What ends a record; empty: CR, LF and CRLF alike. */
  readonly newline: readonly number[];
  /** A line break ends a record even within quotes. */
  readonly lineMode: boolean;
  readonly trimLeading: boolean;
  readonly trimTrailing: boolean;
  readonly nullValue: string;
  readonly emptyValue: string;
}

/** The options of a reader, checked. Plain data that travels to the tasks. */
export interface CsvReadOptions {
  readonly dialect: CsvDialect;
  readonly header: boolean;
  /** Records left out before the header, or the first one. */
  readonly skipRows: number;
  /** What is to be found out from the file. */
  readonly detect: {
    readonly [K in 'delimiter' | 'quote' | 'comment' | 'skip' | 'header' | 'dates' | 'blanks']?: boolean;
  };
  readonly inferSchema: boolean;
  readonly enforceSchema: boolean;
  readonly mode: CsvMode;
  /** The user named the mode himself. */
  readonly modeGiven: boolean;
  readonly corruptColumn: string;
  readonly samplingRatio: number;
  readonly samplingRatioGiven: boolean;
  readonly preferDate: boolean;
  readonly preferDecimal: boolean;
  /** A column with integers that begin with zeros is text. */
  readonly keepLeadingZeros: boolean;
  readonly inferLocalTimestamps: boolean;
  readonly maxColumns: number;
  readonly maxCharsPerColumn: number;
  readonly nanValue: string;
  readonly positiveInf: string;
  readonly negativeInf: string;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  /** The first of the hundred years that are written with two digits. */
  readonly firstShortYear?: number;
  readonly timeZone: string;
  readonly encoding: string;
  /** Given: true reads each file as one piece, false means that line breaks end records even in quotes. */
  readonly multiLine?: boolean;
}

/** The options of a writer, checked. */
export interface CsvWriteOptions {
  readonly header: boolean;
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly escapeQuotes: boolean;
  /** Text that a spreadsheet would run as a formula gets an apostrophe before it. */
  readonly escapeFormulas: boolean;
  readonly quoteAll: boolean;
  readonly nullValue: string;
  readonly emptyValue: string;
  readonly lineSep: string;
  readonly trimLeading: boolean;
  readonly trimTrailing: boolean;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  readonly timeZone: string;
  readonly compression: 'none' | 'gzip';
}

/** Every option Spark's CSV source has, in lower case, with the name it is documented by. */
const NAMES = [
  'sep',
  'delimiter',
  'encoding',
  'charset',
  'quote',
  'quoteAll',
  'escapeFormulas',
  'escape',
  'escapeQuotes',
  'comment',
  'header',
  'inferSchema',
  'preferDate',
  'prefersDate',
  'prefersDecimal',
  'enforceSchema',
  'ignoreLeadingWhiteSpace',
  'ignoreTrailingWhiteSpace',
  'nullValue',
  'nanValue',
  'positiveInf',
  'negativeInf',
  'dateFormat',
  'timestampFormat',
  'timestampNTZFormat',
  'enableDateTimeParsingFallback',
  'maxColumns',
  'maxCharsPerColumn',
  'mode',
  'columnNameOfCorruptRecord',
  'multiLine',
  'charToEscapeQuoteEscaping',
  'samplingRatio',
  'emptyValue',
  'locale',
  'lineSep',
  'unescapedQuoteHandling',
  'compression',
  'codec',
  'timeZone',
  'timestampType',
  'columnPruning',
  'extension',
  'skipRows',
  'keepLeadingZeros',
  'inlineComments',
] as const;
type OptionName = (typeof NAMES)[number];
type Given = GivenOptions<OptionName>;
const givenOf = (options: Readonly<Record<string, string>>): Given => new GivenOptions('CSV', NAMES, options);

const MAX_SEPARATOR_BYTES = 8;

const isAuto = (given: Given, ...names: OptionName[]): boolean =>
  given
    .text(...names)
    ?.trim()
    .toLowerCase() === 'auto';

function separator(given: Given): string {
  const text = isAuto(given, 'sep', 'delimiter') ? ',' : unescapeOption(given.text('sep', 'delimiter') ?? ',');
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > MAX_SEPARATOR_BYTES || /[\r\n]/.test(text)) {
    throw given.wrong('sep', text, `1 to ${MAX_SEPARATOR_BYTES} bytes without a line break`);
  }
  return text;
}

function lineSeparator(given: Given): string {
  const text = unescapeOption(given.text('lineSep') ?? '');
  if (given.text('lineSep') === '' || Buffer.byteLength(text) > 2)
    throw given.wrong('lineSep', text, 'one or two characters');
  return text;
}

function dialectOf(given: Given): CsvDialect {
  const multiLine = given.text('multiLine') === undefined ? undefined : given.flag('multiLine', true);
  const quote = isAuto(given, 'quote') ? 0x22 : given.character('quote', '"');
  return {
    delimiter: [...Buffer.from(separator(given), 'utf8')],
    quote,
    escape: quote < 0 ? -1 : given.character('escape', '\\'),
    comment: isAuto(given, 'comment') ? -1 : given.character('comment', ''),
    inlineComments: given.flag('inlineComments', false),
    newline: [...Buffer.from(lineSeparator(given), 'utf8')],
    lineMode: multiLine === false,
    trimLeading: isAuto(given, 'ignoreLeadingWhiteSpace') ? false : given.flag('ignoreLeadingWhiteSpace', false),
    trimTrailing: given.flag('ignoreTrailingWhiteSpace', false),
    nullValue: given.text('nullValue') ?? '',
    emptyValue: given.text('emptyValue') ?? '',
  };
}

function modeOf(given: Given): CsvMode {
  const mode = (given.text('mode') ?? 'PERMISSIVE').toUpperCase();
  if (mode === 'PERMISSIVE' || mode === 'DROPMALFORMED' || mode === 'FAILFAST') return mode;
  throw given.wrong('mode', mode, 'PERMISSIVE, DROPMALFORMED or FAILFAST');
}

export function readOptions(options: Readonly<Record<string, string>>, zone = 'UTC'): CsvReadOptions {
  const given = givenOf(options);
  given.only('unescapedQuoteHandling', ['STOP_AT_DELIMITER']);
  given.only('charToEscapeQuoteEscaping', [given.text('escape') ?? '\\']);
  given.only('locale', ['en-US', 'en', 'en_US']);
  given.only('timestampType', ['ltz', 'ntz', 'TIMESTAMP_LTZ', 'TIMESTAMP_NTZ']);
  const multiLine = given.text('multiLine') === undefined ? {} : { multiLine: given.flag('multiLine', true) };
  return {
    dialect: dialectOf(given),
    header: isAuto(given, 'header') ? false : given.flag('header', false),
    skipRows: isAuto(given, 'skipRows') ? 0 : given.number('skipRows', 0, 0, 1_000_000),
    detect: {
      delimiter: isAuto(given, 'sep', 'delimiter'),
      quote: isAuto(given, 'quote'),
      comment: isAuto(given, 'comment'),
      skip: isAuto(given, 'skipRows'),
      header: isAuto(given, 'header'),
      dates: isAuto(given, 'dateFormat'),
      blanks: isAuto(given, 'ignoreLeadingWhiteSpace'),
    },
    inferSchema: given.flag('inferSchema', false),
    enforceSchema: given.flag('enforceSchema', true),
    mode: modeOf(given),
    modeGiven: given.text('mode') !== undefined,
    corruptColumn: given.text('columnNameOfCorruptRecord') ?? '_corrupt_record',
    samplingRatio: given.number('samplingRatio', 1, Number.MIN_VALUE, 1),
    samplingRatioGiven: given.text('samplingRatio') !== undefined,
    preferDate: given.flag('preferDate', given.flag('prefersDate', true)),
    preferDecimal: given.flag('prefersDecimal', false),
    keepLeadingZeros: given.flag('keepLeadingZeros', false),
    inferLocalTimestamps: /ntz$/i.test(given.text('timestampType') ?? ''),
    maxColumns: given.number('maxColumns', 20480, 1, 1_000_000),
    maxCharsPerColumn: given.number('maxCharsPerColumn', -1, -1, 2 ** 29),
    nanValue: given.text('nanValue') ?? 'NaN',
    positiveInf: given.text('positiveInf') ?? 'Inf',
    negativeInf: given.text('negativeInf') ?? '-Inf',
    ...formatsOf(given),
    timeZone: given.text('timeZone') ?? zone,
    encoding: (given.text('encoding', 'charset') ?? 'utf-8').toLowerCase(),
    ...multiLine,
  };
}

function formatsOf(given: Given): Pick<CsvReadOptions, 'dateFormat' | 'timestampFormat' | 'timestampNtzFormat'> {
  const [date, timestamp, local] = [
    isAuto(given, 'dateFormat') ? undefined : given.text('dateFormat'),
    given.text('timestampFormat'),
    given.text('timestampNTZFormat'),
  ];
  return {
    ...(date === undefined ? {} : { dateFormat: date }),
    ...(timestamp === undefined ? {} : { timestampFormat: timestamp }),
    ...(local === undefined ? {} : { timestampNtzFormat: local }),
  };
}

export function writeOptions(options: Readonly<Record<string, string>>, zone = 'UTC'): CsvWriteOptions {
  const given = givenOf(options);
  given.only('encoding', ['utf-8', 'utf8']);
  const compression = (given.text('compression', 'codec') ?? 'none').toLowerCase();
  if (!['none', 'uncompressed', 'gzip'].includes(compression))
    throw given.wrong('compression', compression, 'none or gzip');
  const asText = (code: number): string => (code < 0 ? '' : String.fromCharCode(code));
  return {
    header: given.flag('header', false),
    delimiter: separator(given),
    quote: asText(given.character('quote', '"')),
    escape: asText(given.character('escape', '\\')),
    escapeQuotes: given.flag('escapeQuotes', true),
    quoteAll: given.flag('quoteAll', false),
    escapeFormulas: given.flag('escapeFormulas', false),
    nullValue: given.text('nullValue') ?? '',
    emptyValue: given.text('emptyValue') ?? '""',
    lineSep: lineSeparator(given) || '\n',
    trimLeading: given.flag('ignoreLeadingWhiteSpace', true),
    trimTrailing: given.flag('ignoreTrailingWhiteSpace', true),
    ...formatsOf(given),
    timeZone: given.text('timeZone') ?? zone,
    compression: compression === 'gzip' ? 'gzip' : 'none',
  };
}
