import { type DataType, type Scalar, simpleString } from '../base/index.js';
import type { Call, ScalarFunction } from './define.js';
import type { CallExpr, EvalSettings, PhysicalExpr } from './expression.js';

/** What `emit` and `eval` are told of a call. */
export function callOf(expr: CallExpr, settings: EvalSettings): Call {
  return {
    fn: expr.fn,
    argTypes: expr.args.map((arg) => arg.type),
    literals: expr.args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    returns: expr.type,
    settings,
    ...(expr.lambdas === undefined ? {} : { lambdas: expr.lambdas }),
  };
}

/**
 * The order in which arguments are evaluated: at the first null of one that propagates nulls, the rest is not. Nulls that
 * the query says itself come first.
 */
export function argOrder(entry: ScalarFunction, args: readonly PhysicalExpr[]): readonly number[] {
  const order = args.map((_, i) => i);
  if (entry.rightFirst === true && args.length === 2) order.reverse();
  return entry.inOrder !== true && args.some(isNullLiteral)
    ? order.sort((a, b) => Number(isNullLiteral(args[b])) - Number(isNullLiteral(args[a])))
    : order;
}

const isNullLiteral = (expr: PhysicalExpr | undefined): boolean =>
  expr?.kind === 'literal'
    ? expr.value === null
    : expr?.kind === 'call' && expr.fn === 'cast' && isNullLiteral(expr.args[0]);

const keys = new WeakMap<PhysicalExpr, string>();

/** Structurally equal expressions have the same key. */
export function expressionKey(expr: PhysicalExpr): string {
  let key = keys.get(expr);
  if (key === undefined) {
    key = keyOf(expr);
    keys.set(expr, key);
  }
  return key;
}

function keyOf(expr: PhysicalExpr): string {
  switch (expr.kind) {
    case 'column':
      return `$${expr.index}`;
    case 'literal':
      return `${scalarKey(expr.value)}:${typeKey(expr.type)}`;
    case 'call':
      return `${expr.fn}(${expr.args.map(expressionKey).join(',')}${lambdasKey(expr)}):${typeKey(expr.type)}`;
  }
}

function lambdasKey({ lambdas }: CallExpr): string {
  if (lambdas === undefined) return '';
  const bodies = lambdas.bodies.map(({ params, body }) => `|${params.map(typeKey).join(',')}->${expressionKey(body)}`);
  return `${bodies.join('')}|${lambdas.captured}`;
}

const typeKey = (type: DataType): string => simpleString(type);

function scalarKey(value: Scalar): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if ('entries' in value && !Array.isArray(value)) {
    const { entries } = value as { readonly entries: readonly (readonly [Scalar, Scalar])[] };
    return `{${entries.map(([k, v]) => `${scalarKey(k)}:${scalarKey(v)}`).join(',')}}`;
  }
  if ('metadata' in value) return `v${scalarKey(value.metadata)}${scalarKey(value.value)}`;
  return `[${(value as readonly Scalar[]).map(scalarKey).join(',')}]`;
}
