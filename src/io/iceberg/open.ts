import {
  field,
  nearestNames,
  type Platform,
  type Scalar,
  type ScanRequest,
  type ScanSplit,
  type Schema,
  type SourceDescription,
  SparrowError,
  structType,
  type TableSource,
} from '../../base/index.js';
import { GivenOptions } from '../given-options.js';
import { DeleteIndex } from './delete-index.js';
import { unsupportedTable } from './error.js';
import { DataFiles, type OpenFile } from './files.js';
import { type ContentFile, filesOf, type Manifest, manifestsOf, specFields } from './manifests.js';
import { readTable, type Snapshot, snapshotWanted, type Table, type Wanted } from './metadata.js';
import { fileField } from './project.js';
import { fileMayMatch, manifestMayMatch } from './prune.js';
import { type IceField, schemaFields } from './schema.js';
import type { IcebergSplit } from './split.js';
import { transformsOf } from './transforms.js';
import { partitionScalar } from './values.js';

const NAMES = ['snapshot-id', 'as-of-timestamp', 'branch', 'tag'] as const;
type Name = (typeof NAMES)[number] | 'metadata-file';

export async function openIceberg(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const given = new GivenOptions<Name>('Iceberg', [...NAMES, 'metadata-file'], description.options);
  const [path, ...others] = description.paths;
  if (path === undefined || others.length > 0) {
    throw new SparrowError('TABLE_OR_VIEW_NOT_FOUND', 'an Iceberg table is one path', { where: 'read.iceberg(…)' });
  }
  if (description.schema !== undefined) {
    throw new SparrowError('UNSUPPORTED_FEATURE.ICEBERG_SCHEMA', 'an Iceberg table has its own schema', {
      where: `path ${path}`,
      hint: 'leave schema(…) out, and select or cast columns',
    });
  }
  const wanted = wantedOf(given);
  const file = given.text('metadata-file');
  const table = readTable(file === undefined ? path : `${path}/metadata/${file}`, platform);
  const snapshot = snapshotWanted(table, wanted);
  const manifests = snapshot === undefined ? [] : await manifestsOf(table, snapshot, platform);
  return new IcebergTable(table, snapshot, manifests, fieldsAt(table, snapshot, wanted), platform);
}

function wantedOf(given: GivenOptions<Name>): Wanted {
  const named = NAMES.filter((name) => given.text(name) !== undefined);
  const [name, second] = named;
  if (name === undefined) return {};
  const text = given.text(name) as string;
  if (second !== undefined) throw given.wrong(second, given.text(second) as string, `left out when ${name} is given`);
  switch (name) {
    case 'snapshot-id':
      if (!/^-?\d+$/.test(text)) throw given.wrong(name, text, 'the number of a snapshot');
      return { snapshot: BigInt(text).toString() };
    case 'as-of-timestamp':
      return { timestamp: given.number(name, 0, 0, 8.64e15) };
    default:
      return { ref: { name: text, type: name } };
  }
}

/** The columns of a snapshot: those it was written with when it is asked for, else the table's. */
function fieldsAt({ metadata, where }: Table, snapshot: Snapshot | undefined, wanted: Wanted): IceField[] {
  const { schemas } = metadata;
  const isPast = wanted.snapshot !== undefined || wanted.timestamp !== undefined || wanted.ref?.type === 'tag';
  const id = (isPast ? snapshot?.['schema-id'] : undefined) ?? metadata['current-schema-id'];
  return schemaFields(schemas?.find((s) => s['schema-id'] === id) ?? metadata.schema ?? {}, where);
}

class IcebergTable implements TableSource {
  readonly format = 'iceberg';
  readonly label: string;
  readonly schema: Schema;
  readonly statistics;

  constructor(
    private readonly table: Table,
    snapshot: Snapshot | undefined,
    private readonly manifests: readonly Manifest[],
    private readonly fields: readonly IceField[],
    private readonly platform: Platform,
  ) {
    this.label = `${table.where.replace(/^I/, 'i').replace(' table', '')} snapshot ${snapshot?.['snapshot-id'] ?? 'none'}`;
    this.schema = structType(fields.map(({ name, type, nullable }) => field(name, type, nullable)));
    const rows = manifests.some((m) => m.content === 1) ? undefined : countRows(manifests);
    this.statistics = { ...(rows === undefined ? {} : { rows }), columns: {} };
  }

  async plan(request: ScanRequest): Promise<{ readonly splits: readonly ScanSplit[]; readonly skipped: number }> {
    const wanted = request.columns.map((name) => this.#field(name));
    const { predicate } = request;
    const data: ContentFile[] = [];
    const deletes: ContentFile[] = [];
    let skipped = 0;
    for (const manifest of this.manifests) {
      const isDeletes = manifest.content === 1;
      const spec = this.#transforms(manifest.partition_spec_id);
      // Files that delete values may be of another partition spec than what they delete.
      if (!isDeletes && predicate !== undefined && !manifestMayMatch(predicate, manifest, spec)) {
        skipped++;
        continue;
      }
      for (const file of await filesOf(this.table, manifest, this.platform)) {
        if (file.content !== 0) deletes.push(file);
        else if (predicate === undefined || this.#mayMatch(predicate, file)) data.push(file);
        else skipped++;
      }
    }
    const index = new DeleteIndex(deletes, this.table.metadata);
    const files = new DataFiles(this.table, this.fields, this.platform);
    const splits: ScanSplit[] = [];
    for (const file of data) splits.push(...(await this.#fileSplits(file, wanted, request, index, files)));
    return { splits, skipped };
  }

  #field(name: string): IceField {
    const found = this.fields.find((f) => f.name === name);
    if (found !== undefined) return found;
    const names = this.fields.map((f) => f.name);
    throw new SparrowError('UNRESOLVED_COLUMN', `${this.label} has no column ${name}`, {
      candidates: nearestNames(name, names),
    });
  }

  #transforms(specId: number) {
    return transformsOf(specFields(this.table.metadata, specId) ?? [], this.fields);
  }

  #mayMatch(predicate: NonNullable<ScanRequest['predicate']>, file: ContentFile): boolean {
    return fileMayMatch(predicate, file, this.#transforms(file.specId), this.fields);
  }

  async #fileSplits(
    file: ContentFile,
    wanted: readonly IceField[],
    request: ScanRequest,
    index: DeleteIndex,
    files: DataFiles,
  ): Promise<ScanSplit[]> {
    const open = await files.open(file);
    const found = index.of(file);
    const keys = found.equality.map((deletes) => files.keysOf(deletes));
    const inner = [...new Set([...wanted, ...keys.flat()].map((f) => f.id))].flatMap((id) => {
      const known = wanted.find((f) => f.id === id) ?? keys.flat().find((f) => f.id === id);
      const at = open.ids.findIndex((ids) => ids.id === id);
      const column = open.columns[at];
      if (known === undefined || column === undefined) return [];
      return [{ id, ...fileField(column, open.ids[at] as OpenFile['ids'][number], known, open.path) }];
    });
    const hasDeletes = found.positions.length + found.equality.length > 0 || found.vector !== undefined;
    const columns = wanted.map(({ id, name, type, nullable }, i): IcebergSplit['columns'][number] => {
      const at = inner.findIndex((f) => f.id === id);
      const base = { name, type, nullable };
      if (at < 0) return { ...base, constant: this.#missing(file, wanted[i] as IceField) };
      return inner[at]?.converts === true ? { ...base, at, as: wanted[i] as IceField } : { ...base, at };
    });
    const { positions, vector, equality } = await files.deletes(found, keys, inner);
    const asked = hasDeletes ? {} : { limit: request.limit };
    const pieces = await files.splits(open, inner, request.predicate, asked.limit);
    return pieces.map(({ split, firstRow }): ScanSplit => {
      const { rows = 0, bytes = 0 } = split;
      const payload: IcebergSplit = {
        inner: split,
        path: open.path,
        innerColumns: inner,
        columns,
        firstRow,
        positions,
        ...(vector === undefined ? {} : { vector }),
        equality,
        dataFile: file.path,
      };
      return {
        format: 'iceberg',
        label: split.label,
        file: file.path,
        bytes,
        ...(hasDeletes ? {} : { rows }),
        payload,
      };
    });
  }

  /** What a column is in a file that does not have it: its partition's value, or what it began with. */
  #missing(file: ContentFile, wanted: IceField): Scalar {
    const spec = this.#transforms(file.specId);
    const at = spec.findIndex((t) => t?.name === 'identity' && t.source.id === wanted.id);
    if (at >= 0) return partitionScalar(file.partition[at] ?? null, wanted);
    const value = wanted.initial ?? null;
    if (value !== null || wanted.nullable) return value;
    throw unsupportedTable('MISSING_COLUMN', `a file lacks the required column ${wanted.name}`, `file ${file.path}`);
  }
}

/** The rows of all manifests; undefined when one does not say. */
function countRows(manifests: readonly Manifest[]): number | undefined {
  let sum = 0;
  for (const { added_rows_count: added, existing_rows_count: existing } of manifests) {
    if (typeof added !== 'bigint' || typeof existing !== 'bigint') return undefined;
    sum += Number(added + existing);
  }
  return sum;
}
