import { isDeepStrictEqual } from 'node:util';
import { aggregates, windowFunctions } from './aggregates.js';
import type { Dice } from './dice.js';
import type { Operation } from './operation.js';
import { operations } from './operations.js';
import { drawValue, flatTypes, type Type, type Value } from './values.js';

/** An expression in both dialects, as plain data that can be taken apart. */
export type Expr = ColumnExpr | LiteralExpr | CallExpr | SubqueryExpr;
export interface ColumnExpr {
  readonly kind: 'column';
  readonly name: string;
  readonly type: Type;
  readonly inexact?: boolean;
}
export interface LiteralExpr {
  readonly kind: 'literal';
  readonly value: Value;
  readonly type: Type;
}
export interface CallExpr {
  readonly kind: 'call';
  readonly op: string;
  readonly args: readonly Expr[];
  readonly type: Type;
  /** Of an aggregate. */
  readonly filter?: Expr;
  readonly over?: Over;
}
export interface SubqueryExpr {
  readonly kind: 'subquery';
  readonly form: 'EXISTS' | 'NOT EXISTS' | 'IN' | 'NOT IN' | 'scalar';
  readonly args: readonly Expr[];
  readonly query: Query;
  readonly type: Type;
}

export interface SortKey {
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}
export interface Over {
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortKey[];
  readonly frame?: string;
}

export type Query = Select | SetOperation;
export interface Select {
  readonly kind: 'select';
  readonly items: readonly Expr[];
  readonly from: From;
  readonly distinct?: true;
  readonly where?: Expr;
  readonly group?: { readonly how: 'plain' | 'ROLLUP' | 'CUBE' | 'GROUPING SETS'; readonly keys: readonly Expr[] };
  readonly having?: Expr;
  /** By every column of the output. */
  readonly order?: readonly Omit<SortKey, 'expr'>[];
  readonly limit?: number;
  readonly offset?: number;
}
export interface SetOperation {
  readonly kind: 'set';
  readonly how: string;
  readonly left: Query;
  readonly right: Query;
}
export type From =
  | { readonly kind: 'table'; readonly name: string; readonly alias: string }
  | { readonly kind: 'query'; readonly query: Query; readonly alias: string }
  | { readonly kind: 'explode'; readonly input: From; readonly list: Expr; readonly alias: string }
  | { readonly kind: 'join'; readonly how: string; readonly left: From; readonly right: From; readonly on?: Expr };

export type Dialect = 'spark' | 'duck';

/** A column that may be read; an inexact one only as it is. */
export interface Readable {
  readonly name: string;
  readonly type: Type;
  readonly inexact?: boolean;
}

const byKey = new Map(
  [...operations, ...aggregates, ...windowFunctions].map((operation) => [operation.key, operation]),
);
export const operationOf = (key: string): Operation => {
  const found = byKey.get(key);
  if (found === undefined) throw new Error(`no operation ${key}`);
  return found;
};
const byReturn = new Map<Type, Operation[]>();
for (const operation of operations) {
  if (operation.inexact) continue;
  // A common operation has several places in the urn.
  for (let n = operation.weight ?? 1; n > 0; n--)
    byReturn.set(operation.returns, [...(byReturn.get(operation.returns) ?? []), operation]);
}

/** Whether a call of it may be an error. */
const canRaise = ({ rules = [], spark, args }: Operation): boolean =>
  rules.some((rule) => [2, 4, 6, 8].includes(rule)) ||
  /^(CAST\(.* AS (TINYINT|SMALLINT|INT|BIGINT|DECIMAL\(18,4\))\)|make_date|timestampadd|date_add|date_sub|add_months|\(\$0 [+-] INTERVAL)/.test(
    spark,
  ) ||
  args.length > 4;

/** Draws typed expressions over columns. */
export class ExprMaker {
  constructor(
    private readonly dice: Dice,
    private readonly columns: readonly Readable[],
    private readonly wild: boolean,
    /** Left out is what raises errors on some values. */
    private readonly calm = false,
  ) {}

  /** Any expression; with `inexact`, also what is right to some digits only. */
  any(depth: number, inexact = false): Expr {
    const { dice } = this;
    if (inexact && dice.chance(15)) return this.call(dice.pick(operations.filter((o) => o.inexact)), depth);
    return this.of(dice.pick(flatTypes), depth);
  }

  of(type: Type, depth: number): Expr {
    const { dice } = this;
    const calls = (byReturn.get(type) ?? []).filter((operation) => !this.calm || !canRaise(operation));
    if (depth <= 0 || calls.length === 0 || dice.chance(20)) return this.#leaf(type);
    return this.call(dice.pick(calls), depth);
  }

  call(operation: Operation, depth: number): Expr {
    const args = operation.args.map((arg): Expr => {
      if (typeof arg !== 'object') return this.of(arg, depth - 1);
      return { kind: 'literal', type: arg.type, value: this.dice.pick(arg.of) };
    });
    return { kind: 'call', op: operation.key, args, type: operation.returns };
  }

  #leaf(type: Type): Expr {
    const { dice } = this;
    const fitting = this.columns.filter((column) => column.type === type && !column.inexact);
    if (fitting.length > 0 && !dice.chance(20)) {
      const { name } = dice.pick(fitting);
      return { kind: 'column', name, type };
    }
    return { kind: 'literal', type, value: dice.chance(10) ? null : drawValue(dice, type, this.wild) };
  }
}

/** The numbers of the rules by which the two dialects of an expression differ. */
export function rulesOf(expr: Expr, into = new Set<number>()): Set<number> {
  if (expr.kind !== 'call') return into;
  if (expr.filter !== undefined) rulesOf(expr.filter, into);
  for (const rule of operationOf(expr.op).rules ?? []) into.add(rule);
  for (const arg of expr.args) rulesOf(arg, into);
  return into;
}

/** Whether it may have a constant null in it: one as such, or a call without columns. */
export const hasNull = (expr: Expr): boolean =>
  expr.kind === 'literal'
    ? expr.value === null
    : expr.kind === 'call' && (expr.args.some(hasNull) || isConstant(expr) || isNullOfItself(expr));
/** `nullif(a, a)`, which the optimizers of both know to be null where `a` is not. */
const isNullOfItself = ({ op, args: [left, right] }: Extract<Expr, { kind: 'call' }>): boolean =>
  operationOf(op).spark.startsWith('nullif(') && isDeepStrictEqual(left, right);
const isConstant = (expr: Expr): boolean =>
  expr.kind === 'literal' || (expr.kind === 'call' && expr.args.every(isConstant));

export const isInexact = (expr: Expr): boolean =>
  expr.kind === 'column' ? expr.inexact === true : expr.kind === 'call' && operationOf(expr.op).inexact === true;
