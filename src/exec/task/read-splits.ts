import {
  Arena,
  type Batch,
  type ScanRequest,
  type ScanSplit,
  type SharedHeap,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';

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
  passing: readonly number[],
): AsyncGenerator<Batch> {
  if (splits.length < 2 || passing.length < 2) {
    for (const split of splits) yield* (await formats.reader(split.format)).read(split, request, context);
    return;
  }
  let turn = 0;
  let arena = new Arena(heap, passing[turn] as number, 'scan');
  for (const split of splits) {
    const reader = await formats.reader(split.format);
    let given = false;
    for await (const batch of reader.read(split, request, { ...context, arena })) {
      given = true;
      yield batch;
    }
    // The other arena is not looked at any more once this piece gave a batch.
    if (!given) continue;
    turn = 1 - turn;
    const next = passing[turn] as number;
    heap.releaseArena(next);
    arena = new Arena(heap, next, 'scan');
  }
}
