import { int32Type, int64Type, SparrowError } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { aggregate, distinct, filter, join, project, sortOrder, windowNode } from '../build.js';
import { renewed } from '../build-relations.js';
import type { Alias, Attribute, Expr, SortOrder, WindowCall } from '../expr.js';
import { exprNullable, toAttribute } from '../expr-type.js';
import { nextId } from '../ids.js';
import { coalesce, compare, equalNullSafe, ifElse, isNotNull, joinAndOrNone, splitAnd, trueLiteral } from '../logic.js';
import type { AggregatePlan, JoinPlan, LimitPlan, Plan, UnionPlan, WindowPlan } from '../node.js';
import { nodeText } from '../node-text.js';
import { outputOf } from '../output.js';
import { replace, withChildren } from '../walk.js';
import { valueOfNothing } from './empty.js';
import { isCorrelated, nodeWithOuter, type OuterColumns, readsOuter, withOuter } from './outer.js';

/**
 * Unnests any subquery (Neumann and Kemper, "Unnesting Arbitrary Queries", BTW 2015): the different values of the outer
 * columns, the domain, are joined in where the plan first reads them, and every operator above keeps them apart.
 */
export class Domain {
  readonly #values: Plan;
  readonly #columns: readonly { readonly id: number; readonly attribute: Attribute }[];

  constructor(
    around: Plan,
    private readonly outer: OuterColumns,
    private readonly settings: EvalSettings,
  ) {
    const aliases = [...outer].map(([id, input]): readonly [number, Alias] => [
      id,
      Object.freeze({ kind: 'alias', name: `outer_${id}`, input, id: nextId() }),
    ]);
    this.#columns = aliases.map(([id, alias]) => ({ id, attribute: toAttribute(alias) }));
    this.#values = distinct(
      project(
        around,
        aliases.map(([, alias]) => alias),
      ),
    );
  }

  /** For each value of the domain the rows the plan has for it, with the value's columns behind its own. */
  unnest(plan: Plan): Keyed {
    const { outer } = this;
    if (!isCorrelated(plan, outer)) return this.#cross(plan);
    switch (plan.kind) {
      case 'subquery_alias':
        return this.unnest(plan.input);
      case 'filter':
      case 'sort':
      case 'sample':
      case 'repartition':
      case 'distinct': {
        const below = this.unnest(plan.input);
        return { ...below, plan: withChildren(nodeWithOuter(plan, below.keys), [below.plan]) };
      }
      case 'generate': {
        const below = this.unnest(plan.input);
        return this.#tidy({ ...below, plan: withChildren(nodeWithOuter(plan, below.keys), [below.plan]) }, plan);
      }
      case 'project': {
        const below = this.unnest(plan.input);
        const { exprs } = nodeWithOuter(plan, below.keys);
        return { ...below, plan: project(below.plan, [...exprs, ...below.keys.values()]) };
      }
      case 'expand': {
        const below = this.unnest(plan.input);
        const { projections } = nodeWithOuter(plan, below.keys);
        const keys = [...below.keys.values()];
        const output = [...plan.output, ...keys];
        const wider = projections.map((exprs) => [...exprs, ...keys]);
        return { ...below, plan: replace(plan, { input: below.plan, projections: wider, output }) };
      }
      case 'aggregate':
        return this.#aggregate(plan);
      case 'limit':
        return this.#limit(plan);
      case 'window':
        return this.#window(plan);
      case 'join':
        return this.#join(plan);
      case 'union':
        return this.#union(plan);
      default:
        throw new SparrowError(
          'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED',
          `a subquery cannot read columns of the query around it here: ${nodeText(plan)}`,
          { sqlState: '0A000' },
        );
    }
  }

  /** The domain's rows under ids of their own. */
  #fresh(): Keyed {
    const keys = new Map<number, Attribute>();
    const exprs = this.#columns.map(({ id, attribute }): Alias => {
      const alias: Alias = Object.freeze({ kind: 'alias', name: attribute.name, input: attribute, id: nextId() });
      keys.set(id, toAttribute(alias));
      return alias;
    });
    return { plan: project(this.#values, exprs), keys };
  }

  #cross(plan: Plan): Keyed {
    const domain = this.#fresh();
    const joined = join(domain.plan, plan, 'cross');
    return { keys: domain.keys, plan: project(joined, [...outputOf(plan), ...domain.keys.values()]) };
  }

  /** Puts the keys behind the columns of the plan they were added to. */
  #tidy({ plan, keys }: Keyed, original: Plan): Keyed {
    return { keys, plan: project(plan, [...outputOf(original), ...keys.values()]) };
  }

  #aggregate(plan: AggregatePlan): Keyed {
    const below = this.unnest(plan.input);
    const own = nodeWithOuter(plan, below.keys);
    const keys = [...below.keys.values()];
    const groupBy = [...own.groupBy, ...keys];
    if (plan.groupBy.length > 0) return { ...below, plan: aggregate(below.plan, groupBy, [...own.output, ...keys]) };
    // Without keys there is a row even for nothing: values of the domain that meet no row get it here.
    const found: Alias = Object.freeze({ kind: 'alias', name: 'found', input: trueLiteral, id: nextId() });
    const made = own.output.map((expr) => {
      const alias: Alias = Object.freeze({
        kind: 'alias',
        name: toAttribute(expr).name,
        input: valueIn(expr),
        id: nextId(),
      });
      return { alias, nothing: valueOfNothing(valueIn(expr), this.settings), id: toAttribute(expr).id };
    });
    const grouped = aggregate(below.plan, groupBy, [...made.map(({ alias }) => alias), found, ...keys]);
    const domain = this.#fresh();
    const joined = join(domain.plan, grouped, 'left', sameKeys(domain, below));
    const seen = isNotNull({ ...toAttribute(found), nullable: true });
    const exprs = made.map(({ alias, nothing, id }): Alias => {
      const value: Expr = { ...toAttribute(alias), nullable: true };
      const otherwise = withOuter(nothing, domain.keys);
      // What is never null in a group is null only where there is none.
      const input =
        exprNullable(alias.input) || exprNullable(otherwise)
          ? ifElse(seen, value, otherwise)
          : coalesce(value, otherwise);
      return Object.freeze({ kind: 'alias', name: alias.name, input, id });
    });
    return { keys: domain.keys, plan: project(joined, [...exprs, ...domain.keys.values()]) };
  }

  /** The first rows of each value, in the order of the sort below. */
  #limit(plan: LimitPlan): Keyed {
    const below = this.unnest(plan.input);
    const keys = [...below.keys.values()];
    const orders = orderBelow(plan.input).map((order) => withOuter(order, below.keys) as SortOrder);
    const orderBy = orders.length > 0 ? orders : keys.map((key) => sortOrder(key));
    const numbering: WindowCall = {
      kind: 'window_call',
      input: { kind: 'call', fn: 'rowNumber', args: [], type: int32Type, nullable: false },
      spec: {
        partitionBy: keys,
        orderBy,
        frame: { unit: 'rows', start: { kind: 'unbounded_preceding' }, end: { kind: 'current_row' } },
      },
      type: int32Type,
      nullable: false,
    };
    const number: Alias = Object.freeze({ kind: 'alias', name: 'row_number', input: numbering, id: nextId() });
    const bounds = [
      compare('gt', toAttribute(number), intLiteral(plan.offset)),
      ...(plan.limit === undefined ? [] : [compare('le', toAttribute(number), intLiteral(plan.offset + plan.limit))]),
    ];
    const input = exposing(below.plan);
    const numbered = filter(windowNode(input, [number], keys, orderBy), joinAndOrNone(bounds) as Expr);
    return { ...below, plan: project(numbered, outputOf(below.plan)) };
  }

  #window(plan: WindowPlan): Keyed {
    const below = this.unnest(plan.input);
    const own = nodeWithOuter(plan, below.keys);
    const keys = [...below.keys.values()];
    const partitionBy = [...keys, ...own.partitionBy];
    const calls = own.calls.map((alias): Alias => {
      const call = alias.input as WindowCall;
      return replace(alias, { input: replace(call, { spec: replace(call.spec, { partitionBy }) }) });
    });
    return this.#tidy({ ...below, plan: replace(own, { input: below.plan, calls, partitionBy }) }, plan);
  }

  #join(plan: JoinPlan): Keyed {
    const { outer } = this;
    const reads = plan.condition !== undefined && readsOuter(plan.condition, outer);
    const inner = plan.how === 'inner' || plan.how === 'cross';
    const leftReads = isCorrelated(plan.left, outer);
    const rightReads = isCorrelated(plan.right, outer);
    if (inner && !(leftReads && rightReads)) {
      // One side brings the domain in; the condition finds it there.
      const left = leftReads || (reads && !rightReads) ? this.unnest(plan.left) : undefined;
      const right = left === undefined ? this.unnest(plan.right) : undefined;
      const { keys } = (left ?? right) as Keyed;
      return this.#joined(plan, left?.plan ?? plan.left, right?.plan ?? plan.right, keys, []);
    }
    // Rows that a side keeps must be kept for each value, so that side always gets the domain.
    const keepsRight = plan.how === 'right' || plan.how === 'full';
    const left = leftReads || plan.how !== 'right' ? this.unnest(plan.left) : undefined;
    const right = rightReads || keepsRight ? this.unnest(plan.right) : undefined;
    const same = left === undefined || right === undefined ? [] : splitAnd(sameKeys(left, right) as Expr);
    const { keys } = (plan.how === 'right' ? right : left) as Keyed;
    const joined = this.#joined(plan, left?.plan ?? plan.left, right?.plan ?? plan.right, keys, same);
    if (plan.how !== 'full' || left === undefined || right === undefined) return joined;
    return this.#fullKeys(plan, joined.plan, left, right);
  }

  #joined(plan: JoinPlan, left: Plan, right: Plan, keys: Keyed['keys'], same: readonly Expr[]): Keyed {
    const own = plan.condition === undefined ? [] : [withOuter(plan.condition, keys)];
    const condition = joinAndOrNone([...same, ...own]);
    const { condition: _, ...rest } = plan;
    const how =
      condition === undefined ? (plan.how === 'inner' ? 'cross' : plan.how) : plan.how === 'cross' ? 'inner' : plan.how;
    const joined: JoinPlan = Object.freeze({
      ...rest,
      how,
      left,
      right,
      ...(condition === undefined ? {} : { condition }),
    });
    if (plan.how === 'full') return { keys, plan: joined };
    const now = new Map(outputOf(joined).map((column) => [column.id, column]));
    const visible = outputOf(plan).map((column) => now.get(column.id) ?? column);
    return { keys, plan: project(joined, [...visible, ...keys.values()]) };
  }

  /** Either side of a full join may be the one that has a row's value. */
  #fullKeys(plan: JoinPlan, joined: Plan, left: Keyed, right: Keyed): Keyed {
    const keys = new Map<number, Attribute>();
    const nullable = (column: Attribute): Attribute => replace(column, { nullable: true });
    const exprs = [...left.keys].map(([id, column]): Alias => {
      const input = coalesce(nullable(column), nullable(right.keys.get(id) as Attribute));
      const alias: Alias = Object.freeze({ kind: 'alias', name: column.name, input, id: nextId() });
      keys.set(id, toAttribute(alias));
      return alias;
    });
    return { keys, plan: project(joined, [...outputOf(plan), ...exprs]) };
  }

  #union(plan: UnionPlan): Keyed {
    const inputs = plan.inputs.map((input) => {
      const below = this.unnest(input);
      const keys = this.#columns.map(({ id }) => below.keys.get(id) as Attribute);
      return project(below.plan, [...outputOf(input), ...keys]);
    });
    const keys = new Map(this.#columns.map(({ id, attribute }) => [id, renewed(attribute)]));
    return { keys, plan: Object.freeze({ ...plan, inputs, output: [...(plan.output ?? []), ...keys.values()] }) };
  }
}

/** A plan whose rows carry the outer values they belong to, by the id the subquery names them by. */
export interface Keyed {
  readonly plan: Plan;
  readonly keys: ReadonlyMap<number, Attribute>;
}

/** The same outer values on both sides; nulls are values like others. */
export function sameKeys(left: Keyed, right: Keyed): Expr | undefined {
  return joinAndOrNone([...left.keys].map(([id, column]) => equalNullSafe(column, right.keys.get(id) as Attribute)));
}

const valueIn = (expr: Expr): Expr => (expr.kind === 'alias' ? expr.input : expr);
const intLiteral = (value: number): Expr =>
  Number.isSafeInteger(value) && value <= 0x7fffffff
    ? { kind: 'literal', type: int32Type, value }
    : { kind: 'literal', type: int64Type, value: BigInt(value) };

function orderBelow(plan: Plan): readonly SortOrder[] {
  if (plan.kind === 'sort') return plan.orders;
  if (plan.kind === 'subquery_alias') return orderBelow(plan.input);
  if (plan.kind !== 'project') return [];
  // Columns that were only sorted by are cut off above the sort.
  return orderBelow(plan.input);
}

/** The plan with the columns that an ordering below its projection reads. */
function exposing(plan: Plan): Plan {
  if (plan.kind !== 'project') return plan;
  const shown = new Set(outputOf(plan).map((column) => column.id));
  const more = outputOf(plan.input).filter((column) => !shown.has(column.id));
  return more.length === 0 ? plan : project(plan.input, [...plan.exprs, ...more]);
}
