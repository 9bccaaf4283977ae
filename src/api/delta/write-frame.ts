import {
  type DataType,
  type Field,
  isNumeric,
  SparrowError,
  sameType,
  simpleString,
  stringType,
  structType,
} from '../../base/index.js';
import { alias, call, cast, column, literal, project, sqlExpr, union, write } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import { nullOf } from '../../plan/logic.js';
import type { Plan, WritePlan } from '../../plan/node.js';
import { countRows, runToEnd } from '../actions.js';
import type { FrameContext } from '../context.js';
import type { ActionOptions, WriteResult } from '../engine.js';
import { quoted } from '../names.js';
import { DeltaTarget, without } from './target.js';

type Target = Omit<WritePlan, 'kind' | 'input' | 'planId'>;

/** Writes a frame to a Delta table: its columns are brought to the table's by name. */
export async function writeDelta(
  context: FrameContext,
  plan: Plan,
  target: Target,
  given: ActionOptions,
): Promise<WriteResult> {
  const { mode, path } = target;
  const condition = optionOf(target, 'replaceWhere');
  const table = await DeltaTarget.find(context, path);
  const replacesSchema = mode === 'overwrite' && optionOf(target, 'overwriteSchema')?.toLowerCase() === 'true';
  const asked = Object.entries(target.options).filter(([name]) => name.toLowerCase() !== 'replacewhere');
  const options = Object.fromEntries(asked);
  const fits = table !== undefined && (mode === 'append' || mode === 'overwrite') && !replacesSchema;
  const merges = optionOf(target, 'mergeSchema')?.toLowerCase() === 'true';
  const rows = fits ? fitted(plan, await context.engine.analyze(plan, context.settings), table, merges) : plan;
  if (condition !== undefined && mode !== 'overwrite') {
    throw new SparrowError('DELTA_REPLACE_WHERE_WITH_FILTER_DATA_CHANGE_UNSET', 'replaceWhere needs mode overwrite', {
      hint: ".mode('overwrite').option('replaceWhere', …)",
    });
  }
  if (condition !== undefined && table !== undefined) {
    return replaceWhere(table, rows, { text: condition, expr: sqlExpr(condition) }, given, options);
  }
  let result: WriteResult = { files: 0, rows: 0, bytes: 0 };
  await runToEnd(context, write(rows, { ...target, options }), { ...given, onWritten: (made) => (result = made) });
  return result;
}

const optionOf = ({ options }: Target, wanted: string): string | undefined =>
  Object.entries(options).find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1];

/** The rows for which a condition is true are replaced; the new ones must all be such rows. */
async function replaceWhere(
  table: DeltaTarget,
  rows: Plan,
  condition: { readonly text: string; readonly expr: Expr },
  given: ActionOptions,
  options: Readonly<Record<string, string>>,
): Promise<WriteResult> {
  const stray = await countRows(table.context, without(rows, condition.expr), given);
  if (stray > 0) {
    throw new SparrowError('DELTA_REPLACE_WHERE_MISMATCH', `${stray} of the rows written are not (${condition.text})`, {
      where: `Delta table ${table.path}`,
      hint: 'filter them out, or widen replaceWhere',
    });
  }
  const removed = await table.filesWith(condition.expr, given);
  const kept = without(table.rows(removed), condition.expr);
  const all = removed.length === 0 ? rows : union([kept, rows], true, true);
  const parameters = { mode: 'Overwrite', predicate: condition.text };
  return table.write(all, { removed, operation: 'WRITE', parameters }, given, options);
}

/** A frame's columns as the table has them: by name, cast where nothing is lost in meaning, null where missing. */
export function fitted(
  plan: Plan,
  { fields }: { readonly fields: readonly Field[] },
  table: DeltaTarget,
  mergeSchema: boolean,
): Plan {
  const taken = new Set<Field>();
  const exprs = table.columns.map((wanted): Expr => {
    const found = fields.find((f) => same(f.name, wanted.name));
    if (found === undefined) return alias(nullOf(wanted.type), wanted.name);
    taken.add(found);
    return alias(assigned(found, wanted, table, mergeSchema), wanted.name);
  });
  const more = fields.filter((f) => !taken.has(f));
  if (more.length > 0 && !mergeSchema) {
    const names = more.map(({ name }) => `\`${name}\``).join(', ');
    throw new SparrowError('DELTA_METADATA_MISMATCH', `the table has no columns ${names}`, {
      where: `Delta table ${table.path}`,
      candidates: table.columns.map(({ name }) => name),
      hint: "the option 'mergeSchema' adds them to the table",
    });
  }
  return project(plan, [...exprs, ...more.map(({ name }) => column(quoted(name)))]);
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function assigned(from: Field, table: Field, target: DeltaTarget, mergeSchema: boolean): Expr {
  const to = mergeSchema ? { ...table, type: withNewFields(table.type, from.type) } : table;
  if (to.type !== table.type && canTake(from.type, to.type))
    return conformed(column(quoted(from.name)), from.type, to.type);
  return castTo(from, to, target);
}

/** A struct type with the fields behind its own that another one has more. */
function withNewFields(table: DataType, given: DataType): DataType {
  if (table.kind !== 'struct' || given.kind !== 'struct') return table;
  const own = table.fields.map((f) => {
    const more = given.fields.find(({ name }) => same(name, f.name));
    return more === undefined ? f : { ...f, type: withNewFields(f.type, more.type) };
  });
  const added = given.fields.filter(({ name }) => !own.some((f) => same(f.name, name)));
  const isSame = added.length === 0 && own.every((f, i) => f.type === table.fields[i]?.type);
  // A struct that lacks fields is filled up as well.
  if (isSame && given.fields.length === own.length) return table;
  return structType([...own, ...added.map((f) => ({ ...f, nullable: true }))]);
}

/** Whether every field can be assigned to the one of its name. */
function canTake(from: DataType, to: DataType): boolean {
  if (from.kind !== 'struct' || to.kind !== 'struct') return canAssign(from, to);
  return from.fields.every(({ name, type }) => canTake(type, to.fields.find((f) => same(f.name, name))?.type ?? type));
}

/** A struct with its fields by name, those that it lacks null. */
function conformed(given: Expr, from: DataType, to: DataType): Expr {
  if (from.kind !== 'struct' || to.kind !== 'struct') return sameType(from, to) ? given : cast(given, to);
  const fields = to.fields.flatMap(({ name, type }): Expr[] => {
    const own = from.fields.find((f) => same(f.name, name));
    const text = literal(stringType, name);
    if (own === undefined) return [text, nullOf(type)];
    return [text, conformed(call('getField', given, literal(stringType, own.name)), own.type, type)];
  });
  return call('if', call('isnull', given), nullOf(to), cast(call('named_struct', ...fields), to));
}

function castTo(from: Field, to: Field, table: DeltaTarget): Expr {
  const given = column(quoted(from.name));
  if (sameType(from.type, to.type)) return given;
  if (canAssign(from.type, to.type)) return cast(given, to.type);
  throw new SparrowError(
    'DELTA_FAILED_TO_MERGE_FIELDS',
    `the column \`${from.name}\` is ${simpleString(from.type)}, and ${simpleString(to.type)} in the table`,
    { where: `Delta table ${table.path}`, hint: 'cast the column yourself' },
  );
}

/** What keeps its meaning; a number too large for its column is an error when it is met. */
function canAssign(from: DataType, to: DataType): boolean {
  if (from.kind === 'null' || sameType(from, to)) return true;
  if (isNumeric(from) && isNumeric(to)) return true;
  if (from.kind === 'date' && (to.kind === 'timestamp' || to.kind === 'timestamp_ntz')) return true;
  if (from.kind === 'array' && to.kind === 'array') return canAssign(from.element, to.element);
  if (from.kind === 'map' && to.kind === 'map') return canAssign(from.key, to.key) && canAssign(from.value, to.value);
  return (
    from.kind === 'struct' &&
    to.kind === 'struct' &&
    from.fields.length === to.fields.length &&
    from.fields.every((f, i) => f.name === to.fields[i]?.name && canAssign(f.type, to.fields[i]?.type ?? f.type))
  );
}
