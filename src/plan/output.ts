import { engineBug, field, type Schema, structType } from '../base/index.js';
import type { Attribute } from './expr.js';
import { toAttribute } from './expr-type.js';
import type { JoinPlan, Plan, SubqueryAliasPlan } from './node.js';
import { mapSame, planProperty, replace } from './walk.js';

/** The columns a resolved plan gives, in order. */
export const outputOf: (plan: Plan) => readonly Attribute[] = planProperty(combine);

const NOTHING: readonly Attribute[] = [];

function combine(plan: Plan, inputs: readonly (readonly Attribute[])[]): readonly Attribute[] {
  const input = inputs[0] ?? NOTHING;
  switch (plan.kind) {
    case 'scan':
    case 'local':
    case 'range':
    case 'cached':
    case 'expand':
    case 'recursive':
    case 'recursive_ref':
      return plan.output;
    case 'generate':
      return [...input, ...(plan.output ?? NOTHING)];
    case 'lateral_join': {
      const right = outputOf(plan.right);
      return [...input, ...(plan.how === 'left' ? right.map(asNullable) : right)];
    }
    case 'project':
      return plan.exprs.map(toAttribute);
    case 'aggregate':
      return plan.output.map(toAttribute);
    case 'window':
      return [...input, ...plan.calls.map(toAttribute)];
    case 'join':
      return joinOutput(plan, input, inputs[1] ?? NOTHING);
    case 'union':
      if (plan.output === undefined) throw engineBug('the output of a union that is not resolved');
      return plan.output;
    case 'subquery_alias':
      return plan.name === '' ? input : mapSame(input, (attribute) => qualified(attribute, plan));
    case 'write':
      return NOTHING;
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'sample':
    case 'repartition':
      return input;
    default:
      // Unresolved nodes have no output of their own yet; the fold passes through them only on the way to an error.
      return NOTHING;
  }
}

function joinOutput(plan: JoinPlan, left: readonly Attribute[], right: readonly Attribute[]): readonly Attribute[] {
  switch (plan.how) {
    case 'semi':
    case 'anti':
      return left;
    case 'exists':
      return plan.mark === undefined ? left : [...left, plan.mark];
    case 'left':
      return [...left, ...right.map(asNullable)];
    case 'right':
      return [...left.map(asNullable), ...right];
    case 'full':
      return [...left.map(asNullable), ...right.map(asNullable)];
    default:
      return [...left, ...right];
  }
}

const asNullable = (attribute: Attribute): Attribute => replace(attribute, { nullable: true });

const schemas = new WeakMap<readonly Attribute[], Schema>();

/** The schema of a resolved plan. */
export function schemaOf(plan: Plan): Schema {
  const output = outputOf(plan);
  let schema = schemas.get(output);
  if (schema === undefined) {
    schema = structType(output.map((attribute) => field(attribute.name, attribute.type, attribute.nullable)));
    schemas.set(output, schema);
  }
  return schema;
}

const idSets = new WeakMap<readonly Attribute[], ReadonlySet<number>>();

/** The ids of a plan's columns. */
export function outputIds(plan: Plan): ReadonlySet<number> {
  const output = outputOf(plan);
  const known = idSets.get(output);
  if (known !== undefined) return known;
  const ids = new Set<number>();
  for (const { id } of output) ids.add(id);
  idSets.set(output, ids);
  return ids;
}

function qualified(attribute: Attribute, { name, path }: SubqueryAliasPlan): Attribute {
  if (attribute.qualifier === name && attribute.path === path) return attribute;
  if (path !== undefined) return Object.freeze({ ...attribute, qualifier: name, path });
  // To leave a property out takes longer than to copy them all.
  if (attribute.path === undefined) return Object.freeze({ ...attribute, qualifier: name });
  const { path: _, ...column } = attribute;
  return Object.freeze({ ...column, qualifier: name });
}
