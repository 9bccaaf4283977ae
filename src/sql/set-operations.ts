import { distinct, setOperation, union } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import type { QueryContext } from './query-context.js';
import type { TokenStream } from './token-stream.js';

const operations = ['UNION', 'EXCEPT', 'MINUS', 'INTERSECT'];

export const isSetOperation = (tokens: TokenStream): boolean =>
  operations.includes(tokens.peek().upper) && tokens.peek().kind === 'word';

/** Reads an operation and its right side. */
export function combineSets({ tokens }: QueryContext, left: Plan, readRight: () => Plan): Plan {
  const op = tokens.next().upper;
  const all = tokens.accept('ALL');
  if (!all) tokens.accept('DISTINCT');
  const byName = op === 'UNION' && tokens.accept('BY', 'NAME');
  const right = readRight();
  if (op === 'INTERSECT') return setOperation(left, right, 'intersect', all);
  if (op !== 'UNION') return setOperation(left, right, 'except', all);
  const both = union([left, right], byName);
  return all ? both : distinct(both);
}
