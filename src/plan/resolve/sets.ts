import { type DataType, SparrowError, simpleString } from '../../base/index.js';
import { comparableType } from '../../functions/signature.js';
import { distinct, join, project, union, windowNode } from '../build.js';
import type { Alias, Attribute, Expr, WindowCall, WindowFrame } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { nextId } from '../ids.js';
import { and, equal, nullOf } from '../logic.js';
import type { Plan, SetOperationPlan, UnionPlan } from '../node.js';
import { outputOf } from '../output.js';
import type { Analyzed } from './analyzed.js';
import { buildCall, castTo, requireOrderable } from './calls.js';
import type { Context } from './context.js';
import { sameRows, separate } from './joins.js';
import { indexOf } from './names.js';

/** All inputs brought to the same columns: by position or by name, each of the type that holds all of them. */
export function resolveUnion(plan: UnionPlan, inputs: readonly Analyzed[], context: Context): Plan {
  const plans = plan.byName
    ? alignByName(inputs, plan.allowMissing, context)
    : inputs.map((input) => ({ plan: input.plan, columns: outputOf(input.plan) as readonly Expr[] }));
  const names = plans[0]?.columns.map((column) => (column as Attribute).name) ?? [];
  const types = commonTypes(
    plans.map(({ columns }) => columns),
    'UNION',
  );
  const aligned = plans.map(({ plan: input, columns }) => alignTypes(input, columns, types, names, context));
  const output: Attribute[] = [];
  for (const [i, name] of names.entries()) {
    const columns = aligned.map((input) => outputOf(input)[i] as Attribute);
    const type = types[i] as DataType;
    const nullable = columns.some((c) => c.nullable);
    // A column that all inputs have twice is one.
    const twin = output.find((_, j) => aligned.every((input, k) => outputOf(input)[j]?.id === columns[k]?.id));
    output.push(twin ?? Object.freeze({ kind: 'attribute', id: nextId(), name, type, nullable }));
  }
  return Object.freeze({ ...union(aligned), output });
}

interface Aligned {
  readonly plan: Plan;
  readonly columns: readonly Expr[];
}

function alignByName(inputs: readonly Analyzed[], allowMissing: boolean, context: Context): readonly Aligned[] {
  const caseSensitive = context.settings.caseSensitive === true;
  const key = (name: string): string => (caseSensitive ? name : name.toLowerCase());
  const all = new Map<string, { readonly name: string; readonly type: DataType }>();
  for (const [i, input] of inputs.entries()) {
    for (const column of outputOf(input.plan)) {
      if (!all.has(key(column.name))) {
        if (i > 0 && !allowMissing) throw missing(column.name, inputs[0] as Analyzed);
        all.set(key(column.name), column);
      }
    }
  }
  return inputs.map((input) => {
    const index = indexOf(outputOf(input.plan), caseSensitive);
    const columns = [...all.values()].map((wanted): Expr => {
      const found = index.named(wanted.name);
      if (found.length > 1) {
        throw new SparrowError(
          'AMBIGUOUS_REFERENCE',
          `a union by name needs different names, but \`${wanted.name}\` is there twice`,
          {
            sqlState: '42704',
          },
        );
      }
      if (found[0] !== undefined) return found[0];
      if (!allowMissing) throw missing(wanted.name, input);
      return Object.freeze({ kind: 'alias', name: wanted.name, input: nullOf(wanted.type), id: nextId() });
    });
    return { plan: input.plan, columns };
  });
}

function missing(name: string, input: Analyzed): SparrowError {
  return new SparrowError('UNRESOLVED_COLUMN', `a side of the union by name has no column \`${name}\``, {
    sqlState: '42703',
    candidates: outputOf(input.plan).map((column) => column.name),
    hint: 'allowMissingColumns fills it with nulls',
  });
}

/** The types all sides are brought to. */
function commonTypes(sides: readonly (readonly Expr[])[], operation: string): readonly DataType[] {
  const [first = []] = sides;
  return first.map((column, i) => {
    let type = toAttribute(column).type;
    for (const [s, side] of sides.entries()) {
      if (side.length !== first.length) throw wrongWidth(operation, first.length, side.length, s);
      const other = toAttribute(side[i] as Expr).type;
      const wider = comparableType(type, other);
      if (wider === undefined) throw incompatible(operation, i, s, type, other);
      type = wider;
    }
    return type;
  });
}

const ordinal = (n: number): string => `${n}${['st', 'nd', 'rd'][n - 1] ?? 'th'}`;

const wrongWidth = (operation: string, first: number, other: number, side: number): SparrowError =>
  new SparrowError(
    'NUM_COLUMNS_MISMATCH',
    `${operation} needs the same number of columns, but the first side has ${first} and the ${ordinal(side + 1)} has ${other}`,
    { sqlState: '42826' },
  );

const incompatible = (operation: string, column: number, side: number, a: DataType, b: DataType): SparrowError =>
  new SparrowError(
    'INCOMPATIBLE_COLUMN_TYPE',
    `the ${ordinal(column + 1)} column of the ${ordinal(side + 1)} side of ${operation} is ` +
      `${simpleString(b).toUpperCase()}, which does not go together with ${simpleString(a).toUpperCase()}`,
    { sqlState: '42825', hint: 'cast one of them' },
  );

function alignTypes(
  input: Plan,
  columns: readonly Expr[],
  types: readonly DataType[],
  names: readonly string[],
  { settings }: Context,
): Plan {
  if (columns.length !== types.length) throw wrongWidth('UNION', types.length, columns.length, 1);
  const exprs = columns.map((column, i) => {
    const value = column.kind === 'alias' ? column.input : column;
    const cast = castTo(value, types[i] as DataType, settings.ansi);
    if (cast === column) return column;
    return cast === value
      ? column
      : Object.freeze({ kind: 'alias', name: names[i] ?? '', input: cast, id: nextId() } as const);
  });
  const output = outputOf(input);
  const same = exprs.length === output.length && exprs.every((expr, i) => expr === output[i]);
  return same ? input : project(input, exprs);
}

/** INTERSECT and EXCEPT as joins that take nulls for equal; ALL numbers the copies of a row first. */
export function resolveSetOperation(
  plan: SetOperationPlan,
  left: Analyzed,
  right: Analyzed,
  context: Context,
): Analyzed {
  const operation = plan.op.toUpperCase();
  const leftColumns = outputOf(left.plan);
  const names = leftColumns.map((column) => column.name);
  const types = commonTypes([leftColumns, outputOf(right.plan)], operation);
  const one = { ...left, plan: alignTypes(left.plan, leftColumns, types, names, context) };
  const other = { ...right, plan: alignTypes(right.plan, outputOf(right.plan), types, names, context) };
  for (const column of outputOf(one.plan)) requireOrderable(column, operation.toLowerCase());
  const how = plan.op === 'intersect' ? 'semi' : 'anti';
  const { left: l, right: r, edges } = separate(one, other);
  const frames = { inputs: [edges[0]] };
  const condition = sameRows(l, r, context);
  if (!plan.all) return { plan: distinct(join(l, r, how, condition)), frames };
  const a = numberCopies(l, context);
  const b = numberCopies(r, context);
  const numbered = equal(a.number, b.number);
  const joined = join(a.plan, b.plan, how, condition === undefined ? numbered : and(condition, numbered));
  return { plan: project(joined, outputOf(l)), frames };
}

function numberCopies(plan: Plan, context: Context): { readonly plan: Plan; readonly number: Attribute } {
  const columns = outputOf(plan);
  const orderBy = columns.map((input) => ({ kind: 'sort_order', input, descending: false, nullsFirst: true }) as const);
  const input = buildCall('rowNumber', [], context.settings);
  const frame: WindowFrame = { unit: 'rows', start: { kind: 'unbounded_preceding' }, end: { kind: 'current_row' } };
  const numbering: WindowCall = {
    kind: 'window_call',
    input,
    spec: { partitionBy: columns, orderBy, frame },
    type: input.type,
    nullable: false,
  };
  const number: Alias = Object.freeze({ kind: 'alias', name: '_copy', id: nextId(), input: numbering });
  return { plan: windowNode(plan, [number], columns, orderBy), number: toAttribute(number) };
}
