import type { RowHash } from './canonical.js';
import type { Kind } from './kinds.js';

/** An engine that reads the files of a corpus, one after the other. */
export interface Reader {
  read(path: string, kind: Kind): Promise<RowHash>;
  close(): Promise<void>;
}
