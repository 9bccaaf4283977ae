import { nearestNames, SparrowError } from '../base/index.js';
import { call } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { JoinType } from '../plan/node.js';
import type { JoinKinds } from './frame-types.js';
import { theColumn } from './names.js';

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
