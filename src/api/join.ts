import { nearestNames, SparrowError } from '../base/index.js';
import { call } from '../plan/build.js';
import type { AsOfFields } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { JoinType } from '../plan/node.js';
import type { ColumnBase } from './column.js';
import type { AsOfOptions, JoinKinds } from './frame-types.js';
import { columnByName } from './functions.js';
import { literalOf } from './literal.js';
import { theColumn, theName } from './names.js';

/** Spark's names of each join. */
const kinds: JoinKinds = {
  inner: 'inner',
  cross: 'cross',
  left: 'left',
  leftouter: 'left',
  left_outer: 'left',
  right: 'right',
  rightouter: 'right',
  right_outer: 'right',
  outer: 'full',
  full: 'full',
  fullouter: 'full',
  full_outer: 'full',
  semi: 'semi',
  leftsemi: 'semi',
  left_semi: 'semi',
  anti: 'anti',
  leftanti: 'anti',
  left_anti: 'anti',
};

export function joinType(how: unknown): JoinType {
  const name = typeof how === 'string' ? how.toLowerCase() : String(how);
  if (Object.hasOwn(kinds, name)) return kinds[name as keyof JoinKinds];
  throw new SparrowError('UNSUPPORTED_JOIN_TYPE', `there is no join '${name}'`, {
    candidates: nearestNames(name, Object.keys(kinds), 3),
  });
}

/** A column or a list of them, which all have to hold; undefined for a join without condition. */
export function joinCondition(given: unknown): Expr | undefined {
  if (given === undefined || given === null) return undefined;
  const conditions = (Array.isArray(given) ? given : [given]).map((c) => theColumn(c, 'a join condition').expr);
  return conditions.reduce<Expr | undefined>(
    (all, condition) => (all === undefined ? condition : call('and', all, condition)),
    undefined,
  );
}

const DIRECTIONS = ['backward', 'forward', 'nearest'] as const;

type AnyAsOf = AsOfOptions<Record<string, unknown>, Record<string, unknown>>;

/** The options of `joinAsOf`, checked. */
export function asOfFields(given: object): AsOfFields {
  const { on, by = [], how = 'left', direction = 'backward', tolerance, allowExactMatches = true }: AnyAsOf = given;
  const { leftOn = on, rightOn = on }: { leftOn?: string | ColumnBase; rightOn?: string | ColumnBase } =
    given as AnyAsOf;
  if (leftOn === undefined || rightOn === undefined) {
    throw wrong('INVALID_PARAMETER_VALUE', '`on`, or both of `leftOn` and `rightOn`, must say what is compared');
  }
  if (!DIRECTIONS.includes(direction)) {
    throw wrong('AS_OF_JOIN.UNSUPPORTED_DIRECTION', `there is no direction '${direction}'`, DIRECTIONS);
  }
  if (how !== 'left' && how !== 'inner') {
    throw wrong('UNSUPPORTED_JOIN_TYPE', `there is no as-of join '${how}'`, ['left', 'inner']);
  }
  if (typeof tolerance === 'string' ? tolerance.trim().startsWith('-') : Number(tolerance) < 0) {
    throw wrong('AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE', `the tolerance ${tolerance} is below zero`);
  }
  return {
    leftOn: compared(leftOn),
    rightOn: compared(rightOn),
    columns: [by].flat().map((name) => theName(name, 'a column of `by`')),
    how,
    direction,
    allowExactMatches,
    ...(on === undefined ? {} : { sharedOn: theName(on, 'the column of `on`') }),
    ...(tolerance === undefined ? {} : { tolerance: typeof tolerance === 'string' ? tolerance : literalOf(tolerance) }),
  };
}

const compared = (of: string | ColumnBase): Expr =>
  typeof of === 'string' ? columnByName(of) : theColumn(of, 'what is compared').expr;

const wrong = (code: string, message: string, candidates: readonly string[] = []): SparrowError =>
  new SparrowError(code, message, { candidates });
