import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  buildColumn,
  buildPacked,
  type Column,
  type DataType,
  isPacked,
  type SharedHeap,
  sliceColumn,
} from '../../base/index.js';
import type { LocalColumn, LocalData } from '../../plan/local-data.js';
import type { LocalPlan } from '../../plan/node.js';

/** Rows between two pauses while local data is laid out, so that the event loop goes on. */
const ROWS_PER_PAUSE = 16_384;

type RowsContent = Extract<LocalData['content'], { kind: 'scalars' }>;

/** Local rows in the heap: laid out when first used, kept as long as the frame's data is. */
export class LocalStore {
  readonly #laidOut = new WeakMap<LocalData, Promise<readonly Batch[]>>();
  readonly #gone: FinalizationRegistry<number>;

  constructor(private readonly heap: SharedHeap) {
    this.#gone = new FinalizationRegistry((arena) => heap.releaseArena(arena));
  }

  async batches(plan: LocalPlan): Promise<readonly Batch[]> {
    const { data, columns } = plan;
    let all = this.#laidOut.get(data);
    if (all === undefined) {
      all = this.#layOut(data);
      this.#laidOut.set(data, all);
      // Too large for the memory there is now: another query may find more.
      all.catch(() => this.#laidOut.delete(data));
    }
    const batches = await all;
    if (columns === undefined) return batches;
    return batches.map((batch) => ({
      rows: batch.rows,
      columns: columns.map((c) => batch.columns[c] as Batch['columns'][number]),
    }));
  }

  async #layOut(data: LocalData): Promise<readonly Batch[]> {
    const { content } = data;
    if (content.kind === 'batches') return content.batches;
    if (content.kind === 'made') {
      const made = await content.make();
      this.#gone.register(data, made.arena);
      return made.batches;
    }
    const arena = this.heap.newArena('local rows');
    try {
      const batches = await this.#build(data, content, arena);
      this.#gone.register(data, arena.id);
      return batches;
    } catch (error) {
      arena.release();
      throw error;
    }
  }

  async #build({ schema }: LocalData, content: RowsContent, arena: Arena): Promise<readonly Batch[]> {
    const batches: Batch[] = [];
    for (let from = 0; from < content.rows; from += BATCH_ROWS) {
      const rows = Math.min(BATCH_ROWS, content.rows - from);
      const columns = [];
      for (const [i, field] of schema.fields.entries()) {
        columns.push(columnOf(arena, field.type, content.columns[i] as LocalColumn, from, rows));
        if (rows >= ROWS_PER_PAUSE) await new Promise(setImmediate);
      }
      batches.push({ rows, columns: columns.map((c) => sliceColumn(c, 0, rows)) });
    }
    return batches;
  }
}

function columnOf(arena: Arena, type: DataType, values: LocalColumn, from: number, rows: number): Column {
  if (isPacked(values)) return buildPacked(arena, type, values, from, rows);
  return buildColumn(arena, type, from === 0 && rows === values.length ? values : values.slice(from, from + rows));
}
