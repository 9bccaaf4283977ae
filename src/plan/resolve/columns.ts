import { SparrowError } from '../../base/index.js';
import { aggregate, distinct, project } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { nextId } from '../ids.js';
import type { DropDuplicatesPlan, DropPlan, Plan, RenamePlan, ToNamesPlan } from '../node.js';
import { outputOf } from '../output.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { buildCall, requireDistinguishable } from './calls.js';
import type { Context } from './context.js';
import { indexOf, nameParts, unresolvedColumn } from './names.js';
import { findColumn } from './scope.js';

const renamed = (input: Attribute, name: string): Alias =>
  Object.freeze({
    kind: 'alias',
    name,
    input,
    id: nextId(),
    ...(input.qualifier === undefined ? {} : { qualifier: input.qualifier }),
  });

/** Names that are not there are ignored, as in Spark. */
export function resolveDrop(plan: DropPlan, input: Analyzed, context: Context): Plan {
  const output = outputOf(input.plan);
  const scope = scopeOver(input, context);
  const dropped = new Set<number>();
  for (const column of plan.columns) {
    if (column.kind === 'attribute') dropped.add(column.id);
    else if (column.kind !== 'unresolved_column') {
      throw new SparrowError('INVALID_PARAMETER_VALUE', 'drop() takes names and columns, not expressions', {
        sqlState: '22023',
      });
    } else if (column.planId === undefined) {
      // Without a frame every column of that name goes; a dotted name may be one whole name.
      const index = indexOf(output, scope.caseSensitive);
      const whole = index.named(column.name);
      for (const { id } of whole.length > 0 ? whole : exact(column.name, index)) dropped.add(id);
    } else dropped.add(findColumn(column, scope).attribute.id);
  }
  return project(
    input.plan,
    output.filter((attribute) => !dropped.has(attribute.id)),
  );
}

function exact(name: string, index: ReturnType<typeof indexOf>): readonly Attribute[] {
  const match = index.match(nameParts(name));
  return match.fields.length === 0 ? match.attributes : [];
}

export function resolveRename(plan: RenamePlan, input: Analyzed, context: Context): Plan {
  const key = (name: string): string => (context.settings.caseSensitive === true ? name : name.toLowerCase());
  const names = new Map(Object.entries(plan.names).map(([from, to]) => [key(from), to]));
  const exprs = outputOf(input.plan).map((attribute): Expr => {
    const name = names.get(key(attribute.name));
    return name === undefined ? attribute : renamed(attribute, name);
  });
  return project(input.plan, exprs);
}

/** Spark's condition where names do not fit what stands before them. */
const aritiesOf: Readonly<Record<string, string>> = {
  table_function: 'NUM_TABLE_VALUE_ALIASES_MISMATCH',
  values: 'INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH',
};

export function resolveToNames(plan: ToNamesPlan, input: Analyzed): Plan {
  const output = outputOf(input.plan);
  if (output.length !== plan.names.length) {
    throw new SparrowError(
      aritiesOf[plan.input.kind] ?? 'ASSIGNMENT_ARITY_MISMATCH',
      `toDF() got ${plan.names.length} names for ${output.length} columns`,
      { sqlState: '42802', hint: `the columns are ${output.map((attribute) => attribute.name).join(', ')}` },
    );
  }
  return project(
    input.plan,
    output.map((attribute, i) => renamed(attribute, plan.names[i] as string)),
  );
}

/** Keeps the first row of each key, as Spark: grouped by the key, the first of every other column. */
export function resolveDropDuplicates(plan: DropDuplicatesPlan, input: Analyzed, context: Context): Plan {
  const output = outputOf(input.plan);
  const index = indexOf(output, context.settings.caseSensitive === true);
  const keys = new Set<number>();
  for (const name of plan.columns) {
    const found = index.named(name);
    if (found.length === 0) throw unresolvedColumn(name, output);
    for (const { id } of found) keys.add(id);
  }
  const whole = plan.columns.length === 0 || output.every((attribute) => keys.has(attribute.id));
  for (const attribute of output) if (whole || keys.has(attribute.id)) requireDistinguishable(attribute);
  if (whole) return distinct(input.plan);
  const exprs = output.map((attribute): Expr => {
    if (keys.has(attribute.id)) return attribute;
    const first = buildCall('first', [attribute], context.settings);
    return Object.freeze({ ...renamed(attribute, attribute.name), input: first });
  });
  return aggregate(
    input.plan,
    output.filter((attribute) => keys.has(attribute.id)),
    exprs,
  );
}
