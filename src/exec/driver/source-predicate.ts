import type { Predicate } from '../../base/index.js';
import type { Attribute, Expr, Literal } from '../../plan/expr.js';
import { splitAnd, splitOr } from '../../plan/logic.js';

const COMPARISONS: Readonly<
  Record<string, { op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'; flipped: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' }>
> = {
  eq: { op: 'eq', flipped: 'eq' },
  ne: { op: 'ne', flipped: 'ne' },
  lt: { op: 'lt', flipped: 'gt' },
  le: { op: 'le', flipped: 'ge' },
  gt: { op: 'gt', flipped: 'lt' },
  ge: { op: 'ge', flipped: 'le' },
};

/** What of a condition a source can decide; undefined when nothing. It may admit more rows than the condition, never fewer. */
export function toPredicate(condition: Expr): Predicate | undefined {
  const terms = splitAnd(condition);
  if (terms.length > 1) {
    const known = terms.map(toPredicate).filter((p) => p !== undefined);
    return known.length === 0 ? undefined : { kind: 'and', inputs: known };
  }
  const choices = splitOr(condition);
  if (choices.length > 1) {
    const known = choices.map(toPredicate);
    return known.every((p) => p !== undefined) ? { kind: 'or', inputs: known } : undefined;
  }
  if (condition.kind !== 'call') return undefined;
  const [a, b] = condition.args;
  const comparison = COMPARISONS[condition.fn];
  if (comparison !== undefined) {
    if (a?.kind === 'attribute' && isValueOf(a, b))
      return { kind: 'compare', op: comparison.op, column: a.name, value: b.value };
    if (b?.kind === 'attribute' && isValueOf(b, a))
      return { kind: 'compare', op: comparison.flipped, column: b.name, value: a.value };
    return undefined;
  }
  if ((condition.fn === 'like' || condition.fn === 'startswith') && a?.kind === 'attribute' && isValueOf(a, b))
    return condition.args.length === 2 ? beginsWith(a.name, String(b.value), condition.fn === 'like') : undefined;
  if (condition.fn === 'isin' && a?.kind === 'attribute') return inList(a, condition.args.slice(1));
  if (condition.fn === 'isnull' && a?.kind === 'attribute') return { kind: 'is_null', column: a.name };
  if (condition.fn === 'isnotnull' && a?.kind === 'attribute') return { kind: 'is_not_null', column: a.name };
  return undefined;
}

/** What begins with a text lies between it and the text with its last character raised. */
function beginsWith(column: string, value: string, isPattern: boolean): Predicate | undefined {
  const prefix = isPattern ? (/^[^%_\\]*/.exec(value)?.[0] ?? '') : value;
  const last = prefix.charCodeAt(prefix.length - 1);
  if (prefix === '') return undefined;
  const least: Predicate = { kind: 'compare', op: 'ge', column, value: prefix };
  // Characters beyond ASCII have no simple next one in the order of UTF-8.
  if (last >= 127) return least;
  const beyond = prefix.slice(0, -1) + String.fromCharCode(last + 1);
  return { kind: 'and', inputs: [least, { kind: 'compare', op: 'lt', column, value: beyond }] };
}

/** A constant that sources can compare with the column's values: of its type, decimals of its scale. */
const isValueOf = (column: Attribute, expr: Expr | undefined): expr is Literal =>
  expr?.kind === 'literal' && expr.value !== null && comparable(column, expr);

function comparable({ type }: Attribute, { type: other }: Literal): boolean {
  if (type.kind !== other.kind) return false;
  return type.kind !== 'decimal' || other.kind !== 'decimal' || type.scale === other.scale;
}

function inList(column: Attribute, values: readonly Expr[]): Predicate | undefined {
  const literals = values.filter((v) => v.kind === 'literal');
  if (literals.length !== values.length || !literals.every((v) => v.value === null || comparable(column, v))) {
    return undefined;
  }
  return { kind: 'in', column: column.name, values: literals.filter((v) => v.value !== null).map((v) => v.value) };
}
