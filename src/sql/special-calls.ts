import { stringType } from '../base/index.js';
import { call, literal, shownAs } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { ExprParser } from './token-stream.js';

/** Calls whose arguments are not a plain list: `EXTRACT(YEAR FROM d)`, `TRIM(BOTH 'x' FROM s)`, … */
export function readSpecialCall(parser: ExprParser): Expr | undefined {
  const { tokens } = parser;
  const name = tokens.peek().upper;
  const read = Object.hasOwn(special, name) ? special[name] : undefined;
  if (read === undefined) return undefined;
  const start = tokens.place;
  tokens.next();
  tokens.expect('(');
  const result = read(parser);
  if (result === undefined || !tokens.accept(')')) {
    // Written with commas after all.
    tokens.back(start);
    return undefined;
  }
  return result;
}

type Reader = (parser: ExprParser) => Expr | undefined;

const units = new Set([
  ...['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'DAYOFYEAR', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND'],
]);

/** `TIMESTAMPADD(HOUR, 1, t)`: the unit is a word, given on as a string. */
const withUnit =
  (name: string): Reader =>
  (parser) => {
    const { tokens } = parser;
    const unit = tokens.peek();
    if (unit.kind === 'string' && tokens.peek(1).upper === ',') return withQuotedUnit(parser);
    if (!units.has(unit.upper) || tokens.peek(1).upper !== ',') return undefined;
    tokens.next();
    const args: Expr[] = [];
    while (tokens.accept(',')) args.push(parser.expression());
    return call(name, literal(stringType, unit.text), ...args);
  };

/** With three arguments the first one is a unit, which is no string. */
function withQuotedUnit(parser: ExprParser): undefined {
  const { tokens } = parser;
  const unit = tokens.peek();
  let args = 0;
  do {
    parser.expression();
    args++;
  } while (tokens.accept(','));
  if (args === 3)
    throw tokens.error(`the unit '${unit.text}' must be a word`, unit, 'INVALID_PARAMETER_VALUE.DATETIME_UNIT');
  return undefined;
}

const trimNames: Readonly<Record<string, string>> = { BOTH: 'btrim', LEADING: 'ltrim', TRAILING: 'rtrim' };

const trimWords: Readonly<Record<string, string>> = {
  btrim: 'trim_both',
  ltrim: 'trim_leading',
  rtrim: 'trim_trailing',
};

const special: Readonly<Record<string, Reader>> = {
  EXTRACT: (parser) => {
    const { tokens } = parser;
    const token = tokens.peek();
    if ((token.kind !== 'word' && token.kind !== 'string') || tokens.peek(1).upper !== 'FROM') return undefined;
    tokens.next();
    tokens.expect('FROM');
    return shownAs('extract', call('date_part', literal(stringType, token.text), parser.expression()));
  },
  TRIM: (parser) => {
    const { tokens } = parser;
    const side = trimNames[tokens.peek().upper];
    if (side !== undefined && tokens.peek(1).upper !== ',' && tokens.peek(1).upper !== ')') tokens.next();
    const name = side ?? 'btrim';
    if (tokens.accept('FROM')) return call(name, parser.expression());
    const first = parser.expression();
    if (!tokens.accept('FROM')) return side === undefined ? undefined : call(name, first);
    const text = parser.expression();
    // With two arguments ltrim and rtrim take the characters first, btrim takes them last.
    return shownAs(trimWords[name] ?? name, name === 'btrim' ? call(name, text, first) : call(name, first, text));
  },
  SUBSTRING: (parser) => substring(parser),
  SUBSTR: (parser) => substring(parser),
  POSITION: (parser) => {
    // The operand of IN must not be read as a predicate.
    const wanted = parser.value();
    return parser.tokens.accept('IN') ? call('locate', wanted, parser.value()) : undefined;
  },
  OVERLAY: (parser) => {
    const { tokens } = parser;
    const args = [parser.value()];
    if (!tokens.accept('PLACING')) return undefined;
    args.push(parser.value());
    tokens.expect('FROM');
    args.push(parser.value());
    if (tokens.accept('FOR')) args.push(parser.value());
    return call('overlay', ...args);
  },
  TIMESTAMPADD: withUnit('timestampadd'),
  TIMESTAMPDIFF: withUnit('timestampdiff'),
  TIMEDIFF: withUnit('timestampdiff'),
  DATEADD: withUnit('timestampadd'),
  DATE_ADD: withUnit('timestampadd'),
  DATEDIFF: withUnit('timestampdiff'),
  DATE_DIFF: withUnit('timestampdiff'),
};

function substring(parser: ExprParser): Expr | undefined {
  const { tokens } = parser;
  const args = [parser.expression()];
  if (!tokens.accept('FROM')) return undefined;
  args.push(parser.expression());
  if (tokens.accept('FOR')) args.push(parser.expression());
  return call('substring', ...args);
}
