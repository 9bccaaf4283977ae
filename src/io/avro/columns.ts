import { type DataType, SparrowError, sameType, simpleString } from '../../base/index.js';
import type { FileColumn } from '../batch-columns.js';
import type { AvroType } from './schema.js';

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
