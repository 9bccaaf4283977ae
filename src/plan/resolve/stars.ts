import { SparrowError, simpleString } from '../../base/index.js';
import { alias } from '../build.js';
import type { Attribute, Expr, UnresolvedStar } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { buildCall } from './calls.js';
import type { PlanSettings } from './context.js';
import { fieldOf } from './fields.js';
import { ambiguousReference, indexOf, nameParts, unresolvedColumn } from './names.js';
import type { Scope } from './scope.js';

/** The columns a star stands for. */
export function starColumns(star: UnresolvedStar, scope: Scope): readonly Expr[] {
  const columns = matching(starredColumns(star, scope), star.pattern, scope);
  return star.except === undefined ? columns : without(columns, star.except, scope);
}

function matching(columns: readonly Expr[], pattern: string | undefined, scope: Scope): readonly Expr[] {
  if (pattern === undefined) return columns;
  const whole = new RegExp(`^(?:${pattern})$`, scope.caseSensitive ? 'u' : 'iu');
  return columns.filter((column) => column.kind === 'attribute' && whole.test(column.name));
}

const asAttribute = (column: Expr, i: number): Attribute =>
  column.kind === 'attribute'
    ? column
    : {
        kind: 'attribute',
        id: -1 - i,
        name: column.kind === 'alias' ? column.name : '',
        type: exprType(column),
        nullable: exprNullable(column),
      };

/** `* EXCEPT (a, b.c)`: without whole columns, and without fields of structs. */
function without(columns: readonly Expr[], except: readonly string[], scope: Scope): readonly Expr[] {
  const output = columns.map(asAttribute);
  const index = indexOf(output, scope.caseSensitive);
  const left = new Map<number, string[][]>();
  for (const name of except) {
    const { attributes, fields } = index.match(nameParts(name));
    const [found, ...more] = attributes;
    if (found === undefined) throw unresolvedColumn(name, output);
    if (more.some(({ id }) => id !== found.id)) throw ambiguousReference(name, attributes);
    const others = left.get(found.id) ?? [];
    const path = fields.map((field) => (scope.caseSensitive ? field : field.toLowerCase()));
    if (others.some((other) => begins(other, path) || begins(path, other))) throw overlapping(name, except);
    left.set(found.id, [...others, path]);
  }
  const settings = { ...PLAIN_SETTINGS, caseSensitive: scope.caseSensitive };
  return columns.flatMap((column, i): readonly Expr[] => {
    const paths = left.get((output[i] as Attribute).id);
    if (paths === undefined) return [column];
    const value = column.kind === 'alias' ? column.input : column;
    const rest = withoutFields(value, paths, settings);
    return rest === undefined ? [] : [alias(rest, (output[i] as Attribute).name)];
  });
}

const begins = (short: readonly string[], long: readonly string[]): boolean =>
  short.every((part, i) => part === long[i]);

/** A struct made anew of the fields that stay; undefined when nothing stays. */
function withoutFields(value: Expr, paths: readonly (readonly string[])[], settings: PlanSettings): Expr | undefined {
  if (paths.some((path) => path.length === 0)) return undefined;
  const type = exprType(value);
  if (type.kind !== 'struct') {
    throw new SparrowError(
      'EXCEPT_NESTED_COLUMN_INVALID_TYPE',
      `EXCEPT names a field of what is no struct but ${simpleString(type).toUpperCase()}`,
      { sqlState: '428H2' },
    );
  }
  const key = (name: string): string => (settings.caseSensitive === true ? name : name.toLowerCase());
  const names = type.fields.map((field) => key(field.name));
  const unknown = paths.find(([first]) => !names.includes(first as string));
  if (unknown !== undefined) fieldOf(value, unknown[0] as string, settings);
  const args = type.fields.flatMap(({ name }): readonly { name: string; value: Expr }[] => {
    const field = fieldOf(value, name, settings);
    const own = paths.filter(([first]) => first === key(name)).map(([, ...path]) => path);
    const rest = own.length === 0 ? field : withoutFields(field, own, settings);
    return rest === undefined ? [] : [{ name, value: rest }];
  });
  const values = args.map((arg) => arg.value);
  return buildCall('struct', values, settings, { names: args.map((arg) => arg.name) });
}

const overlapping = (name: string, except: readonly string[]): SparrowError =>
  new SparrowError('EXCEPT_OVERLAPPING_COLUMNS', `the column \`${name}\` stands in EXCEPT twice`, {
    sqlState: '42702',
    parameters: { columns: except.join(', ') },
  });

function starredColumns(star: UnresolvedStar, scope: Scope): readonly Expr[] {
  if (star.qualifier === undefined) return scope.output.filter((attribute) => attribute.key === undefined);
  const found = qualifiedColumns(star.qualifier, scope);
  if (found !== undefined) return found;
  for (let { outer } = scope.around; outer !== undefined; outer = outer.around.outer) {
    const columns = qualifiedColumns(star.qualifier, outer);
    if (columns !== undefined) return columns.map((column) => asOuter(column, star.qualifier as string));
  }
  const names = [...new Set(scope.output.flatMap((a) => a.qualifier ?? []))];
  throw new SparrowError(
    'CANNOT_RESOLVE_STAR_EXPAND',
    `there is nothing called \`${star.qualifier}\` to take all columns of`,
    {
      sqlState: '42704',
      candidates: names,
    },
  );
}

/** All columns of a table, or all fields of a struct. */
function qualifiedColumns(qualifier: string, scope: Scope): readonly Expr[] | undefined {
  const columns = scope.qualified(qualifier);
  return columns.length > 0 ? columns.map(withoutKey) : starFields(qualifier, scope);
}

/** Columns of the query around this one. */
function asOuter(column: Expr, qualifier: string): Expr {
  if (column.kind === 'attribute') {
    return alias(Object.freeze({ kind: 'outer_reference', attribute: column }), column.name);
  }
  throw new SparrowError(
    'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED',
    `the fields of ${qualifier}, which belongs to the query around, must be named one by one`,
    { sqlState: '0A000' },
  );
}

/** A key of a USING join, taken by its qualifier, is a column like any other. */
function withoutKey(attribute: Attribute): Attribute {
  const { key, ...column } = attribute;
  return key === undefined ? attribute : Object.freeze(column);
}

/** The fields of a struct column, each under its name. */
function starFields(qualifier: string, scope: Scope): readonly Expr[] | undefined {
  const { attributes, fields } = scope.match(nameParts(qualifier));
  const [attribute] = attributes;
  if (attribute === undefined || attributes.length > 1) return undefined;
  const settings = { ...PLAIN_SETTINGS, caseSensitive: scope.caseSensitive };
  const struct = fields.reduce<Expr>((expr, name) => fieldOf(expr, name, settings), attribute);
  const type = exprType(struct);
  if (type.kind !== 'struct') return undefined;
  return type.fields.map(({ name }) => alias(fieldOf(struct, name, settings), name));
}

/** Taking fields depends on no setting of the session but the case of names. */
const PLAIN_SETTINGS: PlanSettings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };
