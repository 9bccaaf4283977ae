import {
  type Batch,
  buildColumn,
  type Platform,
  type Scalar,
  type SharedHeap,
  type SplitReader,
  unreachable,
} from '../../base/index.js';
import { prepare } from '../../functions/evaluate.js';
import type { EvalSettings } from '../../functions/expression.js';
import { splitReader } from '../../io/registry.js';
import type {
  PhysicalColumn,
  PhysicalGenerate,
  PhysicalJoin,
  PhysicalLimit,
  PhysicalPlan,
  PhysicalRecursion,
  PhysicalSort,
  PhysicalUdf,
  PhysicalWindow,
  SortKey,
} from '../physical.js';
import { tooDeep } from '../recursion-limit.js';
import { groupRows } from './group-rows.js';
import { joinRows } from './join-rows.js';
import { Pace } from './pace.js';
import { allRows, PAGE_ROWS, type Pages, PageWriter, pagesOf, type Row } from './page.js';
import { batchPages, scanPages } from './read-pages.js';
import { type Ready, type RowStepPlan, rowSteps } from './row-steps.js';
import { sortRows } from './sort-rows.js';

/**
 * Runs physical plans by the reference meaning of their expressions, row by row in JS, in one thread: slow, simple,
 * and sharing nothing with compiled pipelines, so that each can be held against the other. Rows come in the order
 * the compiled engine gives them, but for groups, which have none.
 */
export class Interpreter {
  readonly #pace: Pace;

  constructor(
    readonly heap: SharedHeap,
    readonly platform: Platform,
    readonly settings: EvalSettings,
    /** Throws when the query was cancelled: called at least every few milliseconds. */
    check: () => void,
    private readonly reader: (format: string) => Promise<SplitReader> = splitReader,
  ) {
    this.#pace = new Pace(platform.clock, check);
  }

  async *rows(plan: PhysicalPlan): AsyncGenerator<Row> {
    for await (const page of this.#pages(plan)) yield* page.rows;
  }

  /** The plan's rows as batches. Each lives until the next one is asked for. */
  async *batches(plan: PhysicalPlan): AsyncGenerator<Batch> {
    let rows: Row[] = [];
    for await (const page of this.#pages(plan)) {
      rows.push(...page.rows);
      if (rows.length < PAGE_ROWS) continue;
      yield* this.#batch(plan.columns, rows);
      rows = [];
    }
    if (rows.length > 0) yield* this.#batch(plan.columns, rows);
  }

  *#batch(columns: readonly PhysicalColumn[], rows: readonly Row[]): Generator<Batch> {
    const arena = this.heap.newArena('interpreter');
    try {
      const built = columns.map(({ type }, c) =>
        buildColumn(
          arena,
          type,
          rows.map((row) => row[c] as Scalar),
        ),
      );
      yield { rows: rows.length, columns: built };
    } finally {
      arena.release();
    }
  }

  #pages(plan: PhysicalPlan): Pages {
    switch (plan.kind) {
      case 'scan':
        return scanPages(plan, this.heap, this.platform, this.reader, this.#pace);
      case 'batches':
        return this.#loaded(plan.load);
      case 'shared':
        return this.#shared(plan);
      case 'filter':
      case 'project':
      case 'sample':
        return this.#steps(plan);
      case 'aggregate':
        return groupRows(plan, this.#pages(plan.input), this.#ready, this.settings, this.#pace);
      case 'join':
        return this.#join(plan);
      case 'sort':
        return this.#sort(plan);
      case 'limit':
        return this.#limit(plan);
      case 'generate':
        return this.#generate(plan);
      case 'recursion':
        return this.#recursion(plan);
      case 'round':
        return pagesOf(plan.from.rows, this.#pace);
      case 'union':
        return this.#union(plan.inputs);
      case 'window':
        return this.#window(plan);
      case 'udf':
        return this.#calls(plan);
      case 'repartition':
        return this.#pages(plan.input);
      default:
        return unreachable(plan);
    }
  }

  readonly #ready: Ready = (expr, over) => {
    const columns = over.flatMap((input) => input.columns);
    return prepare(expr, this.settings, columns.length === 0 ? undefined : (i) => columns[i]?.name ?? `#${i}`);
  };

  async *#calls(plan: PhysicalUdf): Pages {
    const { callFunctions } = await import('./call-functions.js');
    yield* callFunctions(plan, this.#pages(plan.input), this.#ready, this.#pace);
  }

  async *#shared({ input, positions }: Extract<PhysicalPlan, { kind: 'shared' }>): Pages {
    for await (const { first, rows } of this.#pages(input))
      yield { first, rows: rows.map((row) => positions.map((i) => row[i] as Scalar)) };
  }

  async *#loaded(load: () => Promise<readonly Batch[]>): Pages {
    yield* batchPages(this.heap, await load(), this.#pace);
  }

  async *#steps(plan: RowStepPlan): Pages {
    const { input, step } = rowSteps(plan, this.#ready);
    let number = 0;
    for await (const { first, rows } of this.#pages(input)) {
      const kept: Row[] = [];
      for (const [i, row] of rows.entries()) {
        const out = step(row, first + i);
        if (out !== undefined) kept.push(out);
        if (this.#pace.due()) await this.#pace.rest();
      }
      yield { first: number, rows: kept };
      number += kept.length;
    }
  }

  async *#join(plan: PhysicalJoin): Pages {
    const [build, probe] = plan.build === 'left' ? [plan.left, plan.right] : [plan.right, plan.left];
    const rows = await allRows(this.#pages(build));
    yield* joinRows(plan, rows, this.#pages(probe), this.#ready, this.#pace);
  }

  async *#sort(plan: PhysicalSort): Pages {
    const sorted = await this.#sorted(plan.input, plan.keys);
    const end = plan.limit === undefined ? sorted.length : plan.offset + plan.limit;
    yield* pagesOf(sorted.slice(plan.offset, end), this.#pace);
  }

  async #sorted(input: PhysicalPlan, keys: readonly SortKey[]): Promise<Row[]> {
    const rows = await allRows(this.#pages(input));
    return sortRows(
      rows,
      keys,
      keys.map((key) => this.#ready(key.expr, [input])),
      this.#pace,
    );
  }

  async *#limit({ input, offset, limit }: PhysicalLimit): Pages {
    const end = limit === undefined ? Number.POSITIVE_INFINITY : offset + limit;
    let row = 0;
    if (end <= offset) return;
    for await (const { rows } of this.#pages(input)) {
      const from = Math.max(offset - row, 0);
      yield { first: Math.max(row - offset, 0), rows: rows.slice(from, Math.max(end - row, from)) };
      row += rows.length;
      if (row >= end) return;
    }
  }

  async *#union(inputs: readonly PhysicalPlan[]): Pages {
    let number = 0;
    for (const input of inputs) {
      for await (const { rows } of this.#pages(input)) {
        yield { first: number, rows };
        number += rows.length;
      }
    }
  }

  async *#generate(plan: PhysicalGenerate): Pages {
    const args = plan.args.map((arg) => this.#ready(arg, [plan.input]));
    const { rowMaker } = await import('../task/generate-rows.js');
    const make = rowMaker({ ...plan, exprs: plan.args }, this.settings);
    const page = new PageWriter();
    for await (const { rows } of this.#pages(plan.input)) {
      for (const row of rows) {
        for (const made of make(args.map((arg) => arg(row)))) {
          page.push([...row, ...made]);
          if (page.isFull) yield page.take();
        }
        if (this.#pace.due()) await this.#pace.rest();
      }
    }
    yield page.take();
  }

  async *#recursion(plan: PhysicalRecursion): Pages {
    const all: Row[] = [];
    let round = await allRows(this.#pages(plan.anchor));
    for (let level = 1; round.length > 0; level++) {
      for (const row of round) all.push(row);
      if (all.length >= plan.rowsAsked) break;
      if (level > plan.maxLevel) throw tooDeep(plan.maxLevel);
      plan.last.rows = round;
      plan.all.rows = all;
      round = await allRows(this.#pages(plan.step));
    }
    yield* pagesOf(all, this.#pace);
  }

  async *#window(plan: PhysicalWindow): Pages {
    const partition = plan.partitionBy.map((expr): SortKey => ({ expr, descending: false, nullsFirst: true }));
    const rows = await this.#sorted(plan.input, [...partition, ...plan.orderBy]);
    const ready = (expr: Parameters<typeof prepare>[0]) => this.#ready(expr, [plan.input]);
    const { windowColumns } = await import('../task/window-columns.js');
    const columns = await windowColumns(plan, rows, ready, this.settings, () => this.#pace.between());
    let at = 0;
    for await (const page of pagesOf(rows, this.#pace)) {
      yield {
        first: at,
        rows: page.rows.map((row, i) => [...row, ...columns.map((column) => column[at + i] as Scalar)]),
      };
      at += page.rows.length;
    }
  }
}
