import type { CsvWriteOptions } from './options.js';

/** Puts quotes around what could be read otherwise. */
export function quoting(options: CsvWriteOptions): (text: string) => string {
  const { quote, escape: escapeWith, delimiter, quoteAll, escapeQuotes, lineSep } = options;
  if (quote === '') return (text) => text;
  const escapedQuote = `${escapeWith === '' ? quote : escapeWith}${quote}`;
  const special = new RegExp(`[${escapeClass(`${quote}${escapeWith === quote ? '' : escapeWith}`)}]`, 'g');
  const separates = new RegExp(`[${escapeClass(`${delimiter[0]}${lineSep[0]}\r\n${escapeQuotes ? quote : ''}`)}]`);
  const isOpen = (text: string): boolean => quoteAll || separates.test(text) || text.startsWith(quote);
  const plain = (character: string): string => (character === quote ? escapedQuote : character + character);
  return (text) => (isOpen(text) ? quote + text.replace(special, plain) + quote : text);
}

const escapeClass = (characters: string): string => characters.replace(/[\\\]^-]/g, '\\$&');

/** Text that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection"). */
const FORMULA = new Set([...'=+-@\t\r'].map((character) => character.charCodeAt(0)));

/** Whether text whose first byte is this one is taken for a formula. */
export const beginsFormula = (byte: number): boolean => FORMULA.has(byte);

/** Text that spreadsheets show as it is. */
export const asText = (text: string): string => (beginsFormula(text.charCodeAt(0)) ? `'${text}` : text);
