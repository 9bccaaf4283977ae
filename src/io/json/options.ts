import { GivenOptions, unescapeOption } from '../given-options.js';
import { TEXT_COMPRESSIONS, type TextCompression } from '../text-file.js';

export type ReadMode = 'PERMISSIVE' | 'DROPMALFORMED' | 'FAILFAST';

/** What is taken as JSON beyond the standard. */
export interface JsonSyntax {
  readonly comments: boolean;
  readonly unquotedNames: boolean;
  readonly singleQuotes: boolean;
  readonly leadingZeros: boolean;
  readonly nonNumericNumbers: boolean;
  readonly anyEscape: boolean;
  readonly controlCharacters: boolean;
}

/** The options of a reader, checked. Plain data that travels to the tasks. */
export interface JsonReadOptions {
  readonly syntax: JsonSyntax;
  /** A record may take many lines; the file is read as one piece. */
  readonly multiLine: boolean;
  readonly mode: ReadMode;
  /** The user named the mode himself. */
  readonly modeGiven: boolean;
  readonly corruptColumn: string;
  /** Where records go that are no objects; without it they are malformed. */
  readonly valueColumn?: string;
  /** Inferred fields in the order of their names, as Spark has them, or as they come. */
  readonly sortFields: boolean;
  readonly samplingRatio?: number;
  readonly primitivesAsString: boolean;
  readonly prefersDecimal: boolean;
  readonly dropFieldIfAllNull: boolean;
  readonly inferTimestamp: boolean;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  readonly timeZone: string;
  readonly encoding: string;
  /** The column that whole records are values of. */
  readonly recordColumn?: string;
}

export interface JsonWriteOptions {
  readonly ignoreNullFields: boolean;
  readonly lineSep: string;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  readonly timeZone: string;
  readonly compression: TextCompression;
}

const NAMES = [
  'primitivesAsString',
  'prefersDecimal',
  'allowComments',
  'allowUnquotedFieldNames',
  'allowSingleQuotes',
  'allowNumericLeadingZeros',
  'allowNonNumericNumbers',
  'allowBackslashEscapingAnyCharacter',
  'allowUnquotedControlChars',
  'mode',
  'columnNameOfCorruptRecord',
  'dateFormat',
  'timestampFormat',
  'timestampNTZFormat',
  'enableDateTimeParsingFallback',
  'multiLine',
  'lineSep',
  'samplingRatio',
  'dropFieldIfAllNull',
  'locale',
  'ignoreNullFields',
  'encoding',
  'charset',
  'compression',
  'codec',
  'timeZone',
  'inferTimestamp',
  'singleVariantColumn',
  'valueColumn',
  'sortFields',
] as const;

const givenOf = (options: Readonly<Record<string, string>>) => new GivenOptions('JSON', NAMES, options);
type Given = ReturnType<typeof givenOf>;

export function readOptions(options: Readonly<Record<string, string>>, zone = 'UTC'): JsonReadOptions {
  const given = givenOf(options);
  given.only('locale', ['en-US', 'en', 'en_US']);
  given.only('lineSep', ['\n', '\\n', '\r\n', '\\r\\n']);
  const ratio = given.text('samplingRatio');
  const optional = { valueColumn: given.text('valueColumn'), recordColumn: given.text('singleVariantColumn') };
  return {
    syntax: {
      comments: given.flag('allowComments', false),
      unquotedNames: given.flag('allowUnquotedFieldNames', false),
      singleQuotes: given.flag('allowSingleQuotes', true),
      leadingZeros: given.flag('allowNumericLeadingZeros', false),
      nonNumericNumbers: given.flag('allowNonNumericNumbers', true),
      anyEscape: given.flag('allowBackslashEscapingAnyCharacter', false),
      controlCharacters: given.flag('allowUnquotedControlChars', false),
    },
    multiLine: given.flag('multiLine', false),
    mode: given.choice('mode', ['PERMISSIVE', 'DROPMALFORMED', 'FAILFAST'], 'PERMISSIVE'),
    modeGiven: given.text('mode') !== undefined,
    corruptColumn: given.text('columnNameOfCorruptRecord') ?? '_corrupt_record',
    sortFields: given.flag('sortFields', true),
    ...(ratio === undefined ? {} : { samplingRatio: given.number('samplingRatio', 1, Number.MIN_VALUE, 1) }),
    primitivesAsString: given.flag('primitivesAsString', false),
    prefersDecimal: given.flag('prefersDecimal', false),
    dropFieldIfAllNull: given.flag('dropFieldIfAllNull', false),
    inferTimestamp: given.flag('inferTimestamp', false),
    ...formatsOf(given),
    timeZone: given.text('timeZone') ?? zone,
    encoding: (given.text('encoding', 'charset') ?? 'utf-8').toLowerCase(),
    ...present(optional),
  };
}

export function writeOptions(options: Readonly<Record<string, string>>, zone = 'UTC'): JsonWriteOptions {
  const given = givenOf(options);
  given.only('encoding', ['utf-8', 'utf8']);
  const codec = given.choice('codec', TEXT_COMPRESSIONS, 'none');
  return {
    ignoreNullFields: given.flag('ignoreNullFields', true),
    lineSep: unescapeOption(given.text('lineSep') ?? '\n'),
    ...formatsOf(given),
    timeZone: given.text('timeZone') ?? zone,
    compression: given.choice('compression', TEXT_COMPRESSIONS, codec),
  };
}

function formatsOf(given: Given): Pick<JsonReadOptions, 'dateFormat' | 'timestampFormat' | 'timestampNtzFormat'> {
  return present({
    dateFormat: given.text('dateFormat'),
    timestampFormat: given.text('timestampFormat'),
    timestampNtzFormat: given.text('timestampNTZFormat'),
  });
}

/** Without the entries that are undefined. */
function present<T extends Readonly<Record<string, string | undefined>>>(
  given: T,
): { readonly [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
