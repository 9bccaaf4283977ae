import { SparrowError } from '../../base/index.js';
import { typeText } from '../../base/type-text.js';
import { read } from '../../plan/build.js';
import type { Buckets } from '../../sql/command.js';
import type { FrameContext } from '../context.js';
import { type Options, optionTexts } from '../options.js';
import { type SchemaInput, schemaOf } from '../schema-input.js';
import { quotedName, quotedTable } from './session-catalog.js';
import { bucketsText } from './table-buckets.js';
import type { TableRecord } from './table-store.js';

/** The name a written frame has in the statements below. */
export const SOURCE = '__written_frame';

/** A table to be made: of a schema, or of the files of a path. */
export interface NewTable {
  readonly path?: string;
  /** The format; Parquet by default. */
  readonly source?: string;
  readonly schema?: SchemaInput;
  readonly description?: string;
  readonly options?: Options;
}

interface TableParts {
  readonly format: string;
  readonly partitionBy: readonly string[];
  readonly buckets?: Buckets | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
}

/** The statement that writes a table in one of Spark's save modes; undefined when there is nothing to do. */
export function textOfTable(
  name: string,
  mode: 'append' | 'overwrite' | 'ignore' | 'error',
  { format, partitionBy, buckets, options, properties = {} }: TableParts,
  known: TableRecord | undefined,
): string | undefined {
  const table = quotedTable(name);
  const { path, ...others } = options;
  if (known !== undefined) {
    if (mode === 'append' && buckets !== undefined && !sameBuckets(buckets, known.buckets)) {
      throw new SparrowError('_LEGACY_ERROR_TEMP_1164', `the table ${name} has other buckets, or none`, {
        hint: 'leave bucketBy() out: rows go to the buckets that the table has',
      });
    }
    if (mode === 'append') return `INSERT INTO ${table} BY NAME TABLE ${SOURCE}`;
    if (mode === 'ignore') return undefined;
  }
  return [
    `CREATE ${mode === 'overwrite' ? 'OR REPLACE ' : ''}TABLE ${table} USING ${quotedName(format)}`,
    optionsText(others),
    partitionBy.length === 0 ? '' : `PARTITIONED BY (${partitionBy.map(quotedName).join(', ')})`,
    buckets === undefined ? '' : bucketsText(buckets, quotedName),
    path === undefined ? '' : `LOCATION ${quotedText(path)}`,
    optionsText(properties, 'TBLPROPERTIES'),
    `AS TABLE ${SOURCE}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function sameBuckets(a: Buckets, b: Buckets | undefined): boolean {
  const text = (buckets: Buckets): string => bucketsText(buckets, (name) => name.toLowerCase());
  return b !== undefined && text(a) === text(b);
}

/** The statement that adds the frame's rows to a table, or puts them in place of its rows. */
export const textOfInsert = (name: string, overwrite: boolean): string =>
  `INSERT ${overwrite ? 'OVERWRITE' : 'INTO'} ${quotedTable(name)} TABLE ${SOURCE}`;

/** The statement that makes a table without rows: of a schema, or of the one that files have. */
export async function textOfNewTable(name: string, given: NewTable, context: FrameContext): Promise<string> {
  const { path, source = 'parquet', schema, description, options = {} } = given;
  if (schema === undefined && path === undefined) {
    throw new SparrowError('CANNOT_BE_EMPTY', 'a table is made of a schema or of the files of a path');
  }
  const kept = optionTexts(options);
  const files = read({ format: source, paths: path === undefined ? [] : [path], options: kept });
  const { fields } = schema === undefined ? await context.engine.analyze(files, context.settings) : schemaOf(schema);
  const columns = fields.map((f) => `${quotedName(f.name)} ${typeText(f.type)}${f.nullable ? '' : ' NOT NULL'}`);
  return [
    `CREATE TABLE ${quotedTable(name)} (${columns.join(', ')}) USING ${quotedName(source)}`,
    optionsText(kept),
    path === undefined ? '' : `LOCATION ${quotedText(path)}`,
    description === undefined ? '' : `COMMENT ${quotedText(description)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function optionsText(options: Readonly<Record<string, string>>, clause = 'OPTIONS'): string {
  const given = Object.entries(options).map(([key, value]) => `${quotedText(key)} ${quotedText(value)}`);
  return given.length === 0 ? '' : `${clause} (${given.join(', ')})`;
}

const quotedText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
