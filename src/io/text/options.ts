import { GivenOptions, unescapeOption } from '../given-options.js';
import { TEXT_COMPRESSIONS, type TextCompression } from '../text-file.js';

/** The options of a reader, checked. Plain data that travels to the tasks. */
export interface TextReadOptions {
  /** A file is one row. */
  readonly wholeText: boolean;
  /** What ends a line, as bytes; empty: CR, LF and CRLF alike. */
  readonly lineSep: readonly number[];
  readonly encoding: string;
}

export interface TextWriteOptions {
  readonly lineSep: string;
  readonly compression: TextCompression;
}

const NAMES = ['wholetext', 'lineSep', 'encoding', 'charset', 'compression', 'codec'] as const;
const givenOf = (options: Readonly<Record<string, string>>) => new GivenOptions('text', NAMES, options);

export function readOptions(options: Readonly<Record<string, string>>): TextReadOptions {
  const given = givenOf(options);
  return {
    wholeText: given.flag('wholetext', false),
    lineSep: [...Buffer.from(unescapeOption(given.text('lineSep') ?? ''), 'utf8')],
    encoding: (given.text('encoding', 'charset') ?? 'utf-8').toLowerCase(),
  };
}

export function writeOptions(options: Readonly<Record<string, string>>): TextWriteOptions {
  const given = givenOf(options);
  const codec = given.choice('codec', TEXT_COMPRESSIONS, 'none');
  return {
    lineSep: unescapeOption(given.text('lineSep') ?? '\n'),
    compression: given.choice('compression', TEXT_COMPRESSIONS, codec),
  };
}
