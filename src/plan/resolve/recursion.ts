import { SparrowError } from '../../base/index.js';
import { project } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import { nextId } from '../ids.js';
import type { Plan, RecursionPlan } from '../node.js';
import { outputOf } from '../output.js';
import { withChildren } from '../walk.js';
import type { Analyzed } from './analyzed.js';
import { castTo } from './calls.js';
import type { Context } from './context.js';

/** Rounds after which a recursive query is taken to go on for ever. */
const MOST_ROUNDS = 100;
const LIMIT_SETTING = 'spark.sql.cteRecursionLevelLimit';

/** The columns are the anchor's; every round is brought to their types. */
export function resolveRecursion(plan: RecursionPlan, anchor: Analyzed, context: Context): Plan {
  const columns = outputOf(anchor.plan);
  const names = plan.columnNames ?? columns.map((column) => column.name);
  if (names.length !== columns.length) throw wrongWidth(names.length, columns.length);
  const output = columns.map(
    ({ type }, i): Attribute =>
      Object.freeze({ kind: 'attribute', id: nextId(), name: names[i] as string, type, nullable: true }),
  );
  const id = plan.id ?? nextId();
  const step = context.subquery(plan.step, context.outer, new Map([[id, output]])).plan;
  const made = outputOf(step);
  if (made.length !== columns.length) throw wrongWidth(columns.length, made.length);
  const exprs = made.map((column, i): Expr => {
    const input = castTo(column, (output[i] as Attribute).type, context.settings.ansi);
    return input === column ? column : Object.freeze({ kind: 'alias', name: column.name, input, id: nextId() });
  });
  const right = exprs.every((expr, i) => expr === made[i]) ? step : project(step, exprs);
  return Object.freeze({
    kind: 'recursive',
    id,
    left: anchor.plan,
    right,
    distinct: !plan.all,
    maxLevel: plan.maxLevel ?? Number(context.settings.config?.[LIMIT_SETTING] ?? MOST_ROUNDS),
    output,
  });
}

/** The plan under a LIMIT: a recursion there may end with the rows that are asked for. */
export function endedBy(plan: Plan, rowsAsked: number): Plan {
  if (plan.kind === 'project' || plan.kind === 'subquery_alias') {
    const input = endedBy(plan.input, rowsAsked);
    return input === plan.input ? plan : withChildren(plan, [input]);
  }
  if (plan.kind === 'limit' && plan.limit === undefined) {
    return withChildren(plan, [endedBy(plan.input, rowsAsked + plan.offset)]);
  }
  return plan.kind === 'recursive' ? Object.freeze({ ...plan, rowsAsked }) : plan;
}

const wrongWidth = (wanted: number, given: number): SparrowError =>
  new SparrowError('NUM_COLUMNS_MISMATCH', `a recursive query has ${wanted} columns, but a part of it gives ${given}`, {
    sqlState: '42826',
  });
