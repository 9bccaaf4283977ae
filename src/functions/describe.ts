import { simpleString } from '../base/index.js';
import { describeValue } from './describe-value.js';
import type { CallExpr, PhysicalExpr } from './expression.js';
import { jsFunctionName } from './js-function.js';
import { functionPlace } from './names.js';

/** SQL-like text of an expression, for errors and explain. */
export function describe(expr: PhysicalExpr, columnName: (index: number) => string = (index) => `$${index}`): string {
  switch (expr.kind) {
    case 'column':
      return columnName(expr.index);
    case 'literal':
      return describeValue(expr.type, expr.value);
    case 'call':
      return describeCall(expr, columnName);
  }
}

function describeCall(expr: CallExpr, columnName: (index: number) => string): string {
  const name = jsFunctionName(expr.fn) ?? functionPlace(expr.fn)?.sql[0] ?? expr.fn;
  if (expr.lambdas !== undefined) return describeHigherOrder(name, expr, columnName);
  const args = expr.args.map((arg) => describe(arg, columnName));
  if (expr.fn === 'cast' || expr.fn === 'tryCast') return `${name}(${args.join('')} AS ${simpleString(expr.type)})`;
  const infix = (expr.js === undefined && !/^[a-z]\w*$/i.test(name)) || ['and', 'or', 'div'].includes(name);
  if (infix && args.length === 2) return `(${args[0]} ${name.toUpperCase()} ${args[1]})`;
  return `${name}(${args.join(', ')})`;
}

function describeHigherOrder(name: string, expr: CallExpr, columnName: (index: number) => string): string {
  const { bodies, captured } = expr.lambdas as NonNullable<CallExpr['lambdas']>;
  const given = expr.args.slice(0, expr.args.length - captured).map((arg) => describe(arg, columnName));
  const outer = expr.args.slice(expr.args.length - captured);
  const lambdas = bodies.map(({ params, body }) => {
    const names = params.map((_, i) => `x${i + 1}`);
    const text = describe(body, (i) => names[i] ?? describe(outer[i - names.length] as PhysicalExpr, columnName));
    return `${names.length === 1 ? names[0] : `(${names.join(', ')})`} -> ${text}`;
  });
  return `${name}(${[...given, ...lambdas].join(', ')})`;
}
