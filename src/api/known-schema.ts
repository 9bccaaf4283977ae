import type { Field } from '../base/index.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';

/** The columns of a plan as far as they are known without reading anything; undefined when they are not. */
export function knownFields(plan: Plan): readonly Field[] | undefined {
  switch (plan.kind) {
    case 'local':
      return plan.data.schema.fields;
    case 'range':
      return plan.output;
    case 'scan':
      return plan.output;
    case 'read':
      return plan.description.schema?.fields;
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'drop_duplicates':
    case 'sample':
    case 'repartition':
    case 'cached':
    case 'subquery_alias':
      return knownFields(plan.input);
    case 'rename':
      return knownFields(plan.input)?.map((f) => ({ ...f, name: plan.names[f.name] ?? f.name }));
    case 'project':
      return projected(plan.exprs, knownFields(plan.input));
    case 'drop': {
      const names = plan.columns.map((c) => (c.kind === 'unresolved_column' ? c.name : undefined));
      return names.includes(undefined) ? undefined : knownFields(plan.input)?.filter((f) => !names.includes(f.name));
    }
    default:
      return undefined;
  }
}

function projected(exprs: readonly Expr[], fields: readonly Field[] | undefined): readonly Field[] | undefined {
  const out: Field[] = [];
  for (const expr of exprs) {
    const inner = expr.kind === 'alias' ? expr.input : expr;
    const found = inner.kind === 'unresolved_column' ? fields?.find((f) => f.name === inner.name) : undefined;
    if (found === undefined) return undefined;
    out.push(expr.kind === 'alias' ? { ...found, name: expr.name } : found);
  }
  return out;
}

/** A plan in one line, the last step first: `filter < read parquet(flights/*.parquet)`. */
export function oneLine(plan: Plan): string {
  const steps: string[] = [];
  let node: Plan | undefined = plan;
  while (node !== undefined && steps.length < 8) {
    steps.push(stepName(node));
    node = 'input' in node ? node.input : 'left' in node ? node.left : undefined;
  }
  return node === undefined ? steps.join(' < ') : `${steps.join(' < ')} < …`;
}

function stepName(plan: Plan): string {
  switch (plan.kind) {
    case 'read':
      return `read ${plan.description.format}(${plan.description.paths.join(', ')})`;
    case 'view':
      return `view ${plan.name}`;
    case 'scan':
      return `read ${plan.source.label}`;
    default:
      return plan.kind;
  }
}
