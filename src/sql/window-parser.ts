import { float64Type, parseScalar } from '../base/index.js';
import { sortOrder } from '../plan/build.js';
import type { Expr, FrameBound, SortOrder, WindowFrame, WindowSpec } from '../plan/expr.js';
import { scalarText } from '../plan/scalar-text.js';
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

const UNITS = ['rows', 'range', 'groups'] as const;

function readFrame(parser: ExprParser): WindowFrame | undefined {
  const { tokens } = parser;
  const unit = UNITS.find((word) => tokens.accept(word.toUpperCase()));
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
  const bound = distance(parser);
  if (tokens.accept('PRECEDING')) return { ...bound, offset: -bound.offset };
  tokens.expect('FOLLOWING');
  return bound;
}

type Distance = Extract<FrameBound, { readonly kind: 'offset' }>;

/** A number, perhaps as text, or an interval. */
function distance(parser: ExprParser): Distance {
  const { tokens } = parser;
  const start = tokens.peek();
  const given = parser.value();
  const value = given.kind === 'literal' ? given.value : undefined;
  if (given.kind !== 'literal' || value === null || value === undefined || isOther(given.type.kind)) {
    throw tokens.error(
      'a frame bound must be a number or an interval',
      start,
      given.kind === 'literal' && given.type.kind !== 'null' ? UNACCEPTED : undefined,
    );
  }
  const { type } = given;
  if (type.kind === 'string') {
    const offset = parseScalar(float64Type, String(value), 'UTC');
    if (typeof offset !== 'number') throw tokens.error(`'${value}' is no distance`, start, UNACCEPTED);
    return { kind: 'offset', offset, shown: String(value) };
  }
  const offset = type.kind === 'decimal' ? Number(value) / 10 ** type.scale : Number(value);
  if (type.kind === 'interval_ym') return { kind: 'offset', offset, months: true, shown: scalarText(type, value) };
  if (type.kind === 'interval_dt') return { kind: 'offset', offset, interval: true, shown: scalarText(type, value) };
  return { kind: 'offset', offset };
}

const UNACCEPTED = 'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE';

const isOther = (kind: string): boolean =>
  !/^(int|float|decimal|string)/.test(kind) && kind !== 'interval_ym' && kind !== 'interval_dt';
