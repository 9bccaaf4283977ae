import {
  type DataType,
  dateType,
  engineBug,
  int32Type,
  PartNeeded,
  type Scalar,
  timestampType,
} from '../base/index.js';
import { evaluate } from '../functions/evaluate.js';
import type { EvalSettings, PhysicalExpr } from '../functions/expression.js';
import { bindHigherOrder, variableIndex } from './bind-lambda.js';
import type { Attribute, Call, Expr } from './expr.js';
import { exprNullable } from './expr-type.js';
import { isConstant } from './facts.js';
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
        const moment = specialMoment(args[0], node.type);
        if (moment !== undefined) return moment;
        return { kind: 'call', fn, args, type: node.type, nullable: exprNullable(node) };
      }
      case 'call':
        if (node.args.some((arg) => arg.kind === 'lambda')) return bindHigherOrder(node, args);
        if (args.length === 1 && FROM_TEXT.test(node.fn)) {
          const moment = specialMoment(args[0], node.type);
          if (moment !== undefined) return moment;
        }
        if (node.fn === 'isin' && isConstant(node)) return bindIn(node, args);
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

const FROM_TEXT = /^(?:to|tryTo)(?:Date|Timestamp)/;

/** What the constant texts `epoch`, `now`, `today`, `yesterday` and `tomorrow` mean as a date or a timestamp. */
function specialMoment(text: PhysicalExpr | undefined, type: DataType): PhysicalExpr | undefined {
  if (text?.kind !== 'literal' || typeof text.value !== 'string') return undefined;
  if (type.kind !== 'date' && !type.kind.startsWith('timestamp')) return undefined;
  const made = (fn: string, of: DataType, ...args: readonly PhysicalExpr[]): PhysicalExpr => ({
    kind: 'call',
    fn,
    args,
    type: of,
    nullable: false,
  });
  const as = (expr: PhysicalExpr): PhysicalExpr => made('cast', type, expr);
  const day = (by: number): PhysicalExpr =>
    as(made('dateAdd', dateType, made('currentDate', dateType), { kind: 'literal', type: int32Type, value: by }));
  switch (text.value.trim().toLowerCase()) {
    case 'epoch':
      return { kind: 'literal', type, value: type.kind === 'date' ? 0 : 0n };
    case 'now':
      return as(made('currentTimestamp', timestampType));
    case 'today':
      return day(0);
    case 'yesterday':
      return day(-1);
    case 'tomorrow':
      return day(1);
    default:
      return undefined;
  }
}

/** Of constants, an item of IN is not evaluated behind one that is equal: it may fail. */
function bindIn({ type, nullable }: Call, [input, ...items]: readonly PhysicalExpr[]): PhysicalExpr {
  const made = (fn: string, args: readonly PhysicalExpr[]): PhysicalExpr => ({
    kind: 'call',
    fn,
    args,
    type,
    nullable,
  });
  return items
    .map((item) => made('eq', [input as PhysicalExpr, item]))
    .reduceRight((rest, one) => made('or', [one, rest]));
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
