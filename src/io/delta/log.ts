import { basename, join } from 'node:path';
import { type FileInfo, type Platform, SparrowError } from '../../base/index.js';
import {
  type Action,
  type AddFile,
  type Metadata,
  type Protocol,
  type RemoveFile,
  readActions,
  type Transaction,
} from './actions.js';
import { readCheckpoint } from './checkpoint.js';

/** A table as it was at one version. */
export interface Snapshot {
  readonly version: number;
  readonly metadata: Metadata;
  readonly protocol: Protocol;
  readonly files: readonly AddFile[];
  /** Files that were removed, as far as the log still tells of them. */
  readonly removed: readonly RemoveFile[];
  readonly transactions: readonly Transaction[];
  /** Of the last commit, where the table keeps times in its commits. */
  readonly commitTime?: number;
}

/** Which version is wanted; the latest without any. */
export interface Wanted {
  readonly version?: number;
  /** Milliseconds: the last version that was there. */
  readonly timestamp?: number;
}

interface Checkpoint {
  readonly version: number;
  readonly paths: readonly string[];
}

/** What readers must know to read a table right. */
const FEATURES = [
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'variantType',
  'variantType-preview',
];
const MAX_READER_VERSION = 3;

/** Replays the log of a table up to the version wanted. */
export async function readSnapshot(root: string, wanted: Wanted, platform: Platform): Promise<Snapshot> {
  const folder = join(root, '_delta_log');
  const found = platform.files.stat(folder);
  if (found === undefined || !found.directory) {
    throw new SparrowError('DELTA_MISSING_DELTA_TABLE', `${root} is no Delta table: it has no _delta_log`, {
      where: `path ${root}`,
      hint: 'check the path; Parquet files without a log are read with read.parquet(…)',
    });
  }
  const entries = platform.files.list(folder);
  const commits = commitsOf(entries);
  const checkpoints = checkpointsOf(entries);
  const version = versionWanted(root, wanted, commits, checkpoints);
  const checkpoint = checkpoints.filter((c) => c.version <= version).at(-1);
  const replay = new Replay(root);
  if (checkpoint !== undefined) {
    for (const path of checkpoint.paths)
      for (const action of await readCheckpoint(path, platform)) replay.apply(action);
    for (const sidecar of replay.takeSidecars()) {
      const path = join(folder, '_sidecars', sidecar);
      for (const action of await readCheckpoint(path, platform)) replay.apply(action);
    }
  }
  for (let v = (checkpoint?.version ?? -1) + 1; v <= version; v++) {
    const commit = commits.get(v);
    if (commit === undefined) throw gap(root, v);
    for (const action of readActions(commit, platform)) replay.apply(action);
    await new Promise<void>((resume) => setImmediate(resume));
  }
  return replay.snapshot(version);
}

function gap(root: string, version: number): SparrowError {
  return new SparrowError('DELTA_VERSIONS_NOT_CONTIGUOUS', `the log of ${root} lacks version ${version}`, {
    where: `path ${root}`,
    hint: 'read a later version that has a checkpoint, or restore the file',
  });
}

function commitsOf(entries: readonly FileInfo[]): Map<number, FileInfo> {
  const commits = new Map<number, FileInfo>();
  for (const entry of entries) {
    const match = /^(\d{20})\.json$/.exec(basename(entry.path));
    if (match !== null) commits.set(Number(match[1]), entry);
  }
  return commits;
}

/** The complete checkpoints, ascending: in one file, in several, or named by a UUID. */
function checkpointsOf(entries: readonly FileInfo[]): Checkpoint[] {
  const parts = new Map<string, string[]>();
  const whole = new Map<number, string>();
  for (const { path } of entries) {
    const name = basename(path);
    const multi = /^(\d{20})\.checkpoint\.(\d{10})\.(\d{10})\.parquet$/.exec(name);
    const single = /^(\d{20})\.checkpoint(?:\.[0-9a-f-]{36})?\.(?:parquet|json)$/.exec(name);
    if (multi !== null) {
      const key = `${multi[1]}.${multi[3]}`;
      parts.set(key, [...(parts.get(key) ?? []), path]);
    } else if (single !== null) whole.set(Number(single[1]), path);
  }
  const checkpoints: Checkpoint[] = [...whole].map(([version, path]) => ({ version, paths: [path] }));
  for (const [key, paths] of parts) {
    const [version = '', total = ''] = key.split('.');
    if (paths.length === Number(total)) checkpoints.push({ version: Number(version), paths });
  }
  return checkpoints.sort((a, b) => a.version - b.version);
}

function versionWanted(
  root: string,
  { version, timestamp }: Wanted,
  commits: ReadonlyMap<number, FileInfo>,
  checkpoints: readonly Checkpoint[],
): number {
  const latest = Math.max(-1, ...commits.keys(), ...checkpoints.map((c) => c.version));
  if (latest < 0) {
    throw new SparrowError('DELTA_MISSING_DELTA_TABLE', `the log of ${root} has no versions`, {
      where: `path ${root}`,
    });
  }
  if (version !== undefined) {
    const first = Math.min(...commits.keys(), ...checkpoints.map((c) => c.version));
    if (version <= latest && version >= first) return version;
    throw new SparrowError(
      'DELTA_VERSION_NOT_FOUND',
      `${root} has the versions ${first} to ${latest}, not ${version}`,
      {
        where: `path ${root}`,
      },
    );
  }
  if (timestamp === undefined) return latest;
  const sorted = [...commits].sort(([a], [b]) => a - b);
  let chosen: number | undefined;
  // A version counts as later than the one before it, whatever the clocks said.
  let previous = Number.NEGATIVE_INFINITY;
  for (const [v, { modifiedMs }] of sorted) {
    previous = Math.max(modifiedMs, previous + 1);
    if (previous <= timestamp) chosen = v;
  }
  if (chosen !== undefined) return chosen;
  throw new SparrowError('DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION', `${root} has no version as old as that`, {
    where: `path ${root}`,
    hint: 'give a later timestampAsOf',
  });
}

/** Puts the actions of a log together: the last one about a file, the schema or the protocol counts. */
class Replay {
  #protocol: Protocol | undefined;
  #metadata: Metadata | undefined;
  readonly #files = new Map<string, AddFile>();
  readonly #removed = new Map<string, RemoveFile>();
  readonly #transactions = new Map<string, Transaction>();
  #commitTime: number | undefined;
  #sidecars: string[] = [];

  constructor(private readonly root: string) {}

  apply({ add, remove, metaData, protocol, sidecar, txn, commitInfo }: Action): void {
    if (protocol) this.#protocol = protocol;
    if (metaData) this.#metadata = metaData;
    if (sidecar) this.#sidecars.push(sidecar.path);
    if (txn) this.#transactions.set(txn.appId, txn);
    if (commitInfo) this.#commitTime = commitInfo.inCommitTimestamp;
    if (remove) {
      this.#files.delete(keyOf(remove));
      this.#removed.set(keyOf(remove), remove);
    }
    if (add) {
      this.#files.set(keyOf(add), add);
      this.#removed.delete(keyOf(add));
    }
  }

  takeSidecars(): string[] {
    return this.#sidecars.splice(0);
  }

  snapshot(version: number): Snapshot {
    const where = { where: `path ${this.root}, version ${version}` };
    if (this.#protocol === undefined) {
      throw new SparrowError('DELTA_STATE_RECOVER_ERROR', 'the log of the table has no protocol', where);
    }
    if (this.#metadata === undefined) {
      throw new SparrowError('DELTA_STATE_RECOVER_ERROR', 'the log of the table has no schema', where);
    }
    const { minReaderVersion, readerFeatures } = this.#protocol;
    const unknown = (readerFeatures ?? []).filter((name) => !FEATURES.includes(name));
    if (minReaderVersion > MAX_READER_VERSION || unknown.length > 0) {
      const what = unknown.length > 0 ? `the features ${unknown.join(', ')}` : `reader version ${minReaderVersion}`;
      throw new SparrowError('DELTA_UNSUPPORTED_FEATURES_FOR_READ', `the table needs ${what}`, {
        ...where,
        hint: `what can be read: ${FEATURES.join(', ')}`,
      });
    }
    return {
      version,
      metadata: this.#metadata,
      protocol: this.#protocol,
      files: [...this.#files.values()],
      removed: [...this.#removed.values()],
      transactions: [...this.#transactions.values()],
      ...(this.#commitTime === undefined ? {} : { commitTime: this.#commitTime }),
    };
  }
}

/** The same file may be named with and without a scheme. */
export function keyOf({ path, deletionVector }: Pick<AddFile, 'path' | 'deletionVector'>): string {
  const plain = decodePath(path).replace(/^file:\/*/, '/');
  if (!deletionVector) return plain;
  const { storageType, pathOrInlineDv, offset } = deletionVector;
  return `${plain}#${storageType}${pathOrInlineDv}@${offset ?? ''}`;
}

/** Paths in the log are percent-encoded. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
