import { Arena, engineBug } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { rowSpill } from './parts.js';
import { splitPassing } from './passing-arenas.js';
import type { RowChunk } from './spec.js';
import { eachSegment } from './spilled.js';
import type { TaskRequest } from './task.js';
import type { TaskEnvironment } from './task-environment.js';

/** The rows that a task reads from disk, piece by piece: each is gone when the next one is asked for. */
export function* storedChunks(
  { programs, platform, checkCancelled }: TaskEnvironment,
  { spec, input, passingArenas }: TaskRequest,
): Generator<RowChunk> {
  const { source } = spec;
  if (source.kind !== 'rows' || source.rows.kind !== 'kept' || input.kind !== 'kept')
    throw engineBug('kept rows expected');
  const layout = keptLayout(source.rows.layout);
  const [passing] = splitPassing(passingArenas, spec, input).source;
  if (passing === undefined) throw engineBug('an arena for passing rows expected');
  const { RowUnspiller } = rowSpill();
  const arena = new Arena(programs.heap, passing, 'cached rows');
  for (const rows of input.spilled ?? []) {
    for (const segment of eachSegment(rows)) {
      checkCancelled();
      yield* new RowUnspiller(arena, platform).read(segment, layout);
      arena.release();
    }
  }
}
