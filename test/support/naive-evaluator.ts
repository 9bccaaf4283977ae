import './all-functions.js';
import { type DataType, type Scalar, SparrowError, simpleString } from '../../src/base/index.js';
import { compareScalars } from '../../src/functions/compare-scalars.js';
import type { AggregateFunction, Call, WindowFunction } from '../../src/functions/define.js';
import { type Prepared, prepare } from '../../src/functions/evaluate.js';
import type { EvalSettings } from '../../src/functions/expression.js';
import { findFunction } from '../../src/functions/registry.js';
import { bind } from '../../src/plan/bind.js';
import type { AggregateCall, Alias, Attribute, Expr, FrameBound, SortOrder, WindowCall } from '../../src/plan/expr.js';
import { exprType, toAttribute } from '../../src/plan/expr-type.js';
import type { AggregatePlan, JoinPlan, Plan, WindowPlan } from '../../src/plan/node.js';
import { outputOf } from '../../src/plan/output.js';
import { foldPlan } from '../../src/plan/walk.js';
import { replaceExpr } from '../../src/plan/walk-expr.js';
import type { FakeSource } from './fake-source.js';

/*
 * What a resolved plan means, one row at a time over arrays: slow, and simple enough to be seen to be right.
 * Rows are arrays in the order of the plan's output.
 */

export type Row = readonly Scalar[];

export function evaluatePlan(plan: Plan, settings: EvalSettings): Row[] {
  const evaluator = new Evaluator(settings);
  return foldPlan<Row[]>(plan, (node, inputs) => evaluator.rows(node, inputs));
}

class Evaluator {
  readonly #settings: EvalSettings;
  readonly #prepared = new WeakMap<Expr, { readonly columns: readonly Attribute[]; readonly of: Prepared }>();

  constructor(settings: EvalSettings) {
    this.#settings = settings;
  }

  rows(plan: Plan, inputs: readonly Row[][]): Row[] {
    const [input = [], other = []] = inputs;
    switch (plan.kind) {
      case 'scan':
        return scanRows(plan.source as FakeSource, plan.output);
      case 'local': {
        const { content } = plan.data;
        if (content.kind !== 'scalars') throw unsupported('local data in batches');
        const columns = plan.columns ?? plan.output.map((_, i) => i);
        return range(content.rows).map((row) =>
          columns.map((column) => (content.columns[column] as readonly Scalar[] | undefined)?.[row] ?? null),
        );
      }
      case 'range': {
        const rows: Row[] = [];
        for (let i = plan.start; plan.step > 0n ? i < plan.end : i > plan.end; i += plan.step) rows.push([i]);
        return rows;
      }
      case 'cached':
        return plan.columns === undefined ? input : input.map((row) => plan.columns?.map((i) => row[i] ?? null) ?? []);
      case 'project':
        return input.map((row) => plan.exprs.map((expr) => this.value(expr, row, outputOf(plan.input))));
      case 'filter':
        return input.filter((row) => this.value(plan.condition, row, outputOf(plan.input)) === true);
      case 'aggregate':
        return this.#aggregate(plan, input);
      case 'join':
        return this.#join(plan, input, other);
      case 'sort':
        return this.#sorted(input, plan.orders, outputOf(plan.input));
      case 'limit':
        return input.slice(plan.offset, plan.limit === undefined ? undefined : plan.offset + plan.limit);
      case 'union':
        return inputs.flat();
      case 'distinct': {
        const types = outputOf(plan).map((attribute) => attribute.type);
        return [...grouped(input, (row) => row, types).values()].map((rows) => rows[0] as Row);
      }
      case 'window':
        return this.#window(plan, input);
      case 'repartition':
      case 'subquery_alias':
        return input;
      default:
        throw unsupported(plan.kind);
    }
  }

  value(expr: Expr, row: Row, columns: readonly Attribute[]): Scalar {
    const known = this.#prepared.get(expr);
    if (known !== undefined && known.columns === columns) return known.of(row);
    const of = prepare(bind(expr, columns), this.#settings);
    this.#prepared.set(expr, { columns, of });
    return of(row);
  }

  #sorted(rows: readonly Row[], orders: readonly SortOrder[], columns: readonly Attribute[]): Row[] {
    const keyed = rows.map((row) => ({ row, keys: orders.map((order) => this.value(order.input, row, columns)) }));
    return keyed.sort((a, b) => compareKeys(orders, a.keys, b.keys)).map(({ row }) => row);
  }

  #join(plan: JoinPlan, left: readonly Row[], right: readonly Row[]): Row[] {
    const columns = [...outputOf(plan.left), ...outputOf(plan.right)];
    const matches = (l: Row, r: Row): boolean =>
      plan.condition === undefined || this.value(plan.condition, [...l, ...r], columns) === true;
    const noLeft: Row = outputOf(plan.left).map(() => null);
    const noRight: Row = outputOf(plan.right).map(() => null);
    const matchesOf = (l: Row): Row[] => right.filter((r) => matches(l, r));
    switch (plan.how) {
      case 'semi':
        return left.filter((l) => matchesOf(l).length > 0);
      case 'anti':
        return left.filter((l) => matchesOf(l).length === 0);
      case 'exists':
        return left.map((l) => [...l, matchesOf(l).length > 0]);
      case 'inner':
      case 'cross':
        return left.flatMap((l) => matchesOf(l).map((r) => [...l, ...r]));
      case 'left':
      case 'full': {
        const used = new Set<Row>();
        const rows = left.flatMap((l): Row[] => {
          const found = matchesOf(l);
          for (const r of found) used.add(r);
          return found.length === 0 ? [[...l, ...noRight]] : found.map((r) => [...l, ...r]);
        });
        if (plan.how === 'left') return rows;
        return [...rows, ...right.filter((r) => !used.has(r)).map((r) => [...noLeft, ...r])];
      }
      case 'right':
        return right.flatMap((r): Row[] => {
          const found = left.filter((l) => matches(l, r));
          return found.length === 0 ? [[...noLeft, ...r]] : found.map((l) => [...l, ...r]);
        });
    }
  }

  #aggregate(plan: AggregatePlan, rows: readonly Row[]): Row[] {
    const columns = outputOf(plan.input);
    const keyColumns = plan.groupBy.map(toAttribute);
    const keysOf = (row: Row): Row => plan.groupBy.map((expr) => this.value(expr, row, columns));
    const groups =
      plan.groupBy.length === 0
        ? [{ keys: [] as Row, rows: [...rows] }]
        : [
            ...grouped(
              rows,
              keysOf,
              keyColumns.map((key) => key.type),
            ).values(),
          ].map((own) => ({ keys: keysOf(own[0] as Row), rows: own }));
    return groups.map(({ keys, rows: own }) =>
      plan.output.map((expr) => {
        const finished = replaceExpr(expr, (e) =>
          e.kind === 'aggregate_call'
            ? { kind: 'literal', type: e.type, value: this.#aggregateValue(e, own, columns) }
            : undefined,
        );
        return this.value(finished, keys, keyColumns);
      }),
    );
  }

  #aggregateValue(call: AggregateCall, rows: readonly Row[], columns: readonly Attribute[]): Scalar {
    const entry = findFunction(call.fn) as AggregateFunction;
    const { filter } = call;
    const kept = filter === undefined ? rows : rows.filter((row) => this.value(filter, row, columns) === true);
    let args = kept.map((row) => call.args.map((arg) => this.value(arg, row, columns)));
    if (call.distinct) {
      const types = call.args.map(exprType);
      args = [...grouped(args, (row) => row, types).values()].map((same) => same[0] as Scalar[]);
    }
    const about = this.#about(call.fn, call.args, call.type);
    const state = entry.eval.init(about);
    for (const values of args) entry.eval.update(state, values, about);
    return entry.eval.finish(state, about);
  }

  #about(fn: string, args: readonly Expr[], returns: DataType): Call {
    const literals = args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined));
    return { fn, argTypes: args.map(exprType), literals, returns, settings: this.#settings };
  }

  #window(plan: WindowPlan, rows: readonly Row[]): Row[] {
    const columns = outputOf(plan.input);
    const numbered = rows.map((row, i) => [...row, BigInt(i)]);
    const keysOf = (row: Row): Row => plan.partitionBy.map((expr) => this.value(expr, row, columns));
    const partitions =
      plan.partitionBy.length === 0
        ? [numbered]
        : [...grouped(numbered, keysOf, plan.partitionBy.map(exprType)).values()];
    const results = new Map<bigint, Row>();
    for (const partition of partitions) {
      const ordered = this.#sorted(partition, plan.orderBy, columns);
      const values = plan.calls.map((alias) => this.#windowValues(alias, ordered, columns));
      for (const [i, row] of ordered.entries())
        results.set(
          row.at(-1) as bigint,
          values.map((column) => column[i] ?? null),
        );
    }
    return rows.map((row, i) => [...row, ...(results.get(BigInt(i)) ?? [])]);
  }

  #windowValues(alias: Alias, rows: readonly Row[], columns: readonly Attribute[]): Scalar[] {
    const call = alias.input as WindowCall;
    const { input, spec } = call;
    const keys = rows.map((row) => spec.orderBy.map((order) => this.value(order.input, row, columns)));
    const samePeer = (a: number, b: number): boolean => compareKeys(spec.orderBy, keys[a] ?? [], keys[b] ?? []) === 0;
    if (input.kind === 'call') {
      const peers = Int32Array.from(range(rows.length), (_, i) => i);
      for (const i of range(rows.length)) if (i > 0 && samePeer(i - 1, i)) peers[i] = peers[i - 1] as number;
      const args = input.args.map((arg) => rows.map((row) => this.value(arg, row, columns)));
      const entry = findFunction(input.fn) as WindowFunction;
      const frameOf = (i: number): readonly [number, number] => {
        const held = range(rows.length).filter((j) => inFrame(call, i, j, rows.length, keys, samePeer));
        return [held[0] ?? 0, (held.at(-1) ?? -1) + 1];
      };
      return entry.eval(args, peers, rows.length, this.#about(input.fn, input.args, input.type), frameOf);
    }
    return rows.map((_, i) => {
      const frame = rows.filter((_row, j) => inFrame(call, i, j, rows.length, keys, samePeer));
      return this.#aggregateValue(input as AggregateCall, frame, columns);
    });
  }
}

type Keys = readonly (readonly Scalar[])[];

function inFrame(
  call: WindowCall,
  row: number,
  other: number,
  rows: number,
  keys: Keys,
  samePeer: (a: number, b: number) => boolean,
): boolean {
  const { frame, orderBy } = call.spec;
  if (frame === undefined) throw unsupported('a window without frame');
  if (frame.unit === 'rows') {
    const at = (bound: FrameBound): number =>
      bound.kind === 'offset'
        ? row + bound.offset
        : bound.kind === 'current_row'
          ? row
          : bound.kind === 'unbounded_preceding'
            ? 0
            : rows;
    return other >= at(frame.start) && other <= at(frame.end);
  }
  // Distance in the direction of the order; null keys are peers of null keys only.
  const [key, otherKey] = [keys[row]?.[0] ?? null, keys[other]?.[0] ?? null];
  const sign = orderBy[0]?.descending === true ? -1 : 1;
  const after = (bound: FrameBound, isStart: boolean): boolean => {
    if (bound.kind === 'unbounded_preceding') return isStart;
    if (bound.kind === 'unbounded_following') return !isStart;
    if (bound.kind !== 'offset') return samePeer(row, other) || (isStart ? other > row : other < row);
    if (key === null || otherKey === null) return key === otherKey;
    const distance = sign * (Number(otherKey) - Number(key));
    return isStart ? distance >= bound.offset : distance <= bound.offset;
  };
  return after(frame.start, true) && after(frame.end, false);
}

function compareKeys(orders: readonly SortOrder[], a: readonly Scalar[], b: readonly Scalar[]): number {
  for (const [i, order] of orders.entries()) {
    const [x, y] = [a[i] ?? null, b[i] ?? null];
    if (x === null || y === null) {
      if (x === y) continue;
      return (x === null) === order.nullsFirst ? -1 : 1;
    }
    const difference = compareScalars(exprType(order.input), x, y);
    if (difference !== 0) return order.descending ? -difference : difference;
  }
  return 0;
}

/** Rows by key, first key first; nulls are equal, as are NaNs and both zeros. */
function grouped<R extends readonly Scalar[]>(
  rows: readonly R[],
  keysOf: (row: R) => Row,
  types: readonly DataType[],
): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const key = keysOf(row)
      .map((value, i) => keyText(types[i] as DataType, value))
      .join('|');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function keyText(type: DataType, value: Scalar): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value === 0 ? 0 : value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'object')
    return `${simpleString(type)}${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))}`;
  return JSON.stringify(String(value));
}

function scanRows(source: FakeSource, output: readonly Attribute[]): Row[] {
  const positions = output.map((attribute) => source.schema.fields.findIndex((f) => f.name === attribute.name));
  return source.rows.map((row) => positions.map((position) => row[position] ?? null));
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

const unsupported = (what: string): SparrowError =>
  new SparrowError('FEATURE_NOT_ENABLED', `the naive evaluator does not know ${what}`);
