import type { CachedStatistics } from './cached-statistics.js';
import type { CachedPlan, Plan } from './node.js';
import { allNodes } from './walk.js';

/** Larger or deeper plans are not worth a text. */
const MOST_OBJECTS = 5_000;
const DEEPEST = 200;
const MOST_TEXT = 1 << 16;

/** What a plan with its views put in asks, as a text, and what lives as long as the question can be asked. */
export interface PlanShape {
  /** Plans with the same text mean the same, except where a name may be a variable of the session. */
  readonly text: string;
  /** The leaf that is likely to live shortest: the text is of no use without it. */
  readonly anchor: object;
}

/** Leaf of plans without any. */
const noLeaf = {};

/**
 * Undefined for very large plans, and those that do more than give rows. Within one query, files are the same that are
 * read in the same way (`sameFiles`); otherwise there may be others by now.
 */
export function planShape(
  plan: Plan,
  statistics: (cacheId: number) => CachedStatistics | undefined,
  sameFiles = false,
): PlanShape | undefined {
  const writer = new ShapeWriter(statistics, sameFiles);
  return writer.write(plan, 0) && writer.text.length <= MOST_TEXT
    ? { text: writer.text, anchor: writer.anchor ?? noLeaf }
    : undefined;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

function identity(object: object): number {
  const known = identities.get(object) ?? ++lastIdentity;
  identities.set(object, known);
  return known;
}

/** Properties that hold what cannot be told by its parts, or not without looking through much data. */
const WHOLE = new Set(['description', 'data', 'js', 'source']);

/** Nodes whose meaning is not in them, or that do more than give rows. */
const OPEN = new Set<unknown>(['view', 'sql_query', 'sql_text', 'write']);

const frameIds = new WeakMap<Plan, readonly number[]>();

/** The numbers of the frames a cached frame is made of: columns above may be named through them. */
function frameIdsIn(plan: CachedPlan): readonly number[] {
  let ids = frameIds.get(plan);
  if (ids === undefined) {
    ids = allNodes(plan).flatMap(({ planId }) => (planId === undefined ? [] : [planId]));
    frameIds.set(plan, ids);
  }
  return ids;
}

class ShapeWriter {
  text = '';
  anchor: object | undefined;
  #isLocal = false;
  readonly #seen = new Map<object, number>();
  readonly #planIds = new Map<unknown, string>();

  constructor(
    private readonly statistics: (cacheId: number) => CachedStatistics | undefined,
    private readonly sameFiles: boolean,
  ) {}

  /** Whether `value` could be written down. */
  write(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        this.text += JSON.stringify(value);
        return true;
      case 'number':
        this.text += Object.is(value, -0) ? '-0' : value;
        return true;
      case 'bigint':
        this.text += `${value}n`;
        return true;
      case 'object':
        return value === null ? this.#plain('null') : this.#object(value, depth);
      case 'function':
      case 'symbol':
        return false;
      default:
        return this.#plain(`${value}`);
    }
  }

  #plain(text: string): true {
    this.text += text;
    return true;
  }

  #object(object: object, depth: number): boolean {
    const before = this.#seen.get(object);
    // The same object twice is one computation; two objects that look alike are two.
    if (before !== undefined) return this.#plain(`@${before}`);
    if (depth > DEEPEST || this.text.length > MOST_TEXT || this.#seen.size >= MOST_OBJECTS) return false;
    this.#seen.set(object, this.#seen.size);
    if (Array.isArray(object)) return this.#list(object, depth);
    if (object instanceof Uint8Array) return this.#plain(`x${Buffer.from(object).toString('hex')}`);
    const { kind } = object as { readonly kind?: unknown };
    if (kind === 'cached') return this.#cached(object as CachedPlan);
    return OPEN.has(kind) ? false : this.#properties(object, depth);
  }

  #list(items: readonly unknown[], depth: number): boolean {
    this.text += '[';
    for (const item of items) {
      if (!this.write(item, depth + 1)) return false;
      this.text += ',';
    }
    return this.#plain(']');
  }

  #cached(plan: CachedPlan): boolean {
    this.#leaf(plan, false);
    for (const id of frameIdsIn(plan)) {
      const own = `own${id}`;
      // It was written down already as if it was no part of this frame.
      if ((this.#planIds.get(id) ?? own) !== own) return false;
      this.#planIds.set(id, own);
    }
    const known = this.statistics(plan.cacheId);
    return this.#plain(`cached${identity(plan)}:${known === undefined ? 0 : identity(known)}`);
  }

  #properties(object: object, depth: number): boolean {
    const prototype = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) return false;
    this.text += '{';
    for (const [name, value] of Object.entries(object)) {
      this.text += `${name}:`;
      if (name === 'planId') this.text += this.#planId(value);
      else if (
        WHOLE.has(name) &&
        typeof value === 'object' &&
        value !== null &&
        !(this.sameFiles && name === 'description')
      ) {
        if (name !== 'js') this.#leaf(value, name === 'data');
        this.text += `#${identity(value)}`;
      } else if (!this.write(value, depth + 1)) return false;
      this.text += ',';
    }
    return this.#plain('}');
  }

  /** Frames are numbered as they are made: only which are the same says something. */
  #planId(id: unknown): string {
    if (id === undefined) return '';
    const known = this.#planIds.get(id) ?? `${this.#planIds.size}`;
    this.#planIds.set(id, known);
    return known;
  }

  /** Rows that a program holds come and go more often than frames that are cached, or files. */
  #leaf(leaf: object, isLocal: boolean): void {
    if (this.anchor !== undefined && (this.#isLocal || !isLocal)) return;
    this.anchor = leaf;
    this.#isLocal = isLocal;
  }
}
