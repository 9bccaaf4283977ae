import { join, resolve } from 'node:path';
import { type Field, type Platform, SparrowError } from '../../base/index.js';
import { nodePlatform } from '../node-platform.js';
import { settleWrites } from '../write-journal.js';
import { type AddFile, type CommitInfo, readActions } from './actions.js';
import { commitName } from './commit.js';
import { vectorPath } from './deletion-vector.js';
import { decodePath, readSnapshot, type Snapshot } from './log.js';
import { deltaColumns } from './schema.js';

/** What is known of a table before its rows are read. */
export interface TableState {
  readonly version: number;
  readonly columns: readonly Field[];
  readonly partitionColumns: readonly string[];
  readonly snapshot: Snapshot;
}

/** The table at a path as it is now; undefined when there is none. */
export async function tableState(path: string, platform: Platform = nodePlatform): Promise<TableState | undefined> {
  const root = resolve(path);
  const names = platform.files.names(join(root, '_delta_log'));
  if (!names.some((name) => /^\d{20}\.(json|checkpoint)/.test(name))) return undefined;
  const snapshot = await readSnapshot(root, {}, platform);
  const columns = deltaColumns(snapshot.metadata.schemaString, false, `Delta table ${path}`);
  return { version: snapshot.version, columns, partitionColumns: snapshot.metadata.partitionColumns, snapshot };
}

/** One version of a table: who made it, when, and how. */
export interface TableVersion extends CommitInfo {
  readonly version: number;
}

/** The versions that the log still has, newest first. */
export async function tableHistory(
  path: string,
  limit = Number.POSITIVE_INFINITY,
  platform: Platform = nodePlatform,
): Promise<TableVersion[]> {
  const log = join(resolve(path), '_delta_log');
  const { files } = platform;
  const versions = files.names(log).flatMap((name) => /^(\d{20})\.json$/.exec(name)?.[1] ?? []);
  const found: TableVersion[] = [];
  for (const version of versions.map(Number).reverse()) {
    if (found.length >= limit) break;
    const file = join(log, commitName(version));
    const info = files.stat(file);
    if (info === undefined) continue;
    const commit = readActions({ path: file, size: info.size }, platform).find(
      (action) => action.commitInfo,
    )?.commitInfo;
    found.push({ timestamp: Math.floor(info.modifiedMs), ...commit, version });
    await new Promise<void>((resume) => setImmediate(resume));
  }
  return found;
}

const HOUR_MS = 3_600_000;
const DEFAULT_RETENTION_HOURS = 168;

/**
 * Removes files below the table that no version of the last hours needs. Gives the paths. Fewer than 168 hours are
 * refused unless `unchecked`: a write that runs meanwhile would lose its files.
 */
export async function vacuumTable(
  path: string,
  hours: number | undefined,
  unchecked: boolean,
  platform: Platform = nodePlatform,
): Promise<string[]> {
  const root = resolve(path);
  const kept = hours ?? DEFAULT_RETENTION_HOURS;
  if (kept < DEFAULT_RETENTION_HOURS && !unchecked) {
    throw new SparrowError('DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT', `${kept} hours may be less than a write takes`, {
      where: `Delta table ${root}`,
      hint: 'set spark.databricks.delta.retentionDurationCheck.enabled to false if nobody else writes to the table',
    });
  }
  settleWrites(platform.files, root, true);
  const { files, removed } = await readSnapshot(root, {}, platform);
  const before = platform.clock.now() - kept * HOUR_MS;
  const needed = new Set<string>();
  const need = (name: string): void => void needed.add(join(root, decodePath(name)));
  const needVector = ({ deletionVector }: Pick<AddFile, 'deletionVector'>): void => {
    if (deletionVector && deletionVector.storageType !== 'i') needed.add(vectorPath(root, deletionVector));
  };
  for (const file of files) {
    need(file.path);
    needVector(file);
  }
  for (const file of removed) {
    if ((file.deletionTimestamp ?? 0) < before) continue;
    need(file.path);
    needVector(file);
  }
  const gone: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const { path: below, directory: isDirectory, modifiedMs } of platform.files.list(directory)) {
      const name = below.slice(directory.length + 1);
      if (name.startsWith('.') || (name.startsWith('_') && !name.includes('='))) continue;
      if (isDirectory) await visit(below);
      else if (!needed.has(below) && modifiedMs < before) {
        platform.files.remove(below);
        gone.push(below);
      }
    }
    await new Promise<void>((resume) => setImmediate(resume));
  };
  await visit(root);
  return gone;
}
