import { join } from 'node:path';
import { type Platform, SparrowError } from '../../base/index.js';
import { type Action, type CommitInfo, type RemoveFile, readActions } from './actions.js';
import { keyOf, type Snapshot } from './log.js';

/** What a change of a table rests on, and does to it. */
export interface Change {
  readonly root: string;
  /** The table as it was when the change began; undefined for a table that is new. */
  readonly base: Snapshot | undefined;
  readonly actions: readonly Action[];
  /** The change depends on rows that were read: rows that others add meanwhile may have belonged to them. */
  readonly readsRows: boolean;
  readonly info: CommitInfo;
}

const MAX_ATTEMPTS = 10_000;
const ENGINE = 'sparrow-df/0.1.0';

export const commitName = (version: number): string => `${String(version).padStart(20, '0')}.json`;

/**
 * Adds a version to the log: the first that nobody has taken, after all commits since `base` are known not to contradict
 * the change (optimistic concurrency of the Delta protocol, isolation WriteSerializable). Gives the version.
 */
export function commitChange(change: Change, draft: string, platform: Platform): number {
  const { root, base, actions } = change;
  const { files } = platform;
  const log = join(root, '_delta_log');
  files.makeDirectory(log);
  let version = (base?.version ?? -1) + 1;
  let lastTime = base?.commitTime ?? 0;
  const keepsTimes = base?.metadata.configuration?.['delta.enableInCommitTimestamps'] === 'true';
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const now = Math.max(Math.floor(platform.clock.now()), lastTime + 1);
    const info: CommitInfo = {
      ...(keepsTimes ? { inCommitTimestamp: now } : {}),
      timestamp: now,
      ...change.info,
      ...(base === undefined ? {} : { readVersion: base.version }),
      isolationLevel: 'WriteSerializable',
      isBlindAppend: !change.readsRows && !actions.some((action) => action.remove || action.metaData),
      engineInfo: ENGINE,
    };
    writeDraft(draft, [{ commitInfo: info }, ...actions], platform);
    if (files.claim(draft, join(log, commitName(version)))) {
      files.syncDirectory(log);
      files.remove(draft);
      return version;
    }
    const path = join(log, commitName(version));
    if (base === undefined) throw conflict('DELTA_PROTOCOL_CHANGED', 'the table was made by somebody else', root);
    const winning = readActions({ path, size: files.stat(path)?.size ?? 0 }, platform);
    lastTime = winning.find((action) => action.commitInfo)?.commitInfo?.inCommitTimestamp ?? lastTime;
    checkAgainst(winning, change, version);
    version++;
  }
  throw conflict('DELTA_MAX_COMMIT_RETRIES_EXCEEDED', `${MAX_ATTEMPTS} versions were taken by others`, root);
}

function writeDraft(draft: string, actions: readonly Action[], platform: Platform): void {
  // A file with two names is one file: what is in the log must not be written again.
  platform.files.remove(draft);
  const file = platform.files.create(draft);
  try {
    file.write(Buffer.from(`${actions.map((action) => JSON.stringify(action)).join('\n')}\n`));
    file.sync();
  } finally {
    file.close();
  }
}

/** Throws when a commit that came first and the change cannot both be. */
function checkAgainst(winning: readonly Action[], { root, actions, readsRows }: Change, version: number): void {
  const at = `version ${version} by somebody else`;
  if (winning.some((a) => a.protocol)) throw conflict('DELTA_PROTOCOL_CHANGED', `${at} changed the protocol`, root);
  if (winning.some((a) => a.metaData)) throw conflict('DELTA_METADATA_CHANGED', `${at} changed the schema`, root);
  const ours = new Set(actions.flatMap(({ remove }) => (remove ? [keyOf(remove)] : [])));
  const theirs = winning.flatMap(({ remove }) => (remove ? [remove] : []));
  const both = theirs.find((remove) => ours.has(keyOf(remove)));
  if (both !== undefined) {
    throw conflict('DELTA_CONCURRENT_DELETE_DELETE', `${at} removed ${both.path}, as this change would`, root);
  }
  if (readsRows && theirs.some((remove) => remove.dataChange !== false)) {
    throw conflict('DELTA_CONCURRENT_DELETE_READ', `${at} removed files that were read`, root);
  }
  const isBlind = winning.some((a) => a.commitInfo?.isBlindAppend === true);
  if (readsRows && !isBlind && winning.some((a) => a.add && a.add.dataChange !== false)) {
    throw conflict('DELTA_CONCURRENT_APPEND', `${at} added rows that this change may have to look at`, root);
  }
  const applications = new Set(actions.flatMap(({ txn }) => (txn ? [txn.appId] : [])));
  if (winning.some(({ txn }) => txn && applications.has(txn.appId))) {
    throw conflict('DELTA_CONCURRENT_TRANSACTION', `${at} is of the same application`, root);
  }
}

function conflict(code: string, what: string, root: string): SparrowError {
  return new SparrowError(code, what, {
    where: `Delta table ${root}`,
    hint: 'run the change again: it starts from the table as it is now',
  });
}

/** The entry that takes a file out of the table. */
export function removeFile(
  { path, deletionVector, partitionValues, size }: Snapshot['files'][number],
  now: number,
): RemoveFile {
  return {
    path,
    deletionTimestamp: now,
    dataChange: true,
    extendedFileMetadata: true,
    partitionValues,
    size,
    ...(deletionVector ? { deletionVector } : {}),
  };
}
