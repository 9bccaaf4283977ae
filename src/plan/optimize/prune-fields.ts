import type { FieldPath } from '../../base/index.js';
import type { Expr } from '../expr.js';
import { everyNode, nestedPlans } from '../nested.js';
import type { Plan, ScanPlan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { outputOf } from '../output.js';
import { HAS_FIELD, HAS_SUBQUERY } from '../traits.js';
import { children, replace, transformUp } from '../walk.js';
import { visitExpr } from '../walk-expr.js';
import { overall } from './rule.js';

/** Sources are told which fields of structs are read, down to the innermost; the others are null in what they give. */
export const pruneFields = overall(
  'prune-fields',
  'fields of structs that nobody reads are not read',
  HAS_FIELD | HAS_SUBQUERY,
  (plan) => {
    const nodes = everyNode(plan);
    const structs = new Map<number, FieldPath[]>();
    for (const node of nodes) {
      if (node.kind !== 'scan') continue;
      for (const { id, type } of node.output) if (type.kind === 'struct') structs.set(id, []);
    }
    if (structs.size === 0) return plan;
    const whole = (ids: Iterable<{ readonly id: number }>): void => {
      for (const { id } of ids) structs.delete(id);
    };
    whole(outputOf(plan));
    for (const node of nodes) {
      for (const inner of nestedPlans(node)) whole(outputOf(inner));
      if (!passesOn.has(node.kind)) for (const input of children(node)) whole(outputOf(input));
      for (const expr of planExprs(node)) if (node.kind !== 'project' || expr.kind !== 'attribute') note(expr, structs);
    }
    return transformUp(plan, (node) => (node.kind === 'scan' ? withFields(node, structs) : node));
  },
);

/** Nodes that read of their rows no more than their expressions say. */
const passesOn: ReadonlySet<Plan['kind']> = new Set<Plan['kind']>([
  'project',
  'filter',
  'aggregate',
  'join',
  'sort',
  'limit',
  'sample',
  'window',
  'repartition',
]);

/** Keeps the paths of fields that an expression reads; a struct that is read as it is drops out. */
function note(expr: Expr, structs: Map<number, FieldPath[]>): void {
  visitExpr(expr, (e) => {
    if (e.kind === 'attribute') structs.delete(e.id);
    const found = pathOf(e);
    if (found === undefined) return true;
    structs.get(found.id)?.push(found.path);
    return false;
  });
}

/** `column.a.b`: which column, and the names of the fields. */
function pathOf(expr: Expr): { readonly id: number; readonly path: FieldPath } | undefined {
  const path: string[] = [];
  let at = expr;
  while (at.kind === 'call' && at.fn === 'getField') {
    const [input, name] = at.args;
    if (input === undefined || name?.kind !== 'literal' || typeof name.value !== 'string') return undefined;
    path.unshift(name.value);
    at = input;
  }
  return at.kind === 'attribute' && path.length > 0 ? { id: at.id, path } : undefined;
}

function withFields(scan: ScanPlan, structs: ReadonlyMap<number, readonly FieldPath[]>): ScanPlan {
  const entries = scan.output.flatMap(({ id, name }) => {
    const paths = structs.get(id) ?? [];
    return paths.length === 0 ? [] : [[name, paths] as const];
  });
  return entries.length === 0 ? scan : replace(scan, { fields: Object.fromEntries(entries) });
}
