import { engineBug, PartNeeded, type Scalar } from '../base/index.js';
import { evaluate } from '../functions/evaluate.js';
import type { EvalSettings, PhysicalExpr } from '../functions/expression.js';
import { bindHigherOrder, variableIndex } from './bind-lambda.js';
import type { Attribute, Expr } from './expr.js';
import { exprNullable } from './expr-type.js';
import { foldExpr } from './walk-expr.js';

/** The physical form of a resolved scalar expression over rows with these columns. */
export function bind(expr: Expr, input: readonly Attribute[]): PhysicalExpr {
  return bindWith(expr, positionsOf(input));
}

const positions = new WeakMap<readonly Attribute[], ReadonlyMap<number, number>>();

/** Where each attribute id stands. */
export function positionsOf(input: readonly Attribute[]): ReadonlyMap<number, number> {
  let known = positions.get(input);
  if (known === undefined) {
    known = new Map(input.map((attribute, i) => [attribute.id, i]));
    positions.set(input, known);
  }
  return known;
}

export function bindWith(expr: Expr, columns: ReadonlyMap<number, number>): PhysicalExpr {
  return foldExpr<PhysicalExpr>(expr, (node, args) => {
    switch (node.kind) {
      case 'attribute': {
        const index = columns.get(node.id);
        if (index === undefined) throw engineBug(`column ${node.name}#${node.id} is not among the input's columns`);
        return { kind: 'column', index, type: node.type, nullable: node.nullable };
      }
      case 'literal':
        return { kind: 'literal', type: node.type, value: node.value };
      case 'cast': {
        const fn = node.safe === true ? 'tryCast' : 'cast';
        return { kind: 'call', fn, args, type: node.type, nullable: exprNullable(node) };
      }
      case 'call':
        if (node.args.some((arg) => arg.kind === 'lambda')) return bindHigherOrder(node, args);
        return {
          kind: 'call',
          fn: node.fn,
          args,
          type: node.type,
          nullable: node.nullable,
          ...(node.js === undefined ? {} : { js: node.js }),
        };
      case 'lambda_variable':
        return { kind: 'column', index: variableIndex(node.id), type: node.type, nullable: node.nullable };
      case 'lambda':
      case 'alias':
      case 'sort_order':
        return args[0] as PhysicalExpr;
      default:
        throw engineBug(`no physical form of a ${node.kind} inside a row expression`);
    }
  });
}

const NO_COLUMNS: ReadonlyMap<number, number> = new Map();

/** The value of an expression that reads no column; undefined when evaluating it raises an error. */
export function constantValue(expr: Expr, settings: EvalSettings): Scalar | undefined {
  if (expr.kind === 'literal') return expr.value;
  try {
    return evaluate(bindWith(expr, NO_COLUMNS), [], settings);
  } catch (error) {
    if (error instanceof PartNeeded) throw error;
    // Whatever it raises is the query's to raise, at the row that reaches it.
    return undefined;
  }
}
