import { type FileInfo, type Platform, SparrowError } from '../../base/index.js';
import type { DeletionVector } from './deletion-vector.js';

/** A data file of a table. */
export interface AddFile {
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modificationTime?: number;
  /** Whether the rows of the table change by it; not when files are only put together. */
  readonly dataChange?: boolean;
  readonly stats?: string;
  readonly tags?: Readonly<Record<string, string>> | null;
  readonly deletionVector?: DeletionVector | null;
}

/** A data file that no longer belongs to the table; older versions may still need it. */
export interface RemoveFile extends Pick<AddFile, 'path' | 'deletionVector' | 'dataChange'> {
  readonly deletionTimestamp?: number;
  readonly extendedFileMetadata?: boolean;
  readonly partitionValues?: AddFile['partitionValues'];
  readonly size?: number;
}

export interface Metadata {
  readonly id: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly format?: { readonly provider: string; readonly options?: Readonly<Record<string, string>> };
  readonly createdTime?: number | null;
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
}

export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[] | null;
  readonly writerFeatures?: readonly string[] | null;
}

/** The last write of an application to the table, so that a repeated one is known. */
export interface Transaction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}

/** Who changed the table, how and when. */
export interface CommitInfo {
  readonly timestamp?: number;
  readonly inCommitTimestamp?: number;
  readonly operation?: string;
  readonly operationParameters?: Readonly<Record<string, unknown>>;
  readonly operationMetrics?: Readonly<Record<string, string>>;
  readonly readVersion?: number;
  readonly isolationLevel?: string;
  readonly isBlindAppend?: boolean;
  readonly userMetadata?: string;
  readonly engineInfo?: string;
  readonly txnId?: string;
}

/** One action of the log; of each, one part is there. */
export interface Action {
  readonly add?: AddFile | null;
  readonly remove?: RemoveFile | null;
  readonly metaData?: Metadata | null;
  readonly protocol?: Protocol | null;
  readonly commitInfo?: CommitInfo | null;
  readonly txn?: Transaction | null;
  readonly sidecar?: { readonly path: string } | null;
}

/** The actions of a commit, one a line. */
export function readActions({ path, size }: Pick<FileInfo, 'path' | 'size'>, platform: Platform): Action[] {
  const file = platform.files.open(path);
  try {
    const bytes = Buffer.alloc(size);
    file.readInto(bytes, 0, size);
    return bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Action);
  } catch (cause) {
    if (cause instanceof SparrowError) throw cause;
    throw new SparrowError('DELTA_LOG_CORRUPT', `a commit cannot be read: ${(cause as Error).message}`, {
      where: `file ${path}`,
      cause,
    });
  } finally {
    file.close();
  }
}
