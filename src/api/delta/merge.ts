import { type Field, SparrowError } from '../../base/index.js';
import { FILE_COLUMN, ROW_COLUMN } from '../../io/delta/places.js';
import {
  aggregate,
  alias,
  cached,
  call,
  cast,
  column,
  distinct,
  filter,
  join,
  literal,
  project,
  sqlExpr,
  subqueryAlias,
  union,
  withColumn,
  withPlanId,
} from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import type { Plan } from '../../plan/node.js';
import { collectRows } from '../actions.js';
import { ColumnBase } from '../column.js';
import type { FrameContext } from '../context.js';
import type { ActionOptions, WriteResult } from '../engine.js';
import { quoted } from '../names.js';
import { StorageLevel } from '../storage-level.js';
import { t } from '../types.js';
import { DeltaTarget } from './target.js';

/** SQL text or a column. */
export type DeltaExpr = string | ColumnBase;
/** What columns become: SQL text or a column each. */
export type DeltaSet = Readonly<Record<string, DeltaExpr>>;

type Kind = 'matched' | 'notMatched' | 'notMatchedBySource';

interface Clause {
  readonly kind: Kind;
  readonly condition: Expr | undefined;
  /** `all`: every column from the source's of the same name; `delete`: the row goes. */
  readonly action: 'all' | 'delete' | DeltaSet;
}

const yes = literal(t.boolean, true);
const no = literal(t.boolean, false);
const FOUND = '__delta_found';
/** Ids of plans that no frame has. */
let lastId = 0;

export const exprOf = (given: DeltaExpr): Expr => (given instanceof ColumnBase ? given.expr : sqlExpr(given));

/**
 * A merge under construction: clauses are tried in their order, and the first whose condition holds is taken. Immutable;
 * `execute()` runs it as one version of the table.
 */
export class DeltaMergeBuilder {
  constructor(
    private readonly context: FrameContext,
    private readonly target: { readonly path: string; readonly alias: string | undefined },
    private readonly source: Plan,
    private readonly condition: Expr,
    private readonly clauses: readonly Clause[] = [],
  ) {}

  /** Rows of the table with a row of the source: these columns change. */
  whenMatchedUpdate({ condition, set }: { condition?: DeltaExpr; set: DeltaSet }): DeltaMergeBuilder {
    return this.#with('matched', condition, set);
  }
  /** Rows of the table with a row of the source: every column becomes the source's of that name. */
  whenMatchedUpdateAll(condition?: DeltaExpr): DeltaMergeBuilder {
    return this.#with('matched', condition, 'all');
  }
  /** Rows of the table with a row of the source go. */
  whenMatchedDelete(condition?: DeltaExpr): DeltaMergeBuilder {
    return this.#with('matched', condition, 'delete');
  }
  /** Rows of the source without a row of the table are added; columns not named are null. */
  whenNotMatchedInsert({ condition, values }: { condition?: DeltaExpr; values: DeltaSet }): DeltaMergeBuilder {
    return this.#with('notMatched', condition, values);
  }
  /** Rows of the source without a row of the table are added. */
  whenNotMatchedInsertAll(condition?: DeltaExpr): DeltaMergeBuilder {
    return this.#with('notMatched', condition, 'all');
  }
  /** Rows of the table without a row of the source: these columns change. */
  whenNotMatchedBySourceUpdate({ condition, set }: { condition?: DeltaExpr; set: DeltaSet }): DeltaMergeBuilder {
    return this.#with('notMatchedBySource', condition, set);
  }
  /** Rows of the table without a row of the source go. */
  whenNotMatchedBySourceDelete(condition?: DeltaExpr): DeltaMergeBuilder {
    return this.#with('notMatchedBySource', condition, 'delete');
  }

  #with(kind: Kind, condition: DeltaExpr | undefined, action: Clause['action']): DeltaMergeBuilder {
    const clause = { kind, condition: condition === undefined ? undefined : exprOf(condition), action };
    return new DeltaMergeBuilder(this.context, this.target, this.source, this.condition, [...this.clauses, clause]);
  }

  /** Runs the merge. Of two source rows that would change the same row of the table, it throws. */
  async execute(options: ActionOptions = {}): Promise<WriteResult> {
    if (this.clauses.length === 0) {
      throw new SparrowError('DELTA_MERGE_MISSING_WHEN', 'a merge needs a clause', {
        hint: 'add .whenMatchedUpdateAll(), .whenNotMatchedInsertAll() or another',
      });
    }
    const { engine } = this.context;
    // The source is read several times, and must say the same each time.
    const cacheId = engine.cache(StorageLevel.MEMORY_AND_DISK);
    try {
      const table = await DeltaTarget.open(this.context, this.target.path);
      const source = withPlanId(cached(this.source, cacheId), --lastId);
      return await new Merge(table, this.target.alias, source, this.condition, this.clauses).run(options);
    } finally {
      await engine.uncache(cacheId);
    }
  }
}

/** One run of a merge over one version of the table. */
class Merge {
  readonly #targetId = --lastId;

  constructor(
    private readonly table: DeltaTarget,
    private readonly aliasName: string | undefined,
    private readonly source: Plan,
    private readonly condition: Expr,
    private readonly clauses: readonly Clause[],
  ) {}

  async run(options: ActionOptions): Promise<WriteResult> {
    const removed = [...new Set([...(await this.#changed(options)), ...(await this.#left(options))])];
    const parts = [...(removed.length === 0 ? [] : this.#rewritten(removed)), ...this.#inserted()];
    const [only] = parts;
    const none = (): Plan => filter(project(this.table.rows(), this.#own()), no);
    const rows = parts.length > 1 ? union(parts) : (only ?? none());
    const parameters = { predicate: '', clauses: JSON.stringify(this.clauses.map(({ kind }) => kind)) };
    return this.table.write(rows, { removed, operation: 'MERGE', parameters }, options);
  }

  #of(kind: Kind): readonly Clause[] {
    return this.clauses.filter((clause) => clause.kind === kind);
  }

  #target(rows: Plan): Plan {
    const named = this.aliasName === undefined ? rows : subqueryAlias(rows, this.aliasName);
    return withPlanId(named, this.#targetId);
  }

  #own(): Expr[] {
    return this.table.columns.map(({ name }) => column(quoted(name)));
  }

  /** The files with rows that a source row changes. */
  async #changed(options: ActionOptions): Promise<string[]> {
    const clauses = this.#of('matched');
    if (clauses.length === 0) return [];
    const pairs = join(this.#target(this.table.placedRows()), this.source, 'inner', this.condition);
    const [file, row] = [FILE_COLUMN, ROW_COLUMN].map((name) => column(name)) as [Expr, Expr];
    const n = alias(call('count', literal(t.int32, 1)), 'n');
    const rows = aggregate(filter(pairs, anyOf(clauses)), [file, row], [file, row, n]);
    const files = aggregate(rows, [file], [file, alias(call('max', column('n')), 'n')]);
    const found = (await collectRows(this.table.context, files, options)) as Record<string, unknown>[];
    const onlyDeletes = clauses.length === 1 && clauses[0]?.action === 'delete' && clauses[0].condition === undefined;
    if (!onlyDeletes && found.some((f) => Number(f.n) > 1)) {
      throw new SparrowError(
        'DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE',
        'several rows of the source would change the same row of the table',
        {
          where: `Delta table ${this.table.path}`,
          hint: 'leave one source row for each: group it, or dropDuplicates by the keys',
        },
      );
    }
    return found.map((f) => String(f[FILE_COLUMN]));
  }

  /** The files with rows that change because no source row is theirs. */
  async #left(options: ActionOptions): Promise<string[]> {
    const clauses = this.#of('notMatchedBySource');
    if (clauses.length === 0) return [];
    const alone = join(this.#target(this.table.placedRows()), this.source, 'anti', this.condition);
    const files = distinct(project(filter(alone, anyOf(clauses)), [column(FILE_COLUMN)]));
    const found = (await collectRows(this.table.context, files, options)) as Record<string, unknown>[];
    return found.map((f) => String(f[FILE_COLUMN]));
  }

  /** The rows of the files that are replaced, as they are afterwards. */
  #rewritten(files: readonly string[]): Plan[] {
    const rows = this.table.rows(files);
    const [matched, alone] = [this.#of('matched'), this.#of('notMatchedBySource')];
    if (alone.length === 0) return [this.#matchedRows(this.#target(rows), matched)];
    const target = this.#target(rows);
    const having = join(target, this.source, 'semi', this.condition);
    const without = join(target, this.source, 'anti', this.condition);
    return [this.#matchedRows(this.#target(having), matched), this.#applied(this.#target(without), alone, yes)];
  }

  /** Every row once, changed by the source row that changes it if there is one. */
  #matchedRows(target: Plan, clauses: readonly Clause[]): Plan {
    if (clauses.length === 0) return project(target, this.#values([], yes));
    const marked = withPlanId(withColumn(this.source, FOUND, yes), this.source.planId ?? 0);
    const condition = call('and', this.condition, anyOf(clauses));
    return this.#applied(join(target, marked, 'left', condition), clauses, call('isnotnull', column(FOUND)));
  }

  /** Rows without those that a clause deletes, with the columns that clauses give them. */
  #applied(rows: Plan, clauses: readonly Clause[], applies: Expr): Plan {
    const isGone = caseOf(
      clauses.map((clause) => [holds(clause, applies), clause.action === 'delete' ? yes : no]),
      no,
    );
    return project(filter(rows, call('not', isGone)), this.#values(clauses, applies));
  }

  #values(clauses: readonly Clause[], applies: Expr): Expr[] {
    return this.table.columns.map((field) => {
      const own = column(quoted(field.name), this.#targetId);
      const branches = clauses.map((clause) => [holds(clause, applies), this.#value(clause, field, own)] as const);
      return alias(cast(branches.length === 0 ? own : caseOf(branches, own), field.type), field.name);
    });
  }

  #value({ action }: Clause, field: Field, otherwise: Expr): Expr {
    if (action === 'delete') return otherwise;
    if (action === 'all') return column(quoted(field.name), this.source.planId);
    const given = Object.entries(action).find(([name]) => lastName(name) === field.name.toLowerCase());
    return given === undefined ? otherwise : cast(exprOf(given[1]), field.type);
  }

  /** The source rows that are added. */
  #inserted(): Plan[] {
    const clauses = this.#of('notMatched');
    if (clauses.length === 0) return [];
    const alone = join(this.source, this.#target(this.table.rows()), 'anti', this.condition);
    const values = this.table.columns.map((field) => {
      const none = literal(field.type, null);
      const branches = clauses.map((clause) => [holds(clause, yes), this.#value(clause, field, none)] as const);
      return alias(cast(caseOf(branches, none), field.type), field.name);
    });
    return [project(filter(alone, anyOf(clauses)), values)];
  }
}

/** `t.price` and `price` name the same column. */
const lastName = (name: string): string => (name.split('.').at(-1) ?? name).replaceAll('`', '').toLowerCase();

const holds = ({ condition }: Clause, applies: Expr): Expr =>
  condition === undefined ? applies : call('and', applies, condition);

const anyOf = (clauses: readonly Clause[]): Expr =>
  clauses.map(({ condition }) => condition ?? yes).reduce((a, b) => call('or', a, b));

const caseOf = (branches: readonly (readonly [Expr, Expr])[], otherwise: Expr): Expr =>
  call('when', ...branches.flat(), otherwise);
