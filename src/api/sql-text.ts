import { SparrowError } from '../base/index.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { ColumnBase, operand } from './column.js';
import { FrameBase } from './frame-base.js';
import { planOf } from './frame-rows.js';

/** A SQL text with what its placeholders stand for. */
export interface SqlPieces {
  readonly text: string;
  /** `:name` in the text. Positional `?` are named `1`, `2`, … */
  readonly parameters: Readonly<Record<string, Expr>>;
  /** Names of the text that are frames. */
  readonly inputs: Readonly<Record<string, Plan>>;
}

/** Values for `:name`, or for `?` in order. Frames stand where the text names them as a table. */
export type SqlParameters = Readonly<Record<string, unknown>> | readonly unknown[];

/** A tagged template: values become parameters, frames become tables, arrays lists of parameters. Nothing is spliced in as text. */
export function fromTemplate(strings: TemplateStringsArray, values: readonly unknown[]): SqlPieces {
  const parameters: Record<string, Expr> = {};
  const inputs: Record<string, Plan> = {};
  const place = (value: unknown, name: string): string => {
    if (value instanceof FrameBase) {
      inputs[`__frame_${name}`] = planOf(value);
      return `__frame_${name}`;
    }
    if (Array.isArray(value)) return value.map((item, i) => place(item, `${name}_${i}`)).join(', ');
    parameters[`__value_${name}`] = operand(value);
    return `:__value_${name}`;
  };
  const text = strings.reduce((all, part, i) => `${all}${place(values[i - 1], String(i))}${part}`);
  return { text, parameters, inputs };
}

/** A text with its parameters, by name or in order. */
export function fromText(text: string, given: SqlParameters | { readonly params: SqlParameters } = {}): SqlPieces {
  if (typeof text !== 'string' || text.trim() === '') {
    throw new SparrowError('PARSE_EMPTY_STATEMENT', 'sql() needs a query', { sqlState: '42617' });
  }
  const values = isWrapped(given) ? given.params : given;
  const entries = Array.isArray(values)
    ? values.map((value: unknown, i) => [String(i + 1), value] as const)
    : Object.entries(values);
  const parameters: Record<string, Expr> = {};
  const inputs: Record<string, Plan> = {};
  for (const [name, value] of entries) {
    if (value instanceof FrameBase) inputs[name] = planOf(value);
    else parameters[name] = operand(value);
  }
  return { text, parameters, inputs };
}

function isWrapped(given: object): given is { readonly params: SqlParameters } {
  if (!('params' in given) || Object.keys(given).length !== 1) return false;
  const { params } = given;
  return typeof params === 'object' && params !== null && !(params instanceof ColumnBase || params instanceof Date);
}
