import { type DataType, SparrowError, sameType, simpleString } from '../../base/index.js';
import { commonType } from '../../functions/signature.js';
import { project } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import { nextId } from '../ids.js';
import type { Plan, RecursionPlan } from '../node.js';
import { outputOf } from '../output.js';
import { children, withChildren } from '../walk.js';
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
  checkPlace(step, id, false);
  const exprs = made.map((column, i): Expr => {
    checkMerge((output[i] as Attribute).type, column.type);
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

/** The step must give values of the anchor's types, or narrower ones. */
function checkMerge(anchor: DataType, step: DataType): void {
  const common = commonType(anchor, step);
  if (common !== undefined && sameType(common, anchor)) return;
  const [left, right] = [anchor, step].map((type) => `"${simpleString(type).toUpperCase()}"`) as [string, string];
  throw new SparrowError(
    'CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE',
    `the step of a recursive query gives ${right} where its anchor gives ${left}`,
    { sqlState: '42825', parameters: { left, right }, hint: 'cast the column of the anchor or of the step' },
  );
}

/** A round cannot be grouped, computed over as a whole, or lack its rows' partners: it would mean another thing each time. */
function checkPlace(plan: Plan, id: number, isBad: boolean): void {
  if (plan.kind === 'recursive_ref' && plan.id === id && isBad) {
    throw new SparrowError(
      'INVALID_RECURSIVE_REFERENCE.PLACE',
      'a recursive query must not be read inside an aggregation, a window or the side of an outer join that may be missing',
      { sqlState: '42836' },
    );
  }
  if (plan.kind === 'join') {
    const [left, right] = [
      plan.how === 'right' || plan.how === 'full',
      plan.how !== 'inner' && plan.how !== 'cross' && plan.how !== 'right',
    ];
    checkPlace(plan.left, id, isBad || left);
    checkPlace(plan.right, id, isBad || right);
    return;
  }
  const inside = isBad || plan.kind === 'aggregate' || plan.kind === 'window';
  for (const input of children(plan)) checkPlace(input, id, inside);
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
