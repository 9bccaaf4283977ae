import type { Schema } from '../../base/index.js';
import type { CachedStatistics } from '../../plan/cached-statistics.js';
import { configKey } from '../../plan/engine.js';
import type { Plan, ResolvedPlan } from '../../plan/node.js';
import { type PlanShape, planShape } from '../../plan/plan-shape.js';
import type { PlanSettings } from '../../plan/resolve/resolver.js';
import { allNodes } from '../../plan/walk.js';
import { engineMode } from '../modes.js';

/** A plan that needs no more thought: what it gives, and how it is best computed. */
export interface PreparedPlan {
  readonly schema: Schema;
  readonly optimized: ResolvedPlan;
}

/** A place for a plan that was not prepared before. */
export interface PlanPlace {
  readonly prepared: PreparedPlan | undefined;
  /** Keeps what was found out. */
  readonly keep: (prepared: PreparedPlan) => void;
}

/** An optimized plan, and whether it holds whenever it is asked. */
export interface FoundPlan {
  readonly plan: ResolvedPlan;
  readonly isTimeless: boolean;
}

interface OptimizedPlan {
  readonly key: string;
  readonly known: readonly (CachedStatistics | undefined)[];
  readonly optimized: ResolvedPlan;
}

const settingsKey = (settings: PlanSettings): string => {
  const { ansi, timeZone, caseSensitive, timestampType } = settings;
  return `${engineMode()} ${ansi} ${timeZone} ${caseSensitive} ${timestampType} ${configKey(settings)}`;
};

/** Prepared plans kept for each leaf. */
const MOST_KEPT = 32;

/**
 * Plans that were asked before, by their shape: a program builds its frames anew each time, and resolving and optimizing
 * takes longer than many a query. They are kept as long as the rows, cached frames or files they read.
 */
export class PlanCache {
  readonly #again = new WeakMap<ResolvedPlan, OptimizedPlan>();
  readonly #byLeaf = new WeakMap<object, Map<string, PreparedPlan>>();

  constructor(private readonly statistics: (cacheId: number) => CachedStatistics | undefined) {}

  /** Undefined where nothing may be kept. */
  place(plan: Plan, settings: PlanSettings): PlanPlace | undefined {
    const shape = planShape(plan, this.statistics);
    if (shape === undefined) return undefined;
    const key = `${settingsKey(settings)} ${shape.text}`;
    const prepared = this.#byLeaf.get(shape.anchor)?.get(key);
    return { prepared, keep: (found) => this.#keep(shape, key, found) };
  }

  /** The optimized form of a part of a prepared plan, which is the same object each time. */
  async again(plan: ResolvedPlan, settings: PlanSettings, optimize: () => Promise<FoundPlan>): Promise<ResolvedPlan> {
    const known = allNodes(plan).flatMap((node) => (node.kind === 'cached' ? [this.statistics(node.cacheId)] : []));
    const key = settingsKey(settings);
    const kept = this.#again.get(plan);
    if (kept?.key === key && kept.known.every((statistics, i) => statistics === known[i])) return kept.optimized;
    const { plan: optimized, isTimeless } = await optimize();
    if (isTimeless) this.#again.set(plan, { key, known, optimized });
    return optimized;
  }

  #keep({ anchor }: PlanShape, key: string, prepared: PreparedPlan): void {
    let kept = this.#byLeaf.get(anchor);
    if (kept === undefined) {
      kept = new Map();
      this.#byLeaf.set(anchor, kept);
    }
    kept.delete(key);
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(key, prepared);
  }
}
