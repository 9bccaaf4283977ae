import { SparrowError } from '../../base/index.js';
import type { VariableLookup } from '../catalog.js';
import type { AggregateCall, Attribute, Expr, LambdaVariable, UnresolvedColumn } from '../expr.js';
import type { Plan } from '../node.js';
import { outputOf } from '../output.js';
import { children } from '../walk.js';
import { type Frames, findInFrame } from './frames.js';
import { ambiguousReference, indexOf, type NameMatch, nameParts, unresolvedColumn } from './names.js';

/** A resolved plan with the frames its columns can be named through. */
export interface Analyzed {
  readonly plan: Plan;
  readonly frames: Frames;
}

/** What an expression can reach besides its input. */
export interface Surroundings {
  /** The names of the query around a subquery. */
  readonly outer?: Scope;
  /** The SQL variable of a name that means nothing else. */
  readonly variable?: VariableLookup;
  /** Analyses a plan inside a query: in a scope whose names it may use, and with these recursive queries known. */
  readonly subquery: (
    plan: Plan,
    outer: Scope | undefined,
    recursive?: ReadonlyMap<number, readonly Attribute[]>,
  ) => Analyzed;
}

/** What names mean at one place of a plan. */
export interface Scope {
  readonly output: readonly Attribute[];
  readonly caseSensitive: boolean;
  match(parts: readonly string[]): NameMatch;
  qualified(qualifier: string): readonly Attribute[];
  /** The visible column with this id. */
  byId(id: number): Attribute | undefined;
  readonly frames: Frames;
  readonly around: Surroundings;
  /** Parameters of the lambda functions around, innermost first: they hide columns of their names. */
  readonly variables?: readonly LambdaVariable[];
  /** What a name stands for that is no column here: an earlier alias of a select list, a column below an aggregate. */
  readonly fallback?: (parts: readonly string[], column: UnresolvedColumn) => FallbackColumn | undefined;
  /** The column that an aggregate over this query's rows is, when a subquery asks for it. */
  readonly outerAggregate?: (call: AggregateCall) => Attribute;
  /** Asked for columns that are not visible: those that projections below left out. */
  readonly hidden?: Hidden;
}

export interface FallbackColumn {
  readonly expr: Expr;
  readonly fields: readonly string[];
}

interface Hidden {
  /** The nearest columns below that `match` finds. */
  find(match: (output: readonly Attribute[]) => NameMatch): NameMatch | undefined;
  /** Whether a bare name finds them (to sort or filter by), or only a column taken from its frame. */
  readonly byName: boolean;
  /** Whether it also finds what is called like several visible columns. */
  readonly ambiguous?: boolean;
}

export function scopeOf(
  output: readonly Attribute[],
  frames: Frames,
  caseSensitive: boolean,
  around: Surroundings,
): Scope {
  const index = indexOf(output, caseSensitive);
  let ids: Map<number, Attribute> | undefined;
  return {
    output,
    caseSensitive,
    match: (parts) => index.match(parts),
    qualified: (qualifier) => index.qualified(qualifier),
    byId: (id) => {
      ids ??= new Map(output.map((attribute) => [attribute.id, attribute]));
      return ids.get(id);
    },
    frames,
    around,
  };
}

/** A scope that also sees columns which projections below `input` left out; `needed` collects those that were used. */
export function withHidden(scope: Scope, input: Plan, needed: Set<number>, byName: boolean, ambiguous = false): Scope {
  const find: Hidden['find'] = (match) => {
    for (const plan of plansBelow(input)) {
      const found = match(outputOf(plan));
      if (found.attributes.length === 0) continue;
      for (const { id } of found.attributes) needed.add(id);
      return found;
    }
    return undefined;
  };
  return { ...scope, hidden: { find, byName, ambiguous } };
}

/** The inputs whose columns can still be fetched through the nodes above them, nearest first. */
function* plansBelow(input: Plan): Generator<Plan> {
  let plan: Plan | undefined = input;
  while (plan !== undefined) {
    switch (plan.kind) {
      case 'project':
      case 'filter':
      case 'sort':
      case 'limit':
      case 'window':
      case 'sample':
      case 'repartition':
        plan = children(plan)[0];
        if (plan !== undefined) yield plan;
        break;
      default:
        return;
    }
  }
}

export interface FoundColumn {
  readonly attribute: Attribute;
  /** Struct fields to take from it, outermost first. */
  readonly fields: readonly string[];
  /** It belongs to a query around this one. */
  readonly outer?: boolean;
}

/** Why a name means no column: made when it is thrown, since a name is often found elsewhere. */
export type NotHere = () => SparrowError;

export const isFound = (found: FoundColumn | NotHere): found is FoundColumn => typeof found !== 'function';

/** The column a name means in this query. */
export const findHere = (column: UnresolvedColumn, scope: Scope): FoundColumn | NotHere =>
  column.planId === undefined ? byName(column.name, scope) : byFrame(column.name, column.planId, scope);

/** The column a name means: the nearest query that has it gives it. */
export function findColumn(column: UnresolvedColumn, scope: Scope): FoundColumn {
  const found = findAnywhere(column, scope);
  if (isFound(found)) return found;
  throw found();
}

function findAnywhere(column: UnresolvedColumn, scope: Scope): FoundColumn | NotHere {
  const found = findHere(column, scope);
  return isFound(found) ? found : (findOuter(column, scope) ?? found);
}

/** The column a name means in the queries around this one. */
export function findOuter(column: UnresolvedColumn, { around: { outer } }: Scope): FoundColumn | undefined {
  const found = outer && findAnywhere(column, outer);
  return found !== undefined && isFound(found) ? { ...found, outer: true } : undefined;
}

export const isNotHere = (error: unknown): boolean =>
  error instanceof SparrowError &&
  (error.code.startsWith('UNRESOLVED_COLUMN') || error.code === 'CANNOT_RESOLVE_DATAFRAME_COLUMN');

function byName(name: string, scope: Scope): FoundColumn | NotHere {
  const missing: NotHere = () => unresolvedColumn(name, scope.output);
  const parts = nameParts(name);
  let match = scope.match(parts);
  if (match.attributes.length === 0 && scope.hidden?.byName === true) {
    match = scope.hidden.find((output) => indexOf(output, scope.caseSensitive).match(parts)) ?? match;
  }
  let distinct = uniqueById(match.attributes);
  if (distinct.length > 1 && scope.hidden?.ambiguous === true) {
    // To sort by, a name that is given twice means the column below.
    match = scope.hidden.find((output) => indexOf(output, scope.caseSensitive).match(parts)) ?? match;
    distinct = uniqueById(match.attributes);
    if (distinct.length > 1) return missing;
  }
  const [attribute] = distinct;
  if (attribute === undefined) return missing;
  if (distinct.length > 1) throw ambiguousReference(name, distinct);
  // The column is called what the user called it, in his case.
  const asked = parts[parts.length - 1 - match.fields.length] ?? attribute.name;
  if (asked === attribute.name && attribute.key === undefined) return { attribute, fields: match.fields };
  const { key: _, ...column } = attribute;
  return { attribute: { ...column, name: asked }, fields: match.fields };
}

function byFrame(name: string, planId: number, scope: Scope): FoundColumn | NotHere {
  const match = findInFrame(scope.frames, planId, name);
  const candidates = uniqueById(match.attributes);
  if (candidates.length === 0) return () => unresolvedColumn(name, scope.output);
  let visible: readonly Attribute[] = candidates.flatMap((candidate) => scope.byId(candidate.id) ?? []);
  if (visible.length === 0) {
    const ids = new Set(candidates.map((candidate) => candidate.id));
    const below = (output: readonly Attribute[]): NameMatch => ({
      attributes: output.filter((attribute) => ids.has(attribute.id)),
      fields: match.fields,
    });
    visible = uniqueById(scope.hidden?.find(below)?.attributes ?? []);
  }
  const [attribute] = visible;
  if (attribute === undefined) return () => noLongerHere(name, scope);
  if (visible.length > 1) throw ambiguousReference(name, visible);
  return { attribute, fields: match.fields };
}

const noLongerHere = (name: string, { output }: Scope): SparrowError =>
  new SparrowError('CANNOT_RESOLVE_DATAFRAME_COLUMN', `the column \`${name}\` of that DataFrame is no longer here`, {
    sqlState: '42704',
    parameters: { name },
    candidates: output.map((a) => a.name).slice(0, 5),
    hint: 'it was dropped, replaced or computed anew on the way: name the column by col("…")',
  });

function uniqueById(attributes: readonly Attribute[]): readonly Attribute[] {
  if (attributes.length < 2) return attributes;
  return [...new Map(attributes.map((attribute) => [attribute.id, attribute])).values()];
}
