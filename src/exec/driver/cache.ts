import type { Arena, Batch, SharedHeap } from '../../base/index.js';
import type { PhysicalPlan } from '../physical.js';
import { compressBatches } from './compress.js';
import type { Executor } from './executor.js';

interface Entry {
  batches: Promise<readonly Batch[]> | undefined;
  arenas: number[];
}

/** Cached frames: filled by the first query that needs them, kept until they are dropped. */
export class CacheManager {
  readonly #entries = new Map<number, Entry>();
  #next = 1;

  constructor(private readonly heap: SharedHeap) {}

  open(): number {
    const id = this.#next++;
    this.#entries.set(id, { batches: undefined, arenas: [] });
    return id;
  }

  /** Batches of a filled entry; undefined when the entry is empty or dropped. */
  filled(id: number): Promise<readonly Batch[]> | undefined {
    return this.#entries.get(id)?.batches;
  }

  /** The frame's batches: computed by the first who asks, shared by all others; kept only while the entry is open. */
  async batches(id: number, plan: () => PhysicalPlan, executor: Executor): Promise<readonly Batch[]> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return (await executor.collect(plan())).batches;
    entry.batches ??= this.#fill(entry, plan(), executor).catch((error: unknown) => {
      entry.batches = undefined;
      throw error;
    });
    return entry.batches;
  }

  drop(id: number): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry === undefined) return;
    // Whoever still computes it keeps its memory until then.
    void Promise.resolve(entry.batches)
      .catch(() => undefined)
      .then(() => {
        for (const arena of entry.arenas) this.heap.releaseArena(arena);
      });
  }

  async #fill(entry: Entry, plan: PhysicalPlan, executor: Executor): Promise<readonly Batch[]> {
    const { query } = executor;
    const raw = await executor.collect(plan);
    const arena: Arena = query.newArena('cache');
    const batches = await compressBatches(raw.batches, arena, () => query.check());
    query.keep(arena.id);
    for (const id of raw.arenas) query.release(id);
    entry.arenas = [arena.id];
    return batches;
  }
}
