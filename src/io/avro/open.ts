import {
  type Field,
  field,
  type Platform,
  type SourceDescription,
  SparrowError,
  type TableSource,
} from '../../base/index.js';
import type { FileColumn } from '../batch-columns.js';
import { FileTable } from '../file-table.js';
import { GivenOptions } from '../given-options.js';
import { expandPaths } from '../paths.js';
import { columnsOf } from './columns.js';
import { readHeader } from './container.js';
import { avroType } from './schema.js';

/** Files longer than this are read by several tasks. */
const SPLIT_BYTES = 16 << 20;

/** The payload of a split: the blocks that begin in a range of bytes. Plain data. */
export interface AvroSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly start: number;
  readonly end: number;
  readonly columns: readonly FileColumn[];
}

export async function openAvro(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const given = new GivenOptions('Avro', ['ignoreExtension'] as const, description.options);
  given.flag('ignoreExtension', true);
  const files = expandPaths(platform.files, description.paths);
  const label = `avro ${description.paths.join(', ')}`;
  const [first] = files;
  if (first === undefined && description.schema === undefined) {
    throw new SparrowError('UNABLE_TO_INFER_SCHEMA', 'there is no Avro file to take the columns from', {
      where: label,
      hint: 'give a schema: read.schema(…)',
    });
  }
  const own = description.schema?.fields ?? fieldsOf(first?.path ?? '', platform);
  // Other files may lack what the first has.
  const fields = own.map((f) =>
    field(f.name, f.type, f.nullable || files.length > 1 || description.schema !== undefined),
  );
  return new FileTable('avro', label, files, fields, description.zone, ({ path, size, modifiedMs }, columns) => {
    const splits: AvroSplit[] = [];
    for (let start = 0; start < size; ) {
      const end = start + SPLIT_BYTES * 1.5 > size ? size : start + SPLIT_BYTES;
      splits.push({ path, size, modifiedMs, start, end, columns });
      start = end;
    }
    return splits;
  });
}

function fieldsOf(path: string, platform: Platform): readonly Field[] {
  const file = platform.files.open(path);
  try {
    return columnsOf(avroType(readHeader(file).schema, path)).map((c) => field(c.name, c.type, c.nullable));
  } finally {
    file.close();
  }
}
