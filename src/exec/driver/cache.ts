import type { Arena, Batch, SharedHeap } from '../../base/index.js';
import type { CachedStatistics } from '../../plan/cached-statistics.js';
import type { ResolvedPlan } from '../../plan/node.js';
import { replace, transformUp } from '../../plan/walk.js';
import type { PhysicalPlan } from '../physical.js';
import type { Executor } from './executor.js';
import type { Query } from './query.js';

interface Entry {
  filling: { readonly by: Query; readonly batches: Promise<readonly Batch[]> } | undefined;
  arenas: readonly number[];
  statistics?: CachedStatistics;
  /** Queries that read it. */
  users: number;
  dropped: boolean;
}

/** Cached frames: filled by the first query that needs them, kept until they are dropped and nobody reads them. */
export class CacheManager {
  readonly #entries = new Map<number, Entry>();
  #next = 1;

  constructor(private readonly heap: SharedHeap) {}

  open(): number {
    const id = this.#next++;
    this.#entries.set(id, { filling: undefined, arenas: [], users: 0, dropped: false });
    return id;
  }

  /** The frame's batches: computed by the first who asks, shared by all others; kept only while the entry is open. */
  async batches(id: number, plan: () => Promise<PhysicalPlan>, executor: Executor): Promise<readonly Batch[]> {
    const { query } = executor;
    const entry = this.#entries.get(id);
    if (entry === undefined) return (await executor.collect(await plan())).batches;
    entry.users++;
    query.onEnd(() => {
      entry.users--;
      this.#free(entry);
    });
    for (;;) {
      entry.filling ??= { by: query, batches: this.#fill(entry, plan, executor) };
      const { by, batches } = entry.filling;
      try {
        return await batches;
      } catch (error) {
        if (entry.filling?.batches === batches) entry.filling = undefined;
        // What went wrong for the query that filled it (it was cancelled) need not concern this one.
        if (by === query) throw error;
        query.check();
      }
    }
  }

  /** The plan with what is known of the frames that are in memory. */
  informed(plan: ResolvedPlan): ResolvedPlan {
    return transformUp(plan, (node) => {
      if (node.kind !== 'cached' || node.statistics !== undefined) return node;
      const statistics = this.statistics(node.cacheId);
      return statistics === undefined ? node : replace(node, { statistics });
    }) as ResolvedPlan;
  }

  /** What is known of a frame's rows, once it is filled. */
  statistics(id: number): CachedStatistics | undefined {
    return this.#entries.get(id)?.statistics;
  }

  drop(id: number): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry === undefined) return;
    entry.dropped = true;
    this.#free(entry);
  }

  #free(entry: Entry): void {
    if (!entry.dropped || entry.users > 0) return;
    for (const arena of entry.arenas) this.heap.releaseArena(arena);
    entry.arenas = [];
  }

  async #fill(entry: Entry, plan: () => Promise<PhysicalPlan>, executor: Executor): Promise<readonly Batch[]> {
    const { query } = executor;
    const raw = await executor.collect(await plan());
    const arena: Arena = query.newArena('cache');
    const { compressBatches } = await import('./compress.js');
    const { cachedStatistics } = await import('./cache-statistics.js');
    const batches = await compressBatches(raw.batches, arena, () => query.check());
    query.keep(arena.id);
    for (const id of raw.arenas) query.release(id);
    entry.arenas = [arena.id];
    entry.statistics = cachedStatistics(batches, this.heap);
    return batches;
  }
}
