import { type Arena, type Batch, type SharedHeap, SparrowError } from '../../base/index.js';
import type { CachedStatistics } from '../../plan/cached-statistics.js';
import type { CacheLevel } from '../../plan/engine.js';
import type { ResolvedPlan } from '../../plan/node.js';
import { replace, transformUp } from '../../plan/walk.js';
import type { PhysicalPlan, StoredRows } from '../physical.js';
import type { Executor } from './executor.js';
import { isOutOfMemory } from './out-of-memory.js';
import type { Query } from './query.js';
import type { SpillDirectory } from './spill-directory.js';

interface Entry {
  readonly level: CacheLevel;
  /** Its rows on disk, and the folder they are in. */
  stored?: { readonly by: Query; readonly directory: string; readonly rows: Promise<StoredRows> } | undefined;
  /** It did not fit the memory, or had to make room there: it goes to disk, or is computed again. */
  isTooLarge: boolean;
  /** Room was made for it once. */
  wasShort?: boolean;
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

  constructor(
    private readonly heap: SharedHeap,
    private readonly spills: SpillDirectory,
  ) {}

  open(level: CacheLevel): number {
    const id = this.#next++;
    const isTooLarge = !level.useMemory;
    this.#entries.set(id, { level, isTooLarge, filling: undefined, arenas: [], users: 0, dropped: false });
    return id;
  }

  /** The frame's batches: computed by the first who asks, shared by all others; kept only while the entry is open. */
  async batches(id: number, plan: () => Promise<PhysicalPlan>, executor: Executor): Promise<readonly Batch[]> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return (await executor.collect(await plan())).batches;
    this.#use(entry, executor.query);
    for (;;) {
      entry.filling ??= { by: executor.query, batches: this.#fill(entry, plan, executor) };
      const { by, batches } = entry.filling;
      try {
        return await batches;
      } catch (error) {
        if (entry.filling?.batches === batches) entry.filling = undefined;
        goOn(error, by, executor.query);
      }
    }
  }

  /** What there is of the frame in place of batches: rows on disk, or its plan where it is not kept at all. */
  async elsewhere(
    id: number,
    plan: () => Promise<PhysicalPlan>,
    executor: Executor,
  ): Promise<StoredRows | PhysicalPlan | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return plan();
    while (!entry.isTooLarge) {
      try {
        await this.batches(id, plan, executor);
        return undefined;
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        // Other frames may have made room meanwhile; twice is enough.
        entry.isTooLarge = !this.evict() || entry.wasShort === true;
        entry.wasShort = true;
      }
    }
    return entry.level.useDisk ? this.#stored(entry, plan, executor) : plan();
  }

  async #stored(entry: Entry, plan: () => Promise<PhysicalPlan>, executor: Executor): Promise<StoredRows> {
    const { query } = executor;
    this.#use(entry, query);
    for (;;) {
      if (entry.stored === undefined) {
        const directory = this.spills.newDirectory('cache');
        const rows = plan().then(async (physical) => {
          return (await import('./stored-rows.js')).storeRows(executor, physical, directory);
        });
        entry.stored = { by: query, directory, rows };
      }
      const { by, rows, directory } = entry.stored;
      try {
        return await rows;
      } catch (error) {
        if (entry.stored?.rows === rows) {
          entry.stored = undefined;
          this.spills.drop(directory);
        }
        goOn(error, by, query);
      }
    }
  }

  #use(entry: Entry, query: Query): void {
    entry.users++;
    query.onEnd(() => {
      entry.users--;
      this.#free(entry);
    });
  }

  /** Frames that nobody reads make room; they are computed again when they are asked for, and then may go to disk. Whether there were any. */
  evict(): boolean {
    let made = false;
    for (const entry of this.#entries.values()) {
      if (entry.users > 0 || entry.arenas.length === 0) continue;
      this.#release(entry);
      entry.filling = undefined;
      delete entry.statistics;
      entry.isTooLarge = entry.level.useDisk;
      made = true;
    }
    return made;
  }

  /** Whether an error is damage to what a frame has on disk; the frame is then forgotten, and can be computed again. */
  forgetDamaged(error: unknown): boolean {
    if (!(error instanceof SparrowError)) return false;
    const told = `${error.message} ${error.where ?? ''}`;
    for (const entry of this.#entries.values()) {
      const { stored } = entry;
      if (stored === undefined || !told.includes(stored.directory)) continue;
      entry.stored = undefined;
      this.spills.drop(stored.directory);
      return true;
    }
    return false;
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
    this.#release(entry);
    if (entry.stored !== undefined) this.spills.drop(entry.stored.directory);
    entry.stored = undefined;
  }

  #release(entry: Entry): void {
    for (const arena of entry.arenas) this.heap.releaseArena(arena);
    entry.arenas = [];
  }

  async #fill(entry: Entry, plan: () => Promise<PhysicalPlan>, executor: Executor): Promise<readonly Batch[]> {
    const { query } = executor;
    const raw = await executor.collect(await plan());
    const arena: Arena = query.newArena('cache');
    const { compressBatches } = await import('./compress.js');
    const { cachedStatistics } = await import('./cache-statistics.js');
    let batches: readonly Batch[];
    try {
      batches = await compressBatches(raw.batches, arena, () => query.check());
      query.keep(arena.id);
    } catch (error) {
      query.release(arena.id);
      throw error;
    } finally {
      for (const id of raw.arenas) query.release(id);
    }
    entry.arenas = [arena.id];
    entry.statistics = cachedStatistics(batches, this.heap);
    return batches;
  }
}

/** What went wrong for the query that filled it (it was cancelled) need not concern this one. */
function goOn(error: unknown, by: Query, query: Query): void {
  if (by === query) throw error;
  query.check();
}
