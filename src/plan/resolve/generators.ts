import { SparrowError, type StructType } from '../../base/index.js';
import { project } from '../build.js';
import type { Alias, Attribute, Call, Expr } from '../expr.js';
import { exprType, toAttribute } from '../expr-type.js';
import { isConstant } from '../facts.js';
import { nextId } from '../ids.js';
import type { GeneratePlan, Plan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { someExpr } from '../walk-expr.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { isGenerator, keepsEmpty, nestedGenerator } from './calls.js';
import type { Context, PlanSettings } from './context.js';
import { type Named, resolveExpr } from './exprs.js';
import { forbidAggregates } from './forbid.js';

export const hasGenerator = (expr: Expr): boolean => someExpr(expr, isGenerator);

/** LATERAL VIEW, and table functions over one row. */
export function resolveGenerate(plan: GeneratePlan, input: Analyzed, context: Context): Plan {
  const resolved = resolveExpr(plan.generator, scopeOver(input, context), context.settings);
  const generator = resolved.kind === 'alias' ? resolved.input : resolved;
  if (!isGenerator(generator)) {
    throw new SparrowError('UNSUPPORTED_GENERATOR.NOT_GENERATOR', `${columnName(generator)} makes no rows`, {
      sqlState: '42K0E',
      hint: 'use explode, posexplode, inline, stack or json_tuple',
    });
  }
  forbidAggregates(generator, 'LATERAL VIEW');
  return generateOver(input.plan, generator, plan, context);
}

/** The columns that a resolved generator makes. */
export function generatedColumns(
  generator: Call,
  { names, alias, outer }: Pick<GeneratePlan, 'outer' | 'alias' | 'names'>,
): readonly Attribute[] {
  const { fields } = exprType(generator) as StructType;
  if (names.length > 0 && names.length !== fields.length) {
    throw new SparrowError(
      'UDTF_ALIAS_NUMBER_MISMATCH',
      `${columnName(generator)} makes ${fields.length} columns, but ${names.length} names are given`,
      { sqlState: '42802', parameters: { aliasesSize: `${names.length}`, fieldsSize: `${fields.length}` } },
    );
  }
  return fields.map(
    (f, i): Attribute =>
      Object.freeze({
        kind: 'attribute',
        id: nextId(),
        name: names[i] ?? f.name,
        type: f.type,
        nullable: f.nullable || outer,
        ...(alias === undefined ? {} : { qualifier: alias }),
      }),
  );
}

/** The node over a resolved generator, with the columns that it makes where they are known already. */
export function generateOver(
  input: Plan,
  generator: Call,
  options: Pick<GeneratePlan, 'outer' | 'alias' | 'names' | 'planId'>,
  { settings }: Context,
  made?: readonly Attribute[],
): GeneratePlan {
  const { names, alias, planId } = options;
  const outer = options.outer || keepsEmpty(generator, settings);
  return Object.freeze({
    kind: 'generate',
    input,
    generator,
    outer,
    names,
    output: made ?? generatedColumns(generator, { names, outer, ...(alias === undefined ? {} : { alias }) }),
    ...(alias === undefined ? {} : { alias }),
    ...(planId === undefined ? {} : { planId }),
  });
}

/** What a generator in a select list makes under the names it was given: the list's later items can read it. */
export function namedColumns(column: Named, settings: PlanSettings): readonly Attribute[] {
  if (column.kind !== 'alias' || !isGenerator(column.input)) return [];
  const names = namesOf(column);
  return names.length === 0 ? [] : generatedColumns(column.input, { names, outer: keepsEmpty(column.input, settings) });
}

/** A select list with generators in it: they stand below, the first outermost, their columns in their places. */
export function projectGenerators(
  input: Plan,
  list: readonly Named[],
  context: Context,
  build: (input: Plan, columns: readonly Expr[]) => Plan = project,
): Plan {
  let below = input;
  const columns = list.flatMap((expr): readonly Expr[] => {
    if (!hasGenerator(expr)) return [expr];
    const generator = expr.kind === 'alias' ? expr.input : expr;
    if (!isGenerator(generator) || generator.args.some(hasGenerator)) throw nestedGenerator(generator);
    const { outputs } = expr as Alias;
    const node = generateOver(below, generator, { outer: false, names: namesOf(expr) }, context, outputs);
    below = node;
    return node.output as readonly Attribute[];
  });
  return below === input ? build(input, list) : build(below, columns);
}

/** What the user called the columns: `AS x`, `AS (x, y)`; nothing where the name is what the call reads like. */
function namesOf(column: Named): readonly string[] {
  if (column.kind !== 'alias') return [];
  return column.names ?? (column.auto === true || column.name === columnName(column.input) ? [] : [column.name]);
}

export const generatorOutside = (expr: Expr, plan: string): SparrowError =>
  new SparrowError('UNSUPPORTED_GENERATOR.OUTSIDE_SELECT', `${columnName(expr)} makes rows: it has no place here`, {
    sqlState: '42K0E',
    parameters: { plan },
    hint: 'it stands in a select list or LATERAL VIEW',
  });

/** The arguments of a generator in a select list, as columns. */
export function argumentsOf(column: Named): readonly (Alias & { readonly id: number })[] {
  const call = column.kind === 'alias' ? column.input : column;
  const args = isGenerator(call) ? call.args : [];
  return args.map((input) => Object.freeze({ kind: 'alias', name: columnName(input), input, id: nextId() } as const));
}

/** A select list over groups with a generator in it: its arguments are outputs of the groups, and it stands above them. */
export function generatorsAbove(
  list: readonly Named[],
  groups: (output: readonly Named[]) => Plan,
  context: Context,
): Plan {
  const outputs = list.flatMap((expr) => (expr as Alias).outputs ?? []);
  const read = outputs.find(({ id }) => list.some((e) => someExpr(e, (x) => x.kind === 'attribute' && x.id === id)));
  if (read !== undefined) {
    throw new SparrowError(
      'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION',
      `there is no column \`${read.name}\` below the groups`,
      {
        sqlState: '42703',
        parameters: { objectName: `\`${read.name}\`` },
      },
    );
  }
  const made = new Map<Named, readonly (Alias & { readonly id: number })[]>();
  const below = list.flatMap((expr): readonly Named[] => {
    if (!hasGenerator(expr)) return [expr];
    const aliases = argumentsOf(expr);
    made.set(expr, aliases);
    return aliases.filter((arg) => !isConstant(arg.input));
  });
  if (made.size > 1) {
    throw new SparrowError(
      'UNSUPPORTED_GENERATOR.MULTI_GENERATOR',
      `a select list over groups can hold one generator, not ${made.size}`,
      { sqlState: '42K0E', parameters: { num: `${made.size}` } },
    );
  }
  const above = list.map((expr): Named => {
    const args = made.get(expr);
    if (args === undefined) return toAttribute(expr);
    const call = (expr as Alias).input as Call;
    return Object.freeze({
      ...(expr as Alias & { readonly id: number }),
      input: { ...call, args: args.map((arg) => (isConstant(arg.input) ? arg.input : toAttribute(arg))) },
    });
  });
  return projectGenerators(groups(below), above, context);
}

/** The outputs of a generated plan that are its generator's. */
export const generated = (plan: GeneratePlan): readonly Attribute[] => plan.output ?? outputOf(plan);
