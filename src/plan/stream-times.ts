import { literal } from './build.js';
import type { Expr } from './expr.js';
import { exprType } from './expr-type.js';
import type { Plan } from './node.js';
import { outputOf } from './output.js';
import { buildCall } from './resolve/calls.js';
import type { PlanSettings } from './resolve/context.js';
import { allNodes } from './walk.js';
import { visitExpr } from './walk-expr.js';

/** What is known of the columns of a stream's part. */
export interface StreamTimes {
  /** The time that a watermark looks at, under whatever name, or a window of such times. */
  isTime(expr: Expr): boolean;
  /** A row's own session. */
  isSession(expr: Expr): boolean;
}

/** Follows columns down to where they were marked. */
export function timesIn(input: Plan): StreamTimes {
  const marks = { time: new Set<number>(), session: new Set<number>() };
  const made = new Map<number, readonly Expr[]>();
  for (const node of allNodes(input)) {
    if (node.kind === 'filter' && node.marks !== undefined) marks[node.marks.what].add(node.marks.id);
    if (node.kind === 'project')
      for (const e of node.exprs) if (e.kind === 'alias' && e.id !== undefined) made.set(e.id, [e.input]);
    if (node.kind === 'generate') for (const a of node.output ?? []) made.set(a.id, [node.generator]);
    if (node.kind === 'union')
      for (const [i, a] of (node.output ?? []).entries())
        made.set(
          a.id,
          node.inputs.flatMap((from) => outputOf(from)[i] ?? []),
        );
  }
  const isNamed = (expr: Expr, ids: ReadonlySet<number>): boolean => {
    if (expr.kind === 'alias') return isNamed(expr.input, ids);
    if (expr.kind !== 'attribute') return false;
    return ids.has(expr.id) || (made.get(expr.id)?.some((from) => isNamed(from, ids)) ?? false);
  };
  const reaches = (expr: Expr): boolean => {
    let found = false;
    visitExpr(expr, (e) => {
      found ||= e.kind === 'attribute' && (marks.time.has(e.id) || (made.get(e.id)?.some(reaches) ?? false));
      return !found;
    });
    return found;
  };
  return {
    isTime: (expr) => isNamed(expr, marks.time) || (isWindow(expr) && reaches(expr)),
    isSession: (expr) => isNamed(expr, marks.session),
  };
}

const isWindow = (expr: Expr): boolean => {
  const type = exprType(expr);
  return type.kind === 'struct' && type.fields.map((f) => f.name).join() === 'start,end';
};

/** The instant that a watermark is held against: of a window its end. */
export const instantOf = (expr: Expr, settings: PlanSettings): Expr =>
  isWindow(expr) ? buildCall('getField', [expr, literal({ kind: 'string' }, 'end')], settings) : expr;
