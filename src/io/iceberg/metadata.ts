import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type FileSystem, type Platform, SparrowError } from '../../base/index.js';
import { localPath } from '../paths.js';
import { damagedTable, unsupportedTable } from './error.js';

export interface PartitionField {
  readonly 'source-id'?: number;
  readonly 'source-ids'?: readonly number[];
  readonly 'field-id'?: number;
  readonly name: string;
  readonly transform: string;
}

export interface Snapshot {
  /** 64 bits: text. */
  readonly 'snapshot-id': string;
  readonly 'parent-snapshot-id'?: string;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list'?: string;
  /** Of old tables, instead of the list. */
  readonly manifests?: readonly string[];
  readonly 'schema-id'?: number;
}

/** A table's metadata file (Iceberg's specification, "Table Metadata Fields"). */
export interface TableMetadata {
  readonly 'format-version': number;
  readonly location: string;
  readonly schema?: unknown;
  readonly schemas?: readonly { readonly 'schema-id': number }[];
  readonly 'current-schema-id'?: number;
  readonly 'partition-spec'?: readonly PartitionField[];
  readonly 'partition-specs'?: readonly { readonly 'spec-id': number; readonly fields: readonly PartitionField[] }[];
  readonly properties?: Readonly<Record<string, string>>;
  readonly 'current-snapshot-id'?: string | null;
  readonly snapshots?: readonly Snapshot[];
  readonly 'snapshot-log'?: readonly { readonly 'snapshot-id': string; readonly 'timestamp-ms': number }[];
  readonly refs?: Readonly<Record<string, { readonly 'snapshot-id': string; readonly type: string }>>;
}

/** What is known of a table's place: the folder it lies in, and what its metadata calls it. */
export interface Table {
  readonly root: string;
  readonly metadata: TableMetadata;
  readonly where: string;
}

const MAX_VERSION = 3;
const MAX_BYTES = 1 << 29;

/** Reads the newest metadata of the table in a folder, or the metadata file that the path names. */
export function readTable(path: string, { files }: Platform): Table {
  const plain = plainPath(path);
  const file = /\.json(\.gz)?$/.test(plain) ? plain : newest(files, plain, path);
  const where = `file ${file}`;
  const text = readText(files, file);
  let metadata: TableMetadata;
  try {
    metadata = parseMetadata(text);
  } catch (cause) {
    throw damagedTable('it is no JSON', where, cause);
  }
  const version = metadata['format-version'];
  if (typeof metadata.location !== 'string' || !(version >= 1)) throw damagedTable('it is no table', where);
  if (version > MAX_VERSION) {
    throw unsupportedTable('VERSION', `Iceberg tables of version ${version} cannot be read`, where);
  }
  return { root: dirname(dirname(file)), metadata, where: `Iceberg table ${path}` };
}

/** Ids of snapshots have 64 bits: they are kept as text. */
export const parseMetadata = (text: string): TableMetadata =>
  JSON.parse(text.replace(/"((?:current-|parent-|source-)?snapshot-id)"\s*:\s*(-?\d+)/g, '"$1":"$2"')) as TableMetadata;

export const plainPath = (path: string): string => (path.startsWith('file:') ? localPath(path) : path);

function readText(files: FileSystem, path: string): string {
  const file = files.open(path);
  try {
    if (file.size > MAX_BYTES) throw damagedTable(`${file.size} bytes`, `file ${path}`);
    const bytes = Buffer.alloc(file.size);
    file.readInto(bytes, 0, file.size);
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes).toString('utf8');
  } finally {
    file.close();
  }
}

/** By the hint that file-system catalogs keep, or else the file with the highest number. */
function newest(files: FileSystem, root: string, given: string): string {
  const folder = join(root, 'metadata');
  const names = files.names(folder).filter((name) => /\.metadata\.json(\.gz)?$/.test(name));
  const numbered = new Map<string, number>();
  for (const name of names) {
    const number = /^v?(\d+)[-.]/.exec(name)?.[1];
    if (number !== undefined) numbered.set(name, Number(number));
  }
  const hint = join(folder, 'version-hint.text');
  const hinted = files.stat(hint) === undefined ? '' : readText(files, hint).trim();
  // The hint may be behind: what it names exists, and so may later ones.
  const least = /^\d+$/.test(hinted) ? Number(hinted) : 0;
  const named = names.find((name) => hinted !== '' && name.startsWith(`${hinted}.metadata.json`));
  if (named !== undefined) return join(folder, named);
  const most = Math.max(-1, ...numbered.values());
  if (most < 0 || most < least) {
    throw new SparrowError('TABLE_OR_VIEW_NOT_FOUND', `there is no Iceberg table at ${given}`, {
      where: `path ${given}`,
      hint: 'give the folder that holds metadata/, or a file *.metadata.json',
    });
  }
  const last = [...numbered].filter(([, number]) => number === most).map(([name]) => join(folder, name));
  const age = (path: string): number => files.stat(path)?.modifiedMs ?? 0;
  return last.sort((a, b) => age(b) - age(a) || (basename(a) < basename(b) ? -1 : 1))[0] as string;
}

/** Where a file of the table is: tables may have been moved as a whole. */
export function placeOf({ root, metadata, where }: Table, uri: string, { files }: Platform): string {
  const location = metadata.location.replace(/\/+$/, '');
  const [path, base] = [uri, location].map((text) => text.replace(/^s3[an]:/, 's3:').replace(/^file:\/*/, '/'));
  if (path?.startsWith(`${base}/`)) {
    const moved = join(root, path.slice((base as string).length + 1));
    if (files.stat(moved) !== undefined) return moved;
  }
  if (!/^[a-z][a-z0-9+.-]+:/i.test(path as string)) return path as string;
  throw unsupportedTable('PATH', `a file of the table is at ${uri}`, where, 'the files must lie below the table');
}

/** Which snapshot is wanted. */
export interface Wanted {
  readonly snapshot?: string;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
  readonly ref?: { readonly name: string; readonly type: 'branch' | 'tag' };
}

/** The snapshot wanted; undefined of a table without rows. */
export function snapshotWanted({ metadata, where }: Table, wanted: Wanted): Snapshot | undefined {
  const { snapshots = [], refs = {} } = metadata;
  const missing = (what: string, candidates: readonly string[]): SparrowError =>
    new SparrowError('ICEBERG_SNAPSHOT_NOT_FOUND', `the table has no ${what}`, { where, candidates });
  let id = metadata['current-snapshot-id'] ?? undefined;
  if (wanted.ref !== undefined) {
    const { name, type } = wanted.ref;
    const found = refs[name];
    // Tables of version 1 may not name their main branch.
    if (found?.type === type) id = found['snapshot-id'];
    else if (name !== 'main' || type === 'tag') {
      const names = Object.keys(refs).filter((ref) => refs[ref]?.type === type);
      throw missing(`${type} ${name}`, names);
    }
  }
  if (wanted.snapshot !== undefined) id = wanted.snapshot;
  if (wanted.timestamp !== undefined) {
    const at = wanted.timestamp;
    const log = metadata['snapshot-log'] ?? [];
    const entries = log.length > 0 ? log : snapshots;
    const earlier = entries.filter((entry) => entry['timestamp-ms'] <= at);
    id = earlier.reduce<(typeof earlier)[number] | undefined>(
      (a, b) => (a === undefined || b['timestamp-ms'] >= a['timestamp-ms'] ? b : a),
      undefined,
    )?.['snapshot-id'];
    if (id === undefined) throw missing(`snapshot as old as ${new Date(at).toISOString()}`, []);
  }
  if (id === undefined || id === '-1') return undefined;
  const found = snapshots.find((s) => s['snapshot-id'] === id);
  if (found !== undefined) return found;
  const latest = snapshots.slice(-5).map((s) => s['snapshot-id']);
  throw missing(`snapshot ${id}`, latest.reverse());
}
