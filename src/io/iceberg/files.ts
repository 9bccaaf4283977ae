import { field, type Platform, type Predicate, type ScanSplit, structType } from '../../base/index.js';
import { mapPredicate } from '../map-predicate.js';
import { parquetFormat } from '../parquet/index.js';
import { parquetColumns } from '../parquet/open.js';
import type { FieldIds, FileColumn } from '../parquet/schema.js';
import type { ParquetSplit } from '../parquet/split.js';
import type { FoundDeletes } from './delete-index.js';
import { damagedTable, unsupportedTable } from './error.js';
import type { ContentFile } from './manifests.js';
import { placeOf, type Table } from './metadata.js';
import { type FileField, fileField } from './project.js';
import { fieldById, type IceField, namedIds, schemaFields } from './schema.js';
import type { IcebergSplit } from './split.js';

/** A data file whose footer has been read. */
export interface OpenFile {
  readonly path: string;
  readonly columns: readonly FileColumn[];
  readonly ids: readonly FieldIds[];
}

interface InnerColumn extends FileField {
  readonly id: number;
}

/** The columns of files of positions. */
const POSITION_COLUMNS = ['file_path', 'pos'];
const NOWHERE = '\0none';

/** Opens the Parquet files of a table; those of deletes once for all data files. */
export class DataFiles {
  readonly #deletes = new Map<string, Promise<readonly ScanSplit[]>>();

  constructor(
    private readonly table: Table,
    private readonly fields: readonly IceField[],
    private readonly platform: Platform,
  ) {}

  async open({ path: uri, format }: ContentFile): Promise<OpenFile> {
    const { where, metadata } = this.table;
    if (format !== 'parquet') {
      const hint = 'only Parquet files of Iceberg tables are read';
      throw unsupportedTable('FILE_FORMAT', `a file of the table has the format ${format}`, `${where}, ${uri}`, hint);
    }
    const path = placeOf(this.table, uri, this.platform);
    // Other work gets its turn between footers.
    await new Promise<void>((resume) => setImmediate(resume));
    const columns = parquetColumns(path, this.platform);
    const own = columns.map((c) => c.ids ?? { parts: [] });
    const hasIds = own.some(anyId);
    const mapping = metadata.properties?.['schema.name-mapping.default'];
    return { path, columns, ids: hasIds ? own : namedIds(columns, mapping, this.fields, where) };
  }

  /** The row groups of a file, each with the number of its first row. */
  async splits(
    { path }: OpenFile,
    inner: readonly InnerColumn[],
    predicate: Predicate | undefined,
    limit: number | undefined,
  ): Promise<readonly { readonly split: ScanSplit; readonly firstRow: number }[]> {
    const schema = structType(inner.map((c) => field(c.name, c.type, true)));
    const source = await parquetFormat.open({ format: 'parquet', paths: [path], options: {}, schema }, this.platform);
    const columns = inner.map((c) => c.name);
    const { splits } = await source.plan({ columns, ...(limit === undefined ? {} : { limit }) });
    let row = 0;
    const all = splits.map((split) => {
      const firstRow = row;
      row += split.rows ?? 0;
      return { split, firstRow };
    });
    if (predicate === undefined || splits.length < 2) return all;
    const own = this.#asFile(predicate, inner);
    const some = await source.plan({ columns, predicate: own });
    const wanted = new Set(some.splits.map(groupOf));
    return all.filter(({ split }) => wanted.has(groupOf(split)));
  }

  /** A predicate with the names of a file's columns; of those that are not as in the table nothing is known. */
  #asFile(predicate: Predicate, inner: readonly InnerColumn[]): Predicate {
    const name = (column: string): string => {
      const id = this.fields.find((f) => f.name === column)?.id;
      const found = inner.find((f) => f.id === id);
      return found === undefined || found.converts ? NOWHERE : found.name;
    };
    return mapPredicate(predicate, (comparison) => ({ ...comparison, column: name(comparison.column) }));
  }

  /** The columns whose values a file of values names, as the newest schema that has them. */
  keysOf({ equalityIds, path }: ContentFile): readonly IceField[] {
    const { metadata, where } = this.table;
    const schemas = [...(metadata.schemas ?? []), ...(metadata.schema === undefined ? [] : [metadata.schema])];
    const older = schemas.reverse().map((schema) => schemaFields(schema, where));
    return equalityIds.map((id) => {
      const found = [this.fields, ...older].map((fields) => fieldById(fields, id)).find((f) => f !== undefined);
      if (found === undefined) throw damagedTable(`there is no field ${id}`, `${where}, file ${path}`);
      const isTop = [this.fields, ...older].some((fields) => fields.some((f) => f.id === id));
      if (isTop && found.parts.length === 0) return found;
      throw unsupportedTable(
        'NESTED_KEY',
        `rows are deleted by the nested field ${found.name}`,
        `${where}, file ${path}`,
      );
    });
  }

  async deletes(
    { positions, vector, equality }: FoundDeletes,
    keys: readonly (readonly IceField[])[],
    inner: readonly InnerColumn[],
  ): Promise<Pick<IcebergSplit, 'positions' | 'vector' | 'equality'>> {
    const place = vector && {
      path: placeOf(this.table, vector.path, this.platform),
      ...vector.vector,
      rows: vector.rows,
    };
    return {
      positions: await Promise.all(
        positions.map(async (file) => ({ path: file.path, splits: await this.#deleteSplits(file, []) })),
      ),
      ...(place === undefined ? {} : { vector: place as IcebergSplit['vector'] & object }),
      equality: await Promise.all(
        equality.map(async (file, i) => {
          const fields = keys[i] as readonly IceField[];
          const from = await this.#keyColumns(file, fields);
          const at = fields.map((f) => inner.findIndex((column) => column.id === f.id));
          return { path: file.path, splits: await this.#deleteSplits(file, from), fields, from, at };
        }),
      ),
    };
  }

  async #keyColumns(file: ContentFile, fields: readonly IceField[]): Promise<FileField[]> {
    const open = await this.open(file);
    return fields.map((f) => {
      const at = open.ids.findIndex((ids) => ids.id === f.id);
      const column = open.columns[at];
      if (column === undefined) throw damagedTable(`a file of deletes lacks the column ${f.name}`, `file ${open.path}`);
      return fileField(column, open.ids[at] as FieldIds, f, open.path);
    });
  }

  #deleteSplits(file: ContentFile, from: readonly FileField[]): Promise<readonly ScanSplit[]> {
    const known = this.#deletes.get(file.path);
    if (known !== undefined) return known;
    const made = (async () => {
      const { path } = await this.open(file);
      const schema = from.length === 0 ? {} : { schema: structType(from.map((f) => field(f.name, f.type, true))) };
      const source = await parquetFormat.open(
        { format: 'parquet', paths: [path], options: {}, ...schema },
        this.platform,
      );
      const columns = from.length === 0 ? POSITION_COLUMNS : from.map((f) => f.name);
      return (await source.plan({ columns })).splits;
    })();
    this.#deletes.set(file.path, made);
    return made;
  }
}

const groupOf = ({ payload }: ScanSplit): number => (payload as ParquetSplit).rowGroup;

function anyId({ id, parts }: FieldIds): boolean {
  return id !== undefined || parts.some(anyId);
}
