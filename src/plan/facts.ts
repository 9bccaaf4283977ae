import { type DataType, type Scalar, simpleString } from '../base/index.js';
import { callOf } from '../functions/call.js';
import type { EvalSettings } from '../functions/expression.js';
import { findEntry } from '../functions/registry.js';
import type { Expr, Lambda, Subquery } from './expr.js';
import { exprNullable, exprType } from './expr-type.js';
import { everyNode } from './nested.js';
import { planOf } from './node.js';
import { planExprs } from './node-exprs.js';
import { planShape } from './plan-shape.js';
import { exprChildren, exprMemory, foldExpr, someExpr, transformExpr, visitExpr } from './walk-expr.js';

const PLAIN_SETTINGS: EvalSettings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };

/** Whether a call of the scalar function always gives the same for the same arguments. */
export function isDeterministicCall(fn: string): boolean {
  const entry = entryOf(fn);
  return entry !== undefined && entry.deterministic !== false;
}

/** Whether a call of the scalar function is null as soon as one argument is. */
export const nullsPropagate = (fn: string): boolean => entryOf(fn)?.nulls === 'propagate';

/** Whether a constant null makes a call of the scalar function null, whatever the other arguments raise. */
export const nullDecides = (fn: string): boolean => nullsPropagate(fn) && entryOf(fn)?.inOrder !== true;

/** Whether the same row always gives the same value. */
export const isDeterministic = remembered(
  (expr) => !someExpr(expr, (e) => e.kind === 'call' && entryOf(e.fn)?.deterministic === false),
);

/** A test of expressions whose answer is remembered. */
function remembered(test: (expr: Expr) => boolean): (expr: Expr) => boolean {
  const known = exprMemory.property<boolean>();
  return (expr) => {
    let answer = known.get(expr);
    if (answer === undefined) {
      answer = test(expr);
      known.set(expr, answer);
    }
    return answer;
  };
}

/** Whether it reads no column and no other rows, and always gives the same value. */
export const isConstant = remembered(
  (expr) =>
    !someExpr(
      expr,
      (e) =>
        (e.kind !== 'call' && e.kind !== 'cast' && e.kind !== 'literal') ||
        (e.kind === 'call' && !isDeterministicCall(e.fn)),
    ),
);

/** Whether evaluating it can raise an error on some row: then it must not run on rows it was not asked for. */
export const canFail = remembered((expr) =>
  someExpr(expr, (e) => {
    if (e.kind === 'call') return callFails(e.fn, e.args, e.type, e.nullable);
    if (e.kind === 'cast') return e.safe !== true && callFails('cast', [e.input], e.type, exprNullable(e));
    return false;
  }),
);

function callFails(fn: string, args: readonly Expr[], type: DataType, nullable: boolean): boolean {
  const entry = entryOf(fn);
  if (entry === undefined) return true;
  const { fails } = entry;
  if (typeof fails !== 'function') return fails === true;
  const physical = {
    kind: 'call',
    fn,
    args: args.map((arg) =>
      arg.kind === 'literal'
        ? ({ kind: 'literal', type: arg.type, value: arg.value } as const)
        : ({ kind: 'column', index: 0, type: exprType(arg), nullable: exprNullable(arg) } as const),
    ),
    type,
    nullable,
  } as const;
  return fails(
    callOf(physical, PLAIN_SETTINGS),
    args.map(() => undefined),
  );
}

function entryOf(fn: string) {
  const entry = findEntry(fn);
  return entry?.kind === 'scalar' ? entry : undefined;
}

/** Whether a column, a literal or a renaming of one: computing it again costs nothing. */
export function isTrivial(expr: Expr): boolean {
  return expr.kind === 'attribute' || expr.kind === 'literal' || (expr.kind === 'alias' && isTrivial(expr.input));
}

export const hasAggregate = (expr: Expr): boolean => {
  let found = false;
  visitExpr(expr, (e) => {
    // An aggregate inside a window call is the window's.
    if (e.kind === 'aggregate_call') found = true;
    return !found && e.kind !== 'window_call';
  });
  return found;
};
/** Whether groups are asked for: by an aggregate, or by one in what a window call takes, sorts or parts by. */
export const asksGroups = (expr: Expr): boolean =>
  hasAggregate(expr) ||
  someExpr(expr, (e) => {
    if (e.kind !== 'window_call') return false;
    const parts = exprChildren(e).flatMap((part) => (part === e.input ? exprChildren(part) : [part]));
    return parts.some(hasAggregate);
  });
export const hasWindow = (expr: Expr): boolean => someExpr(expr, (e) => e.kind === 'window_call');

/** How many nodes an expression has. */
export const exprSize = (expr: Expr): number => {
  let size = 0;
  visitExpr(expr, () => {
    size++;
    return true;
  });
  return size;
};

/** Keys by structure, in two generations: what was not asked for while the younger one filled up is forgotten. */
let young = new Map<string, number>();
let old = new Map<string, number>();
const MOST_YOUNG = 1 << 18;
const keys = exprMemory.property<number>();
let lastKey = 0;

function internKey(text: string): number {
  const known = young.get(text);
  if (known !== undefined) return known;
  const key = old.get(text) ?? ++lastKey;
  if (young.size >= MOST_YOUNG) {
    old = young;
    young = new Map();
  }
  young.set(text, key);
  return key;
}

/** Calls that mean the same with their operands in any order. */
const commutes: ReadonlySet<string> = new Set([
  'add',
  'mul',
  'eq',
  'eqNullSafe',
  'bitwiseAnd',
  'bitwiseOr',
  'bitwiseXor',
]);

/**
 * Equal numbers mean structurally equal resolved expressions (names of columns left out). Numbers stay valid only
 * within one pass over a plan: compare them, do not keep them.
 */
export function exprKey(expr: Expr): number {
  // The key of a column is its id, below 0.
  if (expr.kind === 'attribute') return -1 - expr.id;
  const known = keys.get(expr);
  if (known !== undefined) return known;
  return foldExpr<number>(expr, (node, inputs) => {
    if (node.kind === 'attribute') return -1 - node.id;
    const ordered = node.kind === 'call' && commutes.has(node.fn) ? [...inputs].sort((a, b) => a - b) : inputs;
    const key = node.kind === 'lambda' ? lambdaKey(node) : internKey(`${ownKey(node)}(${ordered.join(',')})`);
    keys.set(node, key);
    return key;
  });
}

/** Lambda functions that differ in the ids of their parameters only are the same: these are counted from the inside. */
function lambdaKey({ params, body }: Lambda): number {
  const height = foldExpr<number>(body, ({ kind }, inputs) => Math.max(0, ...inputs) + (kind === 'lambda' ? 1 : 0));
  const own = new Map(params.map((param, i) => [param.id, { ...param, id: -(height * 16 + i + 1) }]));
  const renamed = transformExpr(body, (e) => (e.kind === 'lambda_variable' ? (own.get(e.id) ?? e) : e));
  return internKey(`lambda:${params.map(({ type }) => simpleString(type)).join()}(${exprKey(renamed)})`);
}

function ownKey(expr: Expr): string {
  switch (expr.kind) {
    case 'attribute':
      return `#${expr.id}`;
    case 'literal':
      return `${simpleString(expr.type)}:${scalarKey(expr.value)}`;
    case 'cast':
      return `cast:${simpleString(expr.type)}:${expr.safe === true}`;
    case 'call':
      return `${expr.fn}:${simpleString(expr.type)}`;
    case 'aggregate_call':
      return `agg:${expr.fn}:${expr.distinct}:${expr.filter !== undefined}:${simpleString(expr.type)}`;
    case 'window_call':
      return `over:${expr.spec.partitionBy.length}:${JSON.stringify(expr.spec.frame)}`;
    case 'sort_order':
      return `sort:${expr.descending}:${expr.nullsFirst}`;
    case 'alias':
      return `as:${expr.id}`;
    case 'unresolved_column':
      return `column:${expr.planId}:${expr.name}`;
    case 'unresolved_call':
      return `call:${expr.name}:${expr.distinct}:${expr.filter !== undefined}`;
    case 'unresolved_star':
      return `star:${expr.qualifier}`;
    case 'sql_text':
      return `sql:${expr.text}`;
    case 'ordinal':
      return `ordinal:${expr.position}`;
    case 'outer_reference':
      return `outer:#${expr.attribute.id}`;
    case 'subquery':
      return `subquery:${expr.form}:${expr.values.length}:${expr.outerIds?.join(',')}:${sameText(expr) ?? planNumber(expr.plan)}`;
    case 'unresolved_lambda':
      return `lambda:${expr.params.join()}`;
    case 'lambda':
      return `lambda:${expr.params.map(({ id }) => id).join()}`;
    case 'lambda_variable':
      return `variable:${expr.id}`;
  }
}

/** What a query was before it was resolved, if it gives the same each time: equal texts mean the same rows. */
function sameText({ plan, written }: Subquery): string | undefined {
  const nodes = written === undefined ? [] : everyNode(planOf(plan));
  const isSure = nodes.every((node) => node.kind !== 'sample' && planExprs(node).every(isDeterministic));
  return written !== undefined && isSure ? planShape(planOf(written), () => undefined, true)?.text : undefined;
}

const planNumbers = new WeakMap<object, number>();
let lastPlan = 0;

/** Plans inside expressions are told apart by identity. */
function planNumber(plan: object): number {
  const known = planNumbers.get(plan) ?? ++lastPlan;
  planNumbers.set(plan, known);
  return known;
}

function scalarKey(value: Scalar): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (value !== null && typeof value === 'object') {
    return JSON.stringify(value, (_, part) =>
      typeof part === 'bigint' || part instanceof Uint8Array ? scalarKey(part) : part,
    );
  }
  return JSON.stringify(value);
}
