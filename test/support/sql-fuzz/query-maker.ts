import { aggregates, byPosition, overWindows, rankings } from './aggregates.js';
import type { Dice } from './dice.js';
import {
  type CallExpr,
  type Expr,
  ExprMaker,
  type From,
  isInexact,
  type Over,
  type Query,
  type Readable,
  type Select,
  type SortKey,
} from './expr.js';
import type { Operation } from './operation.js';
import type { Table } from './tables.js';
import { isList } from './values.js';

/** Something to select from, and the columns it gives. */
interface Source {
  readonly from: From;
  readonly columns: readonly Readable[];
}

const FRAMES = [
  'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
  'ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING',
  'ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
  'ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING',
];
const JOINS = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'SEMI JOIN', 'ANTI JOIN', 'JOIN'];
const SETS = ['UNION ALL', 'UNION', 'INTERSECT', 'EXCEPT', 'INTERSECT ALL', 'EXCEPT ALL'];

const readable = ({ name, type, inexact }: Readable): Expr => ({
  kind: 'column',
  name,
  type,
  ...(inexact ? { inexact } : {}),
});
const isKey = (column: Readable): boolean => !column.inexact && !isList(column.type);

/** Draws queries over some tables. */
export class QueryMaker {
  #aliases = 0;

  constructor(
    private readonly dice: Dice,
    private readonly tables: readonly Table[],
    private readonly wild: boolean,
  ) {}

  query(depth: number): Query {
    const { dice } = this;
    if (depth > 0 && dice.chance(15)) return this.#set(depth);
    return this.#select(depth);
  }

  source(depth: number): Source {
    const { dice } = this;
    if (depth <= 0 || dice.chance(30)) return this.#table();
    if (dice.chance(25)) {
      const query = this.query(depth - 1);
      const alias = this.#alias();
      const columns = outputsOf(query).map((column) => ({ ...column, name: `${alias}.${column.name}` }));
      return { from: { kind: 'query', query, alias }, columns };
    }
    const left = this.source(depth - 1);
    const lists = left.columns.filter((column) => isList(column.type));
    if (lists.length > 0 && dice.chance(25)) {
      const alias = this.#alias();
      const list = dice.pick(lists);
      const element: Readable = { name: `${alias}.x`, type: list.type === 'array<int>' ? 'int' : 'string' };
      return {
        from: { kind: 'explode', input: left.from, list: readable(list), alias },
        columns: [...left.columns, element],
      };
    }
    return this.#join(left, this.#table());
  }

  condition(columns: readonly Readable[], depth: number): Expr {
    return this.#exprs(columns).of('boolean', depth);
  }

  #alias = (): string => `a${this.#aliases++}`;
  #exprs = (columns: readonly Readable[]): ExprMaker => new ExprMaker(this.dice, columns, this.wild, true);

  #table(): Source {
    const table = this.dice.pick(this.tables);
    const alias = this.#alias();
    const columns = table.columns.map(({ name, type }) => ({ name: `${alias}.${name}`, type }));
    return { from: { kind: 'table', name: table.name, alias }, columns };
  }

  #join(left: Source, right: Source): Source {
    const { dice } = this;
    const how = dice.pick(JOINS);
    const both = [...left.columns, ...right.columns];
    const on = this.#equality(left.columns, right.columns) ?? this.condition(both, 1);
    const residual = dice.chance(25) ? this.condition(both, 2) : undefined;
    const from: From = {
      kind: 'join',
      how,
      left: left.from,
      right: right.from,
      on: residual === undefined ? on : conjunction(on, residual),
    };
    return { from, columns: /^(SEMI|ANTI)/.test(how) ? left.columns : both };
  }

  /** A column of one side equals one of the other. */
  #equality(left: readonly Readable[], right: readonly Readable[]): Expr | undefined {
    const { dice } = this;
    const pairs = left
      .filter(isKey)
      .flatMap((l) => right.filter((r) => isKey(r) && r.type === l.type).map((r) => [l, r] as const));
    if (pairs.length === 0) return undefined;
    const [l, r] = dice.pick(pairs);
    const sign = dice.chance(20) ? '<=>' : '=';
    return {
      kind: 'call',
      op: `($0 ${sign} $1) of ${l.type}, ${l.type}`,
      args: [readable(l), readable(r)],
      type: 'boolean',
    };
  }

  #set(depth: number): Query {
    const { dice } = this;
    const left = this.#select(depth - 1);
    const types = outputsOf(left);
    if (types.some((column) => column.inexact)) return left;
    const { from, columns } = this.source(depth - 1);
    const maker = this.#exprs(columns);
    const items = types.map(({ type }) => maker.of(type, dice.below(2)));
    const where = dice.chance(40) ? { where: this.condition(columns, 2) } : {};
    return { kind: 'set', how: dice.pick(SETS), left, right: { kind: 'select', items, from, ...where } };
  }

  #select(depth: number): Select {
    const { dice } = this;
    const { from, columns } = this.source(depth);
    const where = dice.chance(35) ? { where: this.#where(columns) } : {};
    const kind = dice.below(100);
    const select: Select =
      kind < 40
        ? { kind: 'select', from, ...where, ...this.#grouped(columns) }
        : { kind: 'select', from, ...where, items: this.#items(columns, kind < 60) };
    const outputs = outputsOf(select);
    const exact = outputs.every((column) => !column.inexact);
    const distinct = exact && select.group === undefined && dice.chance(15) ? { distinct: true as const } : {};
    if (!outputs.every(isKey) || !dice.chance(30)) return { ...select, ...distinct };
    const order = outputs.map(() => ({ descending: dice.chance(40), nullsFirst: dice.chance(50) }));
    const limit = dice.chance(70) ? { limit: dice.below(25) } : {};
    const offset = dice.chance(25) ? { offset: dice.below(6) } : {};
    return { ...select, ...distinct, order, ...limit, ...offset };
  }

  #where(columns: readonly Readable[]): Expr {
    const own = this.condition(columns, 3);
    if (!this.dice.chance(25)) return own;
    const subquery = this.#subquery(columns);
    return subquery === undefined ? own : this.dice.chance(50) ? subquery : conjunction(subquery, own);
  }

  #subquery(outer: readonly Readable[]): Expr | undefined {
    const { dice } = this;
    const { from, columns } = this.#table();
    const link = dice.chance(60) ? this.#equality(columns, outer) : undefined;
    const own = dice.chance(40) ? this.condition(columns, 1) : undefined;
    const where = link === undefined ? own : own === undefined ? link : conjunction(link, own);
    const select = (item: Expr): Select => ({
      kind: 'select',
      items: [item],
      from,
      ...(where === undefined ? {} : { where }),
    });
    const form = dice.pick(['EXISTS', 'NOT EXISTS', 'IN', 'NOT IN', 'scalar'] as const);
    if (form === 'EXISTS' || form === 'NOT EXISTS')
      return {
        kind: 'subquery',
        form,
        args: [],
        type: 'boolean',
        query: select({ kind: 'literal', value: '1', type: 'int' }),
      };
    const pair = this.#equality(outer, columns);
    if (pair?.kind !== 'call') return undefined;
    const [mine, theirs] = pair.args as [Expr, Expr];
    if (form !== 'scalar') return { kind: 'subquery', form, args: [mine], type: 'boolean', query: select(theirs) };
    const best: Expr = { kind: 'call', op: `max($0)$F$O of ${theirs.type}`, args: [theirs], type: theirs.type };
    const value: Expr = { kind: 'subquery', form, args: [], type: theirs.type, query: select(best) };
    return { ...pair, op: pair.op.replace('<=>', '<='), args: [mine, value] };
  }

  #items(columns: readonly Readable[], windows: boolean): Expr[] {
    const { dice } = this;
    const maker = this.#exprs(columns);
    const items = Array.from({ length: 1 + dice.below(4) }, () => maker.any(dice.below(4), true));
    if (dice.chance(20)) items.push(...columns.slice(0, 3).map(readable));
    if (!windows) return items;
    for (let n = 1 + dice.below(2); n > 0; n--) {
      const call = this.#window(columns);
      if (call !== undefined) items.push(call);
      // Which of equal rows is the first may differ from window to window: one that counts rows stands alone.
      if (call?.kind === 'call' && call.over?.orderBy.length === columns.length) break;
    }
    return items;
  }

  #window(columns: readonly Readable[]): Expr | undefined {
    const { dice } = this;
    const keys = columns.filter(isKey);
    const total = keys.length === columns.length;
    const partitionBy = keys.length > 0 && dice.chance(60) ? [readable(dice.pick(keys))] : [];
    const some = dice.shuffle(keys).slice(0, 1 + dice.below(2));
    const sorted = (by: readonly Readable[]): SortKey[] =>
      by.map((column) => ({ expr: readable(column), descending: dice.chance(40), nullsFirst: dice.chance(50) }));
    const call = (operation: Operation, over: Over): Expr => ({
      ...(this.#exprs(columns).call(operation, 1) as CallExpr),
      over,
    });
    const way = dice.below(3);
    if (way === 0 && some.length > 0) return call(dice.pick(rankings), { partitionBy, orderBy: sorted(some) });
    if (way === 1 && total) return call(dice.pick(byPosition), { partitionBy, orderBy: sorted(dice.shuffle(keys)) });
    const operation = dice.pick(overWindows);
    if (total && dice.chance(40))
      return call(operation, { partitionBy, orderBy: sorted(dice.shuffle(keys)), frame: dice.pick(FRAMES) });
    return call(operation, { partitionBy, orderBy: dice.chance(50) ? sorted(some) : [] });
  }

  #grouped(columns: readonly Readable[]): Pick<Select, 'items' | 'group' | 'having'> {
    const { dice } = this;
    const maker = this.#exprs(columns);
    const candidates = columns.filter(isKey);
    const how = dice.chance(20) ? dice.pick(['ROLLUP', 'CUBE', 'GROUPING SETS'] as const) : 'plain';
    const keys = dice
      .shuffle(candidates)
      .slice(0, dice.below(3) + (how === 'plain' ? 0 : 1))
      .map(readable)
      .map((key): Expr => {
        if (how !== 'plain' || !dice.chance(25)) return key;
        const made = maker.any(1);
        return made.kind === 'call' && usesColumn(made) ? made : key;
      });
    const calls = Array.from({ length: 1 + dice.below(3) }, (): Expr => {
      const call = maker.call(dice.pick(aggregates), 2) as CallExpr;
      return dice.chance(20) ? { ...call, filter: this.condition(columns, 1) } : call;
    });
    const count: Expr = { kind: 'call', op: 'count(*)$F$O of ', args: [], type: 'bigint' };
    const having = dice.chance(20)
      ? {
          having: {
            kind: 'call',
            op: '($0 > $1) of bigint, bigint',
            args: [count, { kind: 'literal', type: 'bigint', value: '1' }],
            type: 'boolean',
          } as Expr,
        }
      : {};
    return { items: [...keys, ...calls], group: { how, keys }, ...having };
  }
}

const usesColumn = (expr: Expr): boolean =>
  expr.kind === 'column' || (expr.kind === 'call' && expr.args.some(usesColumn));

const conjunction = (a: Expr, b: Expr): Expr => ({
  kind: 'call',
  op: '($0 AND $1) of boolean, boolean',
  args: [a, b],
  type: 'boolean',
});

/** The columns a query gives. */
export function outputsOf(query: Query): Readable[] {
  if (query.kind === 'set') return outputsOf(query.left);
  return query.items.map((item, i) => ({
    name: `r${i}`,
    type: item.type,
    ...(isInexact(item) ? { inexact: true } : {}),
  }));
}
