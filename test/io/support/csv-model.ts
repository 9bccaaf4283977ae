/** A plain reading of CSV, character by character: what the compiled scanner is held against. */
export interface ModelOptions {
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  readonly comment?: string;
  readonly lineMode?: boolean;
}

export function modelRecords(text: string, options: ModelOptions = {}): (string | null)[][] {
  const { delimiter = ',', quote = '"', escape: escapeWith = '\\', comment, lineMode = false } = options;
  const n = text.length;
  const newlineAt = (i: number): number => (text[i] === '\n' ? 1 : text[i] !== '\r' ? 0 : text[i + 1] === '\n' ? 2 : 1);
  const isBlank = (i: number): boolean => text.charCodeAt(i) <= 32;
  const isDelimiter = (i: number): boolean => text.startsWith(delimiter, i);
  const records: (string | null)[][] = [];
  let at = 0;

  const raw = (from: number, search: number): string => {
    at = search;
    while (at < n && !isDelimiter(at) && newlineAt(at) === 0) at++;
    return text.slice(from, at);
  };
  const quoted = (): string | null => {
    const start = at;
    let value = '';
    let k = at + 1;
    for (;;) {
      if (k >= n || (lineMode && newlineAt(k) > 0)) {
        at = Math.min(n, k);
        return text.slice(start, at);
      }
      const [c, next] = [text[k], text[k + 1]];
      if (c === escapeWith && escapeWith !== quote && (next === quote || next === escapeWith)) {
        value += next;
        k += 2;
      } else if (c === quote && next === quote) {
        value += quote;
        k += 2;
      } else if (c === quote) break;
      else {
        value += c;
        k++;
      }
    }
    k++;
    while (k < n && isBlank(k) && newlineAt(k) === 0 && !isDelimiter(k)) k++;
    if (k < n && newlineAt(k) === 0 && !isDelimiter(k)) return raw(start, k);
    at = k;
    return value;
  };

  while (at < n) {
    let k = at;
    while (k < n && isBlank(k) && newlineAt(k) === 0) k++;
    const isComment = comment !== undefined && text[at] === comment;
    if (isComment) while (k < n && newlineAt(k) === 0) k++;
    if (k >= n) break;
    if (newlineAt(k) > 0) {
      at = k + newlineAt(k);
      continue;
    }
    const record: (string | null)[] = [];
    for (;;) {
      const value = text[at] === quote ? quoted() : raw(at, at);
      record.push(value === '' ? null : value);
      if (at < n && isDelimiter(at)) at += delimiter.length;
      else break;
    }
    at += newlineAt(at);
    records.push(record);
  }
  return records;
}
