import {
  Arena,
  type Batch,
  BatchArena,
  type ScanRequest,
  type ScanSplit,
  type SharedHeap,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';

/** Arenas for the batches that readers make one by one, and for what pieces are read into. */
const BATCH_ARENAS = 2;
const PIECE_ARENAS = 2;

/** How many arenas reading so many pieces takes. */
export const arenasToRead = (splits: readonly ScanSplit[]): number =>
  BATCH_ARENAS + (splits.length > 1 ? PIECE_ARENAS : 0);

/**
 * The batches of one piece of a source after the other. What a piece was read into is freed when the piece after the
 * next begins: until a batch of the next one was taken, a sink may still look at dictionaries of the one before.
 */
export async function* readSplits(
  formats: { reader(format: string): Promise<SplitReader> },
  splits: readonly ScanSplit[],
  request: ScanRequest,
  context: TaskContext,
  heap: SharedHeap,
  /** As many as `arenasToRead` says. */
  passing: readonly number[],
): AsyncGenerator<Batch> {
  const [first, second, ...pieces] = passing as [number, number, ...number[]];
  const batchArena = new BatchArena(heap, [first, second], 'scan');
  let turn = 0;
  let arena = splits.length > 1 ? new Arena(heap, pieces[turn] as number, 'scan') : context.arena;
  for (const split of splits) {
    const reader = await formats.reader(split.format);
    let given = false;
    for await (const batch of reader.read(split, request, { ...context, arena, batchArena })) {
      given = true;
      yield batch;
      batchArena.taken();
    }
    // The other arena is not looked at any more once this piece gave a batch.
    if (!given || splits.length === 1) continue;
    turn = 1 - turn;
    const next = pieces[turn] as number;
    heap.releaseArena(next);
    arena = new Arena(heap, next, 'scan');
  }
}
