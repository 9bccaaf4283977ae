import {
  Arena,
  type Column,
  KEPT_ENTRY_BYTES,
  type KeptColumns,
  type ScanSplit,
  type Storage,
} from '../../base/index.js';
import type { GroupContext } from './chunk-pages.js';
import type { SplitColumn } from './split.js';

/** What the words of an entry are: whether the others are written, and what is to be known of the column. */
const ENTRY = { STATE: 0, STORAGE: 1, NULLS: 2, VALIDITY: 3, DATA: 4 } as const;
const WRITTEN = 1;
const STORAGES: readonly Storage[] = ['i8', 'i16', 'i32', 'i64', 'f32', 'f64'];
/** Where more of the memory is in use, nothing more is kept. */
const MOST_USED = 0.5;

/** The arena that this thread keeps columns in: one query's at a time, mostly. */
let keeping: { readonly id: number; readonly arena: Arena } | undefined;

/** A column of fixed places as an earlier scan of the query decoded it; else it is read, and kept for later ones. */
export function readKept(
  group: GroupContext,
  { name, type }: SplitColumn,
  { piece, stats }: ScanSplit,
  kept: KeptColumns | undefined,
  read: () => Column,
): Column {
  const entries = kept?.entries[name];
  if (kept === undefined || entries === undefined || piece === undefined) return read();
  const { heap, arena } = group.task;
  const words = heap.i32;
  const at = (entries + piece * KEPT_ENTRY_BYTES) >>> 2;
  if (Atomics.load(words, at + ENTRY.STATE) === WRITTEN) {
    const word = (k: number): number => (words[at + k] as number) >>> 0;
    const known = stats?.[name];
    return {
      type,
      storage: STORAGES[word(ENTRY.STORAGE)] as Storage,
      length: group.split.rows,
      nullCount: word(ENTRY.NULLS),
      validity: word(ENTRY.VALIDITY),
      data: word(ENTRY.DATA),
      offsets: 0,
      ...(known === undefined ? {} : { stats: known }),
    };
  }
  if (heap.usedBytes > heap.limitBytes * MOST_USED) return read();
  if (keeping?.id !== kept.arena) keeping = { id: kept.arena, arena: new Arena(heap, kept.arena, 'kept columns') };
  group.results = keeping.arena;
  try {
    const column = read();
    const storage = STORAGES.indexOf(column.storage);
    if (storage < 0 || column.dictionary !== undefined) return column;
    words[at + ENTRY.STORAGE] = storage;
    words[at + ENTRY.NULLS] = column.nullCount;
    words[at + ENTRY.VALIDITY] = column.validity;
    words[at + ENTRY.DATA] = column.data;
    Atomics.store(words, at + ENTRY.STATE, WRITTEN);
    return column;
  } finally {
    group.results = arena;
  }
}
