import { sortOrder } from '../plan/build.js';
import type { Expr, FrameBound, SortOrder, WindowFrame, WindowSpec } from '../plan/expr.js';
import type { ExprParser } from './token-stream.js';

/** What follows OVER: `(PARTITION BY … ORDER BY … ROWS BETWEEN … AND …)`, or the name of a window. */
export function readWindow(parser: ExprParser): WindowSpec {
  const { tokens } = parser;
  if (!tokens.is('(')) return named(tokens.name('a window'));
  tokens.expect('(');
  if ((tokens.peek().kind === 'word' || tokens.peek().kind === 'name') && tokens.peek(1).upper === ')') {
    const name = tokens.name();
    tokens.expect(')');
    return named(name);
  }
  const partitionBy: Expr[] = [];
  if (tokens.accept('PARTITION', 'BY') || tokens.accept('DISTRIBUTE', 'BY')) {
    do partitionBy.push(parser.expression());
    while (tokens.accept(','));
  }
  const orderBy = tokens.accept('ORDER', 'BY') || tokens.accept('SORT', 'BY') ? readSortOrders(parser) : [];
  const frame = readFrame(parser);
  tokens.expect(')');
  return Object.freeze(frame === undefined ? { partitionBy, orderBy } : { partitionBy, orderBy, frame });
}

const named = (ref: string): WindowSpec => Object.freeze({ partitionBy: [], orderBy: [], ref });

/** `a DESC NULLS LAST, b`. */
export function readSortOrders(parser: ExprParser): SortOrder[] {
  const { tokens } = parser;
  const orders: SortOrder[] = [];
  do {
    const input = parser.expression();
    const descending = tokens.accept('DESC');
    if (!descending) tokens.accept('ASC');
    let nullsFirst = !descending;
    if (tokens.accept('NULLS')) {
      nullsFirst = tokens.accept('FIRST');
      if (!nullsFirst) tokens.expect('LAST');
    }
    orders.push(sortOrder(input, descending, nullsFirst));
  } while (tokens.accept(','));
  return orders;
}

function readFrame(parser: ExprParser): WindowFrame | undefined {
  const { tokens } = parser;
  const unit = tokens.accept('ROWS') ? 'rows' : tokens.accept('RANGE') ? 'range' : undefined;
  if (unit === undefined) return undefined;
  if (!tokens.accept('BETWEEN')) return { unit, start: readBound(parser), end: { kind: 'current_row' } };
  const start = readBound(parser);
  tokens.expect('AND');
  return { unit, start, end: readBound(parser) };
}

function readBound(parser: ExprParser): FrameBound {
  const { tokens } = parser;
  if (tokens.accept('CURRENT', 'ROW')) return { kind: 'current_row' };
  if (tokens.accept('UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded_preceding' };
  if (tokens.accept('UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded_following' };
  const start = tokens.peek();
  const offset = parser.value();
  const value = offset.kind === 'literal' ? offset.value : undefined;
  if (offset.kind !== 'literal' || (typeof value !== 'number' && typeof value !== 'bigint')) {
    throw tokens.error('a frame bound must be a number or an interval of days and times', start);
  }
  const amount = offset.type.kind === 'decimal' ? Number(value) / 10 ** offset.type.scale : Number(value);
  if (offset.type.kind === 'interval_ym') {
    throw tokens.error('frame bounds of years and months are not supported', start, 'UNSUPPORTED_FEATURE.FRAME_BOUND');
  }
  const interval = offset.type.kind === 'interval_dt' ? { interval: true } : {};
  if (tokens.accept('PRECEDING')) return { kind: 'offset', offset: -amount, ...interval };
  tokens.expect('FOLLOWING');
  return { kind: 'offset', offset: amount, ...interval };
}
