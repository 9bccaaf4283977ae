import { int8Type, int32Type, int64Type, SparrowError } from '../../base/index.js';
import { alias } from '../build.js';
import { expandRows, renewed } from '../build-relations.js';
import type { Attribute, Expr, UnresolvedCall, UnresolvedColumn } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { exprKey } from '../facts.js';
import { nextId } from '../ids.js';
import { nullOf } from '../logic.js';
import type { Plan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { replaceExpr, someExpr } from '../walk-expr.js';
import { buildCall } from './calls.js';
import type { Context } from './context.js';
import { isGroupingCall, type Named, resolveExpr } from './exprs.js';
import type { Scope } from './scope.js';

/** Grouping sets as plain grouping: each row once for each set, with null in the columns the set leaves out. */
export interface GroupingSets {
  readonly plan: Plan;
  /** What to group by: the columns, the set's number as Spark counts it, and what tells equal sets apart. */
  readonly keys: readonly Attribute[];
  /** Grouping columns by the key of their expression. */
  readonly computed: ReadonlyMap<number, Attribute>;
  readonly names: readonly string[];
  /** A bit for each column that the row's set leaves out, the first column's highest. */
  readonly id: Attribute;
}

/** More columns have no room in the number of a set. */
const MOST_COLUMNS = 64;

export function groupingSets(
  input: Plan,
  given: readonly Named[],
  givenSets: readonly (readonly number[])[],
): GroupingSets {
  const { groupBy, sets } = withoutTwins(given, givenSets);
  if (groupBy.length > MOST_COLUMNS) {
    throw new SparrowError('GROUPING_SIZE_LIMIT_EXCEEDED', `grouping sets have at most ${MOST_COLUMNS} columns`, {
      sqlState: '54000',
    });
  }
  const passed = outputOf(input);
  const columns = groupBy.map((key): Attribute => renewed(toAttribute(key), true));
  const id = plainColumn('spark_grouping_id', int64Type);
  const texts = sets.map((set) => [...new Set(set)].sort((a, b) => a - b).join());
  // Equal sets give equal groups twice, so something must keep their rows apart.
  const position = new Set(texts).size < texts.length ? [plainColumn('_gen_grouping_pos', int32Type)] : [];
  const values = groupBy.map((key) => (key.kind === 'alias' ? key.input : key));
  const projections = sets.map((set, i): readonly Expr[] => {
    const kept = new Set(set);
    const bits = groupBy.reduce((all, _, g) => (all << 1n) | (kept.has(g) ? 0n : 1n), 0n);
    return [
      ...passed,
      ...values.map((value, g) => (kept.has(g) ? value : nullOf((columns[g] as Attribute).type))),
      { kind: 'literal', type: int64Type, value: BigInt.asIntN(64, bits) },
      ...position.map((): Expr => ({ kind: 'literal', type: int32Type, value: i })),
    ];
  });
  const added = [...columns, id, ...position];
  return {
    plan: expandRows(input, projections, [...passed, ...added]),
    keys: added,
    computed: new Map(values.map((value, g) => [exprKey(value), columns[g] as Attribute])),
    names: groupBy.map((key) => key.name),
    id,
  };
}

/** Each expression once, also where it was written in two ways: `GROUPING SETS ((a, b), (1))`. */
function withoutTwins(given: readonly Named[], sets: readonly (readonly number[])[]) {
  const places = new Map<number, number>();
  const groupBy: Named[] = [];
  const moved = given.map((key) => {
    const value = exprKey(key.kind === 'alias' ? key.input : key);
    const known = places.get(value);
    if (known !== undefined) return known;
    places.set(value, groupBy.length);
    return groupBy.push(key) - 1;
  });
  return { groupBy, sets: sets.map((set) => set.map((at) => moved[at] as number)) };
}

const plainColumn = (name: string, type: Attribute['type']): Attribute =>
  Object.freeze({ kind: 'attribute', id: nextId(), name, type, nullable: false });

/** What `grouping(…)` and `grouping_id(…)` stand for, and how outputs that hold them are called. */
export function groupingCalls(sets: GroupingSets, inputScope: Scope, { settings }: Context) {
  const columns = [...sets.computed.keys()];
  const bit = (arg: Expr): number => {
    const at = columns.indexOf(exprKey(resolveExpr(arg, inputScope, settings)));
    if (at >= 0) return columns.length - 1 - at;
    throw new SparrowError('GROUPING_COLUMN_MISMATCH', `${columnName(arg)} is not among the grouping columns`, {
      sqlState: '42803',
      candidates: sets.names,
      parameters: { grouping: columnName(arg), groupingColumns: sets.names.join(',') },
    });
  };
  const idOf = (args: readonly Expr[]): Expr => {
    const wanted = args.map((arg) => exprKey(resolveExpr(arg, inputScope, settings)));
    const all = wanted.length === columns.length && wanted.every((key, i) => key === columns[i]);
    if (args.length === 0 || all) return sets.id;
    throw new SparrowError(
      'GROUPING_ID_COLUMN_MISMATCH',
      'grouping_id() takes all grouping columns in order, or none',
      {
        sqlState: '42803',
        candidates: sets.names,
      },
    );
  };
  const resolved = (call: UnresolvedCall): Expr => {
    if (!/^grouping$/i.test(call.name)) return idOf(call.args);
    const [arg] = call.args;
    if (arg === undefined || call.args.length > 1) throw refused(call);
    const shift: Expr = { kind: 'literal', type: int32Type, value: bit(arg) };
    const one: Expr = { kind: 'literal', type: int64Type, value: 1n };
    const shifted = buildCall('shiftrightunsigned', [sets.id, shift], settings);
    const found = buildCall('bitwiseAnd', [shifted, one], settings);
    return Object.freeze({ kind: 'cast', input: found, type: int8Type, implicit: true, nullable: false });
  };
  // The name that Hive gave to the number of a set.
  const isHiveName = (e: Expr): boolean => e.kind === 'unresolved_column' && /^grouping__id$/i.test(e.name);
  const replace = (expr: Expr): Expr =>
    isHiveName(expr)
      ? alias(sets.id, (expr as UnresolvedColumn).name)
      : replaceExpr(expr, (e) => (isGroupingCall(e) ? resolved(e) : isHiveName(e) ? sets.id : undefined));
  return { replace };
}

const refused = (call: Expr): SparrowError =>
  new SparrowError('UNSUPPORTED_GROUPING_EXPRESSION', `${columnName(call)} goes with GROUPING SETS, ROLLUP and CUBE`, {
    sqlState: '42K0E',
  });

/** Without grouping sets there is nothing `grouping` could say. */
export function refuseGrouping(expr: Expr): Expr {
  if (someExpr(expr, isGroupingCall))
    replaceExpr(expr, (e) => {
      if (isGroupingCall(e)) throw refused(e);
      return undefined;
    });
  return expr;
}
