import { compileDatePattern } from './date-pattern.js';
import type { CsvReadOptions } from './options.js';

/** Orders of the parts; where several fit, the first is meant. */
const ORDERS = ['d?M?yyyy', 'M?d?yyyy', 'yyyy?M?d', 'yy?M?d', 'd?M?yy', 'M?d?yy'];
const CLOCKS = ['H:m:s', 'h:m:s a', 'H:m'];
const SHAPE = /^(?:\d{4}([-/. ])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:\d{4}|\d\d))(?= \d{1,2}:\d{2}|$)/;
const ISO = /^\d{4}-\d{1,2}-\d{1,2}/;
/** In two digits, later years are of the last century or of none. */
const LAST_YEAR = 2068;

/** The formats of dates and timestamps that all values of a column have, when they are not as in ISO 8601. */
export function dateFormats(
  records: readonly (readonly string[])[],
  given: CsvReadOptions,
): Pick<CsvReadOptions, 'dateFormat' | 'timestampFormat'> {
  let [date, timestamp, hasIso] = [given.dateFormat, given.timestampFormat, false];
  for (let column = 0; column < (records[0]?.length ?? 0); column++) {
    const values = new Set(records.map((record) => record[column] ?? ''));
    values.delete('');
    const [first] = values;
    if (first === undefined || !SHAPE.test(first)) continue;
    if (ISO.test(first)) {
      hasIso = true;
      continue;
    }
    const hasClock = / \d{1,2}:/.test(first);
    if ((hasClock ? timestamp : date) !== undefined) continue;
    const found = formatOf(values, hasClock ? CLOCKS : ['']);
    if (hasClock) timestamp = found;
    else date = found;
  }
  // One format holds for all columns of a file.
  if (hasIso) return {};
  return {
    ...(date === undefined ? {} : { dateFormat: date }),
    ...(timestamp === undefined ? {} : { timestampFormat: timestamp }),
  };
}

function formatOf(values: ReadonlySet<string>, clocks: readonly string[]): string | undefined {
  const separator = /[-/. ]/.exec([...values][0] as string)?.[0] as string;
  for (const order of ORDERS) {
    for (const clock of clocks) {
      const format = `${order.replaceAll('?', separator)} ${clock}`.trim();
      const pattern = compileDatePattern(format);
      const fits = (text: string): boolean => {
        const read = pattern.parse(text);
        return read !== undefined && (order.includes('yyyy') || 1970 + read.days / 365.25 < LAST_YEAR);
      };
      if ([...values].every(fits)) return format;
    }
  }
  return undefined;
}
