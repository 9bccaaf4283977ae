import { type DataType, type MapScalar, type Scalar, SparrowError, sameType, simpleString } from '../../base/index.js';
import type { FieldIds, FileColumn } from '../parquet/schema.js';
import { unsupportedTable } from './error.js';
import type { IceField } from './schema.js';

/** A column of a file as the table has it. Plain data. */
export interface FileField {
  readonly name: string;
  /** What the Parquet reader gives. */
  readonly type: DataType;
  readonly ids: FieldIds;
  /** Each value has to be made anew: other fields inside, or a type of another form. */
  readonly converts: boolean;
}

/** How a file's column becomes the table's: by the ids of fields, whatever their names and places. */
export function fileField(column: FileColumn, ids: FieldIds, wanted: IceField, path: string): FileField {
  const { name, type } = column;
  if (type === undefined) throw unsupportedTable('TYPE', `a file has ${column.problem}`, `file ${path}`);
  const isFlat = wanted.parts.length === 0;
  if (isFlat && widensItself(type, wanted.type)) return { name, type: wanted.type, ids, converts: false };
  const converts = !isSame(type, ids, wanted);
  // What cannot be converted is told while planning.
  if (converts) converter(type, ids, wanted, path);
  return { name, type, ids, converts };
}

/** What the Parquet reader itself reads as the wider type. */
function widensItself(from: DataType, to: DataType): boolean {
  if (sameType(from, to)) return true;
  if (from.kind === 'decimal' && to.kind === 'decimal')
    return from.scale === to.scale && from.precision <= to.precision;
  return isInt(from) && isInt(to) && INTS.indexOf(from.kind) <= INTS.indexOf(to.kind);
}

const INTS: readonly string[] = ['int8', 'int16', 'int32', 'int64'];
const isInt = ({ kind }: DataType): boolean => INTS.includes(kind);

/** Whether values of a type lie as those of a field do. */
function isSame(type: DataType, ids: FieldIds, wanted: IceField): boolean {
  if (wanted.parts.length === 0) return sameType(type, wanted.type);
  const parts = partTypes(type);
  return (
    type.kind === wanted.type.kind &&
    parts.length === wanted.parts.length &&
    wanted.parts.every((part, i) => {
      const own = ids.parts[i];
      const isIt = type.kind !== 'struct' || own?.id === part.id;
      return own !== undefined && isIt && isSame(parts[i] as DataType, own, part);
    })
  );
}

function partTypes(type: DataType): readonly DataType[] {
  switch (type.kind) {
    case 'struct':
      return type.fields.map((f) => f.type);
    case 'array':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    default:
      return [];
  }
}

const DAY_MICROS = 86_400_000_000n;

/** Makes the values of a field of values of a file's type. */
export function converter(from: DataType, ids: FieldIds, to: IceField, where: string): (value: Scalar) => Scalar {
  const make = nonNull(from, ids, to, where);
  return (value) => (value === null ? null : make(value));
}

function nonNull(from: DataType, ids: FieldIds, to: IceField, where: string): (value: Scalar) => Scalar {
  const { type } = to;
  const inside = (i: number): ((value: Scalar) => Scalar) =>
    converter(partTypes(from)[i] as DataType, ids.parts[i] ?? { parts: [] }, to.parts[i] as IceField, where);
  if (type.kind === 'struct' && from.kind === 'struct') {
    const makes = to.parts.map((part): ((fields: readonly Scalar[]) => Scalar) => {
      const at = ids.parts.findIndex((own) => own.id === part.id);
      if (at < 0) return () => part.initial ?? null;
      const make = converter(partTypes(from)[at] as DataType, ids.parts[at] as FieldIds, part, where);
      return (fields) => make(fields[at] ?? null);
    });
    return (value) => makes.map((make) => make(value as readonly Scalar[]));
  }
  if (type.kind === 'array' && from.kind === 'array') {
    const make = inside(0);
    return (value) => (value as readonly Scalar[]).map(make);
  }
  if (type.kind === 'map' && from.kind === 'map') {
    const [key, item] = [inside(0), inside(1)];
    return (value) => ({ entries: (value as MapScalar).entries.map(([k, v]) => [key(k), item(v)] as const) });
  }
  if (widensItself(from, type)) return from.kind !== 'int64' && type.kind === 'int64' ? asLong : asItIs;
  if (from.kind === 'float32' && type.kind === 'float64') return asItIs;
  const isMicros = (t: DataType): boolean => t.kind === 'timestamp' || t.kind === 'timestamp_ntz';
  if (isMicros(from) && isMicros(type)) return asItIs;
  if (from.kind === 'date' && isMicros(type)) return (value) => BigInt(value as number) * DAY_MICROS;
  if (from.kind === 'binary' && type.kind === 'string')
    return (value) => Buffer.from(value as Uint8Array).toString('utf8');
  if (from.kind === 'string' && type.kind === 'binary')
    return (value) => new Uint8Array(Buffer.from(value as string, 'utf8'));
  throw new SparrowError('CANNOT_MERGE_SCHEMAS', `column ${to.name} is ${simpleString(from)} in this file`, {
    where: `file ${where}`,
    hint: `the table has ${simpleString(type)}, which no change of its schema makes of that`,
  });
}

const asItIs = (value: Scalar): Scalar => value;
const asLong = (value: Scalar): Scalar => BigInt(value as number);
