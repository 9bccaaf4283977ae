import { type FileInfo, type Platform, SparrowError } from '../../base/index.js';
import type { DeletionVector } from './deletion-vector.js';

/** A data file of a table. */
export interface AddFile {
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  readonly stats?: string;
  readonly deletionVector?: DeletionVector | null;
}

export interface Metadata {
  readonly id: string;
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
}

export interface Protocol {
  readonly minReaderVersion: number;
  readonly readerFeatures?: readonly string[] | null;
}

/** One action of the log; of each, one part is there. */
export interface Action {
  readonly add?: AddFile | null;
  readonly remove?: Pick<AddFile, 'path' | 'deletionVector'> | null;
  readonly metaData?: Metadata | null;
  readonly protocol?: Protocol | null;
  readonly commitInfo?: { readonly inCommitTimestamp?: number } | null;
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
