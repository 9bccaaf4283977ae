import { booleanType, nullType } from '../base/index.js';
import { literal } from '../plan/build.js';
import type { Expr, Literal, SortOrder } from '../plan/expr.js';
import type { Token } from './lexer.js';
import type { ExprParser } from './token-stream.js';
import { readSortOrders } from './window-parser.js';

export const notDistinct = ({ tokens }: ExprParser, name: Token): Error =>
  tokens.error(`${name.text} takes no DISTINCT`, name, 'INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED');

/** What an ordered-set aggregate is called with: the ordering joins its arguments, as the function's entry takes them. */
export function readWithinGroup(
  parser: ExprParser,
  name: Token,
  args: readonly Expr[],
  distinct: boolean,
): readonly Expr[] {
  const order = readSortOrders(parser);
  parser.tokens.expect(')');
  const [first] = order as [SortOrder, ...SortOrder[]];
  const flag = (value: boolean): Literal => literal(booleanType, value);
  const wrong = (code: string, what: string): Error => parser.tokens.error(`${name.text} ${what}`, name, code);
  if (distinct && ['PERCENTILE_CONT', 'PERCENTILE_DISC', 'MODE'].includes(name.upper)) throw notDistinct(parser, name);
  switch (name.upper) {
    case 'PERCENTILE_CONT':
    case 'PERCENTILE_DISC':
      if (order.length > 1)
        throw wrong('INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS', 'orders by one expression');
      if (args.length === 0) throw wrong('WRONG_NUM_ARGS.WITHOUT_SUGGESTION', 'takes a percentage');
      return [first.input, ...args, flag(first.descending)];
    case 'MODE':
      if (order.length > 1 || args.length > 0)
        throw wrong('INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS', 'orders by one expression');
      return [first.input, flag(!first.descending), flag(true)];
    case 'LISTAGG':
    case 'STRING_AGG': {
      const given = args.length === 1 ? [...args, literal(nullType, null)] : args;
      return [...given, ...order.flatMap((o) => [o.input, flag(o.descending), flag(o.nullsFirst)])];
    }
    default:
      throw wrong('INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX', 'takes no WITHIN GROUP');
  }
}
