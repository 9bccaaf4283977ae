import { compileDatePattern } from './date-pattern.js';
import type { CsvReadOptions } from './options.js';

/** Orders of the parts; where several fit, the first is meant. */
const ORDERS = ['d?M?yyyy', 'M?d?yyyy', 'yyyy?M?d', 'yy?M?d', 'd?M?yy', 'M?d?yy'];
const CLOCKS = ['H:m:s', 'h:m:s a', 'H:m'];
const SHAPE = /^(?:\d{4}([-/. ])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:\d{4}|\d\d))(?= \d{1,2}:\d{2}|$)/;
const ISO = /^\d{4}-\d{1,2}-\d{1,2}/;
/** In two digits, 69 is of the last century, as where POSIX reads dates. */
const FIRST_SHORT_YEAR = 1969;

type Formats = Pick<CsvReadOptions, 'dateFormat' | 'timestampFormat' | 'firstShortYear'>;

/** The formats of dates and timestamps that all values of a column have, when they are not as in ISO 8601. */
export function dateFormats(records: readonly (readonly string[])[], given: CsvReadOptions): Formats {
  let { dateFormat: date, timestampFormat: timestamp } = given;
  let [isoDates, isoTimestamps] = [false, false];
  for (let column = 0; column < (records[0]?.length ?? 0); column++) {
    const values = new Set(records.map((record) => record[column] ?? ''));
    values.delete('');
    const [first] = values;
    if (first === undefined || !SHAPE.test(first)) continue;
    const hasClock = / \d{1,2}:/.test(first);
    if (ISO.test(first)) {
      if (hasClock) isoTimestamps = true;
      else isoDates = true;
      continue;
    }
    if ((hasClock ? timestamp : date) !== undefined) continue;
    const found = formatOf(values, hasClock ? CLOCKS : ['']);
    if (hasClock) timestamp = found;
    else date = found;
  }
  // One format holds for all columns of a file.
  return {
    firstShortYear: FIRST_SHORT_YEAR,
    ...(date === undefined || isoDates ? {} : { dateFormat: date }),
    ...(timestamp === undefined || isoTimestamps ? {} : { timestampFormat: timestamp }),
  };
}

function formatOf(values: ReadonlySet<string>, clocks: readonly string[]): string | undefined {
  const separator = /[-/. ]/.exec([...values][0] as string)?.[0] as string;
  for (const order of ORDERS) {
    for (const clock of clocks) {
      // Who puts the year first counts 24 hours; no peer takes anything else for a time.
      if (order.startsWith('y') && clock.endsWith('a')) continue;
      const format = `${order.replaceAll('?', separator)} ${clock}`.trim();
      const pattern = compileDatePattern(format, FIRST_SHORT_YEAR);
      if ([...values].every((text) => pattern.parse(text) !== undefined)) return format;
    }
  }
  return undefined;
}
