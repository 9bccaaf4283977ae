import { type DataType, formatScalar, type Predicate, type Scalar, type Schema } from '../../base/index.js';

/** How SQL is written for a database. */
export interface Dialect {
  readonly name: string;
  /** What is put around names; doubled within them. */
  readonly quote: string;
  /** The parameter of a statement at a position from 1. */
  parameter(position: number): string;
  /** What a column of a type is declared as. */
  declare(type: DataType): string;
  /** A text as a literal. */
  text(value: string): string;
  /** Types whose values the database compares as Sparrow does. */
  readonly compared: ReadonlySet<DataType['kind']>;
  /** Parameters in one statement at most. */
  readonly maxParameters: number;
}

export const quotedText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const quotedName = ({ quote }: Dialect, name: string): string =>
  `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;

/** A table's name as SQL: parts with dots between, quoted. */
export const tableName = (dialect: Dialect, name: string): string =>
  name
    .split('.')
    .map((part) => quotedName(dialect, part))
    .join('.');

/** A query of some columns; conditions that the database decides as Sparrow does go into it. */
export function selectText(
  dialect: Dialect,
  from: string,
  columns: readonly string[],
  conditions: readonly string[],
  limit: number | undefined,
): string {
  const list = columns.length === 0 ? '1' : columns.map((name) => quotedName(dialect, name)).join(', ');
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map((c) => `(${c})`).join(' AND ')}`;
  return `SELECT ${list} FROM ${from}${where}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
}

/** A predicate as a condition that is true of at least the rows the predicate is true of; undefined where there is none. */
export function conditionText(dialect: Dialect, schema: Schema, predicate: Predicate): string | undefined {
  const deeper = (input: Predicate): string | undefined => conditionText(dialect, schema, input);
  switch (predicate.kind) {
    case 'and': {
      const texts = predicate.inputs.map(deeper).filter((text) => text !== undefined);
      return texts.length === 0 ? undefined : texts.map((text) => `(${text})`).join(' AND ');
    }
    case 'or': {
      const texts = predicate.inputs.map(deeper);
      return texts.includes(undefined) ? undefined : texts.map((text) => `(${text})`).join(' OR ');
    }
    // What is wider than a condition is narrower than its contrary.
    case 'not':
      return undefined;
    case 'is_null':
      return `${quotedName(dialect, predicate.column)} IS NULL`;
    case 'is_not_null':
      return `${quotedName(dialect, predicate.column)} IS NOT NULL`;
    default:
      return comparedText(dialect, schema, predicate);
  }
}

const OPERATORS = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

function comparedText(
  dialect: Dialect,
  schema: Schema,
  predicate: Extract<Predicate, { kind: 'compare' | 'in' }>,
): string | undefined {
  const { column } = predicate;
  const type = schema.fields.find(({ name }) => name === column)?.type;
  const isText = type?.kind === 'string';
  // Collations order texts, and may take different ones for equal; never equal ones for different.
  if (type === undefined || (!dialect.compared.has(type.kind) && !isText)) return undefined;
  const values = predicate.kind === 'in' ? predicate.values : [predicate.value];
  const literals = values.filter((value) => value !== null).map((value) => literalText(dialect, type, value));
  if (literals.includes(undefined) || literals.length === 0) return undefined;
  const name = quotedName(dialect, column);
  if (predicate.kind === 'in') return `${name} IN (${literals.join(', ')})`;
  return isText && predicate.op !== 'eq' ? undefined : `${name} ${OPERATORS[predicate.op]} ${literals[0]}`;
}

/** A value as the database's SQL has it; undefined where it has no such text. */
export function literalText(dialect: Dialect, type: DataType, value: Scalar): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  const text = formatScalar(type, value, 'UTC');
  switch (type.kind) {
    case 'string':
      return text.includes('\0') ? undefined : dialect.text(text);
    case 'date':
    case 'timestamp_ntz':
      return dialect.text(text);
    case 'timestamp':
      return dialect.text(`${text}+00`);
    default:
      return text;
  }
}
