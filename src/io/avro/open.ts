import {
  type DataType,
  type Field,
  field,
  type Platform,
  type SourceDescription,
  SparrowError,
  sameType,
  simpleString,
  type TableSource,
} from '../../base/index.js';
import { type FileColumn, FileTable } from '../file-table.js';
import { GivenOptions } from '../given-options.js';
import { expandPaths } from '../paths.js';
import { readHeader } from './container.js';
import { type AvroType, avroType } from './schema.js';

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

/** The columns of a file: the fields of its record, or `value` where its values are no records. */
export function columnsOf(type: AvroType): readonly (AvroType & { readonly name: string })[] {
  return type.fields ?? [{ ...type, name: 'value' }];
}

/** What turns a file's value into one of the column's type; undefined when it has the type. */
export function widening(
  from: AvroType,
  { name, type }: Pick<FileColumn, 'name' | 'type'>,
  path: string,
): ((value: unknown) => unknown) | undefined {
  if (sameType(from.type, type) || from.type.kind === 'null') return undefined;
  const [has, wants]: DataType['kind'][] = [from.type.kind, type.kind];
  if (has === 'int32' && wants === 'int64') return (value) => BigInt(value as number);
  if (has === 'int32' && wants === 'float64') return undefined;
  if (has === 'float32' && wants === 'float64') return undefined;
  if (JSON.stringify(loose(from.type)) === JSON.stringify(loose(type))) return undefined;
  throw new SparrowError('CANNOT_MERGE_SCHEMAS', `column ${name} is ${simpleString(from.type)} in this file`, {
    where: `file ${path}`,
    hint: `the table has ${simpleString(type)}: read the files apart and cast the column`,
  });
}

/** A type without what says where nulls may be. */
function loose(type: DataType): unknown {
  switch (type.kind) {
    case 'array':
      return ['array', loose(type.element)];
    case 'map':
      return ['map', loose(type.key), loose(type.value)];
    case 'struct':
      return type.fields.map((f) => [f.name, loose(f.type)]);
    default:
      return type;
  }
}
