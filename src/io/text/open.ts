import {
  field,
  type Platform,
  type SourceDescription,
  SparrowError,
  stringType,
  type TableSource,
} from '../../base/index.js';
import type { FileColumn } from '../batch-columns.js';
import { isPlain } from '../byte-stream.js';
import { FileTable } from '../file-table.js';
import { expandPaths } from '../paths.js';
import { readOptions, type TextReadOptions } from './options.js';

/** Files longer than this are read by several tasks. */
const SPLIT_BYTES = 16 << 20;

/** The payload of a split: the lines that begin in a range of bytes, or a whole file. Plain data. */
export interface TextSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly start: number;
  readonly end: number;
  readonly columns: readonly FileColumn[];
  readonly options: TextReadOptions;
}

export async function openText(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const options = readOptions(description.options);
  const files = expandPaths(platform.files, description.paths);
  const [given, ...others] = description.schema?.fields ?? [field('value', stringType, true)];
  if (given === undefined || given.type.kind !== 'string' || others.length > 0) {
    throw new SparrowError('INVALID_SCHEMA', 'lines of text have one column, a string', {
      where: `text ${description.paths.join(', ')}`,
      hint: 'leave the schema out: the column is called value',
    });
  }
  const label = `text ${description.paths.join(', ')}`;
  return new FileTable('text', label, files, [given], description.zone, (file, columns) => {
    const { path, size, modifiedMs } = file;
    const whole = options.wholeText || !isPlain(path, options.encoding);
    const step = whole ? size : SPLIT_BYTES;
    const splits: TextSplit[] = [];
    for (let start = 0; start < size || splits.length === 0; start += step) {
      const end = start + step * 1.5 > size ? size : start + step;
      splits.push({ path, size, modifiedMs, start, end, columns, options });
      if (end >= size) break;
    }
    // A file without bytes has no line, but it is one text.
    return size === 0 && !options.wholeText ? [] : splits;
  });
}
