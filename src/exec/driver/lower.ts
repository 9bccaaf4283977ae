import { type Batch, binaryType, engineBug, type Predicate, SparrowError } from '../../base/index.js';
import { evaluate } from '../../functions/evaluate.js';
import { type EvalSettings, isNullable, type PhysicalExpr } from '../../functions/expression.js';
import { bind as bindAny, bindWith as bindAnyWith, positionsOf } from '../../plan/bind.js';
import type { AggregateCall, Alias, Attribute, Expr, FrameBound, SortOrder } from '../../plan/expr.js';
import { readsOnly, toAttribute } from '../../plan/expr-type.js';
import { exprKey } from '../../plan/facts.js';
import { equiTerm, splitAnd } from '../../plan/logic.js';
import type {
  AggregatePlan,
  CachedPlan,
  JoinPlan,
  LocalPlan,
  Plan,
  RangePlan,
  SamplePlan,
  ScanPlan,
  SortPlan,
  WindowPlan,
} from '../../plan/node.js';
import { outputIds, outputOf } from '../../plan/output.js';
import { estimate } from '../../plan/statistics.js';
import { replaceExpr, visitExpr } from '../../plan/walk-expr.js';
import type {
  AggregateSpec,
  JoinKey,
  PhysicalColumn,
  PhysicalJoinType,
  PhysicalPlan,
  SortKey,
  StoredRows,
  WindowSpecCall,
} from '../physical.js';
import { lowerExpand, lowerGenerate, lowerRecursive, lowerRound, type Rounds, setNumbers } from './lower-relations.js';
import { rangeSource } from './range-source.js';
import { toPredicate } from './source-predicate.js';

/** What lowering asks of the session. */
export interface LowerContext {
  /** Local rows as batches. */
  local(plan: LocalPlan): Promise<readonly Batch[]>;
  /** The cached frame's batches; filled when they are first asked for. */
  cached(plan: CachedPlan): Promise<readonly Batch[]>;
  /** What there is of a cached frame in place of batches: it is on disk, or does not fit the memory. */
  cachedElsewhere(plan: CachedPlan): Promise<StoredRows | PhysicalPlan | undefined>;
  readonly shufflePartitions: number;
  readonly settings: EvalSettings;
  /** The recursive queries whose step is being lowered. */
  readonly rounds?: Rounds;
}

/** The operators of this machine for a resolved (and usually optimized) logical plan. */
export function lower(plan: Plan, context: LowerContext): PhysicalPlan {
  return { ...lowerNode(plan, context), estimatedRows: Math.ceil(estimate(plan).rows) };
}

function lowerNode(plan: Plan, context: LowerContext): PhysicalPlan {
  const output = outputOf(plan);
  const columns = output.map(physicalColumn);
  const bind: Bind = (expr, input) => fixClock(bindAny(expr, input), context.settings);
  switch (plan.kind) {
    case 'cached':
      if (plan.shared === true) {
        const positions = plan.columns ?? columns.map((_, i) => i);
        return { kind: 'shared', columns, id: plan.cacheId, input: lower(plan.input, context), positions };
      }
      return lowerSource(plan, columns, context);
    case 'scan':
    case 'local':
    case 'range':
      return lowerSource(plan, columns, context);
    case 'subquery_alias':
      return lower(plan.input, context);
    case 'project': {
      const exprs = plan.exprs.map((e) => bind(e, outputOf(plan.input)));
      return { kind: 'project', columns, input: lower(plan.input, context), exprs };
    }
    case 'filter': {
      const conditions = splitAnd(plan.condition).map((c) => bind(c, outputOf(plan.input)));
      return lowerFilter(conditions, lower(plan.input, context), columns);
    }
    case 'aggregate':
      return lowerAggregate(plan, columns, context, bind);
    case 'distinct': {
      const keys = output.map((a) => bind(a, outputOf(plan.input)));
      const input = lower(plan.input, context);
      return { kind: 'aggregate', columns, input, keys, aggregates: [], output: keys.map(passOn) };
    }
    case 'join':
      return lowerJoin(plan, columns, context, bind);
    case 'sort':
      return lowerSort(plan, columns, context, bind);
    case 'limit': {
      const most = plan.limit === undefined ? {} : { limit: plan.limit };
      if (plan.input.kind === 'sort' && plan.input.local !== true) {
        return { ...lowerSort(plan.input, columns, context, bind), ...most, offset: plan.offset };
      }
      return { kind: 'limit', columns, input: lower(plan.input, context), ...most, offset: plan.offset };
    }
    case 'union':
      return { kind: 'union', columns, inputs: plan.inputs.map((input) => lower(input, context)) };
    case 'expand': {
      const numbers = (count: number): PhysicalPlan => lower(setNumbers(count), context);
      return lowerExpand(plan, columns, (input) => lower(input, context), numbers, bind);
    }
    case 'generate':
      return lowerGenerate(plan, columns, (input) => lower(input, context), bind);
    case 'recursive': {
      const rounds: Rounds = new Map(context.rounds);
      return lowerRecursive(plan, columns, (input) => lower(input, { ...context, rounds }), rounds);
    }
    case 'recursive_ref':
      return lowerRound(plan, columns, context.rounds ?? new Map());
    case 'window':
      return lowerWindow(plan, columns, context, bind);
    case 'sample':
      return lowerSample(plan, columns, context);
    case 'repartition': {
      const partitions = plan.partitions ?? context.shufflePartitions;
      return { kind: 'repartition', columns, input: lower(plan.input, context), partitions };
    }
    default:
      throw engineBug(`a ${plan.kind} plan cannot be run`);
  }
}

function lowerSource(
  plan: ScanPlan | LocalPlan | CachedPlan | RangePlan,
  columns: readonly PhysicalColumn[],
  context: LowerContext,
): PhysicalPlan {
  switch (plan.kind) {
    case 'scan': {
      const predicate: Predicate | undefined = plan.predicate === undefined ? undefined : toPredicate(plan.predicate);
      const request = {
        columns: columns.map((c) => c.name),
        ...(predicate === undefined ? {} : { predicate }),
        ...(plan.limit === undefined ? {} : { limit: plan.limit }),
        ...(plan.fields === undefined ? {} : { fields: plan.fields }),
      };
      return { kind: 'scan', columns, source: plan.source, request };
    }
    case 'local':
      return {
        kind: 'batches',
        columns,
        label: 'local rows',
        rows: plan.data.content.rows,
        load: () => context.local(plan),
      };
    case 'cached':
      return {
        kind: 'batches',
        columns,
        label: `cache ${plan.cacheId}`,
        identity: `cache ${plan.cacheId} of ${plan.columns?.join() ?? 'all'}`,
        load: () => context.cached(plan),
        instead: () => context.cachedElsewhere(plan),
        ...(plan.columns === undefined ? {} : { positions: plan.columns }),
      };
    case 'range':
      return lowerRange(plan, columns);
  }
}

function lowerSample(plan: SamplePlan, columns: readonly PhysicalColumn[], context: LowerContext): PhysicalPlan {
  if (plan.withReplacement) {
    throw new SparrowError('UNSUPPORTED_FEATURE', 'sampling with replacement is not supported', {
      hint: 'sample without replacement',
    });
  }
  const lowerBound = plan.lowerBound ?? 0;
  const upperBound = lowerBound + plan.fraction;
  return { kind: 'sample', columns, input: lower(plan.input, context), lowerBound, upperBound, seed: plan.seed };
}

/** Calls that read the query's clock, when they have no arguments. */
const CLOCK_CALLS = new Set(['currentDate', 'currentTimestamp', 'localtimestamp', 'unixTimestamp']);

/**
 * The query's instant becomes a literal here, so that compiled pipelines do not depend on when they run and can be
 * used again.
 */
function fixClock(expr: PhysicalExpr, settings: EvalSettings): PhysicalExpr {
  if (expr.kind !== 'call') return expr;
  if (expr.args.length === 0 && CLOCK_CALLS.has(expr.fn))
    return { kind: 'literal', type: expr.type, value: evaluate(expr, [], settings) };
  const args = expr.args.map((arg) => fixClock(arg, settings));
  return args.every((arg, i) => arg === expr.args[i]) ? expr : { ...expr, args };
}

type Bind = (expr: Expr, input: readonly Attribute[]) => PhysicalExpr;

const physicalColumn = (a: Attribute): PhysicalColumn => ({ name: a.name, type: a.type, nullable: a.nullable });

const passOn = (key: PhysicalExpr, index: number): PhysicalExpr => ({
  kind: 'column',
  index,
  type: key.type,
  nullable: isNullable(key),
});

function lowerRange(plan: RangePlan, columns: readonly PhysicalColumn[]): PhysicalPlan {
  const [only] = plan.output;
  return {
    kind: 'scan',
    columns,
    source: rangeSource(plan.start, plan.end, plan.step),
    request: { columns: only === undefined ? [] : ['id'] },
  };
}

/** One filter a condition: each can then be decided in the way that suits it. Their order stays. */
function lowerFilter(
  conditions: readonly PhysicalExpr[],
  input: PhysicalPlan,
  columns: readonly PhysicalColumn[],
): PhysicalPlan {
  return conditions.reduce<PhysicalPlan>(
    (below, condition) => ({ kind: 'filter', columns, input: below, condition }),
    input,
  );
}

function lowerAggregate(
  plan: AggregatePlan,
  columns: readonly PhysicalColumn[],
  context: LowerContext,
  bind: Bind,
): PhysicalPlan {
  const input = outputOf(plan.input);
  const keys = plan.groupBy.map((key) => bind(key, input));
  const calls = new Map<number, { index: number; call: AggregateCall }>();
  for (const expr of plan.output) {
    visitExpr(expr, (e) => {
      if (e.kind !== 'aggregate_call') return true;
      const key = exprKey(e);
      if (!calls.has(key)) calls.set(key, { index: calls.size, call: e });
      return false;
    });
  }
  const aggregates = [...calls.values()].map(({ call }) => aggregateSpec(call, input, bind));
  // Results get attributes of their own, so that the output expressions bind like any others.
  const results = [...calls.values()].map(
    ({ call, index }): Attribute => ({
      kind: 'attribute',
      id: -1 - index,
      name: call.fn,
      type: call.type,
      nullable: call.nullable,
    }),
  );
  const keyColumns = plan.groupBy.map(toAttribute);
  const positions = positionsOf([...keyColumns, ...results]);
  const output = plan.output.map((expr) => {
    const replaced = replaceExpr(expr, (e) => {
      if (e.kind === 'aggregate_call') return results[(calls.get(exprKey(e)) as { index: number }).index];
      const k = plan.groupBy.findIndex(
        (key) => e.kind !== 'alias' && key.kind === 'alias' && exprKey(key.input) === exprKey(e),
      );
      return k < 0 ? undefined : keyColumns[k];
    });
    return fixClock(bindAnyWith(replaced, positions), context.settings);
  });
  return { kind: 'aggregate', columns, input: lower(plan.input, context), keys, aggregates, output };
}

function aggregateSpec(call: AggregateCall, input: readonly Attribute[], bind: Bind): AggregateSpec {
  if (call.distinct) throw engineBug(`${call.fn}(DISTINCT …) was not rewritten`);
  return {
    fn: call.fn,
    args: call.args.map((arg) => bind(arg, input)),
    ...(call.filter === undefined ? {} : { filter: bind(call.filter, input) }),
    type: call.type,
    nullable: call.nullable,
  };
}

function lowerJoin(
  plan: JoinPlan,
  columns: readonly PhysicalColumn[],
  context: LowerContext,
  bind: Bind,
): PhysicalPlan {
  const left = outputOf(plan.left);
  const right = outputOf(plan.right);
  const [leftIds, rightIds] = [outputIds(plan.left), outputIds(plan.right)];
  const keys: JoinKey[] = [];
  const rest: Expr[] = [];
  for (const term of plan.condition === undefined ? [] : splitAnd(plan.condition)) {
    const equi = equiTerm(
      term,
      (e) => readsOnly(e, leftIds),
      (e) => readsOnly(e, rightIds),
    );
    if (equi === undefined) rest.push(term);
    else keys.push({ left: bind(equi.left, left), right: bind(equi.right, right), nullSafe: equi.nullSafe });
  }
  const both = [...left, ...right];
  const [first, ...others] = rest.map((term) => bind(term, both));
  const residual = others.reduce((all, term) => (all === undefined ? term : conjunction(all, term)), first);
  const how: PhysicalJoinType = plan.how === 'cross' ? 'inner' : plan.how;
  const build = plan.build ?? (how === 'right' ? 'left' : 'right');
  return {
    kind: 'join',
    columns,
    left: lower(plan.left, context),
    right: lower(plan.right, context),
    how,
    keys,
    ...(residual === undefined ? {} : { residual }),
    build,
  };
}

const conjunction = (a: PhysicalExpr, b: PhysicalExpr): PhysicalExpr => ({
  kind: 'call',
  fn: 'and',
  args: [a, b],
  type: { kind: 'boolean' },
  nullable: isNullable(a) || isNullable(b),
});

function lowerSort(
  plan: SortPlan,
  columns: readonly PhysicalColumn[],
  context: LowerContext,
  bind: Bind,
): Extract<PhysicalPlan, { kind: 'sort' }> {
  const keys = plan.orders.map((order) => sortKey(order, outputOf(plan.input), bind));
  return { kind: 'sort', columns, input: lower(plan.input, context), keys, offset: 0 };
}

/** Nested values are sorted by bytes that stand in their order. */
function ordered(expr: PhysicalExpr): PhysicalExpr {
  if (expr.type.kind !== 'array' && expr.type.kind !== 'struct') return expr;
  return { kind: 'call', fn: 'orderingBytes', args: [expr], type: binaryType, nullable: isNullable(expr) };
}

const sortKey = (order: SortOrder, input: readonly Attribute[], bind: Bind): SortKey => ({
  expr: ordered(bind(order.input, input)),
  descending: order.descending,
  nullsFirst: order.nullsFirst,
});

function lowerWindow(
  plan: WindowPlan,
  columns: readonly PhysicalColumn[],
  context: LowerContext,
  bind: Bind,
): PhysicalPlan {
  const input = outputOf(plan.input);
  return {
    kind: 'window',
    columns,
    input: lower(plan.input, context),
    partitionBy: plan.partitionBy.map((e) => bind(e, input)),
    orderBy: plan.orderBy.map((order) => sortKey(order, input, bind)),
    calls: plan.calls.map((alias) => windowCall(alias, input, bind)),
    ...(plan.groupLimit === undefined ? {} : { groupLimit: plan.groupLimit }),
  };
}

const isMonths = (bound: FrameBound): boolean => bound.kind === 'offset' && bound.months === true;

function windowCall(alias: Alias, input: readonly Attribute[], bind: Bind): WindowSpecCall {
  const window = alias.input;
  if (window.kind !== 'window_call') throw engineBug(`a window column that is a ${window.kind}`);
  const call = window.input;
  if (call.kind !== 'aggregate_call' && call.kind !== 'call') throw engineBug(`a window over a ${call.kind}`);
  const { frame } = window.spec;
  const bound = (b: { kind: string; offset?: number }): number | undefined =>
    b.kind === 'offset' ? b.offset : b.kind === 'current_row' ? 0 : undefined;
  const start = frame === undefined ? undefined : bound(frame.start);
  const end = frame === undefined ? undefined : bound(frame.end);
  return {
    fn: call.fn,
    args: call.args.map((arg) => bind(arg, input)),
    type: call.type,
    nullable: call.nullable,
    ...(call.kind === 'aggregate_call' && call.filter !== undefined ? { filter: bind(call.filter, input) } : {}),
    ...(frame === undefined
      ? {}
      : {
          frame: {
            unit: frame.unit === 'rows' ? 'rows' : 'range',
            ...(start === undefined ? {} : { start }),
            ...(end === undefined ? {} : { end }),
            ...(isMonths(frame.start) ? { startMonths: true } : {}),
            ...(isMonths(frame.end) ? { endMonths: true } : {}),
          },
        }),
  };
}
