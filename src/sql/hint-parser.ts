import { hint } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { QueryContext } from './query-context.js';

export interface Hint {
  readonly name: string;
  readonly parameters: readonly Expr[];
}

/** `/*+ BROADCAST(t), MERGE(u) *\/` after SELECT. */
export function readHints({ tokens, exprs }: QueryContext): readonly Hint[] {
  const hints: Hint[] = [];
  while (tokens.accept('/*+')) {
    while (!tokens.accept('*/')) {
      const name = tokens.name('a hint');
      const parameters: Expr[] = [];
      if (tokens.accept('(') && !tokens.accept(')')) {
        do parameters.push(exprs.value());
        while (tokens.accept(','));
        tokens.expect(')');
      }
      hints.push({ name, parameters });
      tokens.accept(',');
    }
  }
  return hints;
}

/** The first hint is the innermost. */
export const withHints = (plan: Plan, hints: readonly Hint[]): Plan =>
  hints.reduceRight((input, { name, parameters }) => hint(input, name, parameters), plan);
