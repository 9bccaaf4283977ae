import type { Schema } from '../../base/index.js';
import { everyNode } from '../../plan/nested.js';
import type { Plan, SqlQueryPlan } from '../../plan/node.js';
import { transformUp } from '../../plan/walk.js';
import type {
  CacheLevel,
  ExplainMode,
  InputFiles,
  QueryEngine,
  RunningQuery,
  RunOptions,
  SessionSettings,
} from '../engine.js';

/** Runs the command of a text and gives its rows as a plan; undefined for a query. */
export type RunCommand = (
  query: SqlQueryPlan,
  settings: SessionSettings,
  signal?: AbortSignal,
) => Promise<Plan | undefined>;

/** Plans that are read now. What they name, bytes of a program say, stays while anything holds them. */
const reading = new Set<object>();
const plans = new WeakMap<object, Plan>();

async function held<T>(plan: Plan, work: () => Promise<T>): Promise<T> {
  const one = { plan };
  reading.add(one);
  try {
    return await work();
  } finally {
    reading.delete(one);
  }
}

/** An engine whose SQL texts may also be commands: each runs once, when its frame is first asked for something. */
export class SqlEngine implements QueryEngine {
  readonly #engine: QueryEngine;
  readonly #runCommand: RunCommand;
  readonly #results = new WeakMap<SqlQueryPlan['parameters'], Promise<Plan | undefined>>();

  constructor(engine: QueryEngine, runCommand: RunCommand) {
    this.#engine = engine;
    this.#runCommand = runCommand;
  }

  get heap() {
    return this.#engine.heap;
  }
  get inner(): QueryEngine {
    return this.#engine;
  }

  analyze(plan: Plan, settings: SessionSettings): Promise<Schema> {
    return held(plan, async () => this.#engine.analyze(await this.#prepared(plan, settings), settings));
  }
  run(plan: Plan, options: RunOptions): Promise<RunningQuery> {
    return held(plan, async () => {
      const query = await this.#engine.run(await this.#prepared(plan, options.settings, options.signal), options);
      plans.set(query.batches, plan);
      return query;
    });
  }
  async explain(plan: Plan, mode: ExplainMode, settings: SessionSettings): Promise<string> {
    return this.#engine.explain(await this.#prepared(plan, settings), mode, settings);
  }
  async inputFiles(plan: Plan, settings: SessionSettings): Promise<InputFiles> {
    return this.#engine.inputFiles(await this.#prepared(plan, settings), settings);
  }
  cache(level: CacheLevel): number {
    return this.#engine.cache(level);
  }
  uncache(cacheId: number): Promise<void> {
    return this.#engine.uncache(cacheId);
  }
  stop(): Promise<void> {
    return this.#engine.stop();
  }

  /** The plan with the results of commands where their texts stood. */
  async #prepared(plan: Plan, settings: SessionSettings, signal?: AbortSignal): Promise<Plan> {
    const texts = everyNode(plan).filter((node) => node.kind === 'sql_query' && startsCommand(node.text));
    if (texts.length === 0) return plan;
    const results = new Map<string, Plan>();
    for (const text of texts as SqlQueryPlan[]) {
      // A frame's plan is copied when it gets its number; its parameters are the same object in every copy.
      let result = this.#results.get(text.parameters);
      if (result === undefined) {
        result = this.#runCommand(text, settings, signal);
        this.#results.set(text.parameters, result);
      }
      const rows = await result;
      if (rows !== undefined) results.set(text.text, rows);
    }
    return transformUp(plan, (node) => {
      const rows = node.kind === 'sql_query' ? results.get(node.text) : undefined;
      if (rows === undefined) return node;
      return node.planId === undefined ? rows : Object.freeze({ ...rows, planId: node.planId });
    });
  }
}

const BLANKS = String.raw`^(?:\s|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*`;

/** First words of statements that are no queries; WITH may stand before INSERT. */
const commandWord = new RegExp(
  `${BLANKS}(?:create|insert|delete|update|merge|drop|truncate|alter|use|set|reset|show|describe|desc|explain|execute|begin|cache|uncache|clear|refresh|declare|msck|with)\\b`,
  'i',
);
const scriptWord = new RegExp(`${BLANKS}begin\\b`, 'i');

export const startsCommand = (text: string): boolean => commandWord.test(text);
export const startsScript = (text: string): boolean => scriptWord.test(text);
