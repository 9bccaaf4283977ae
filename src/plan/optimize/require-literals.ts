import { stringType } from '../../base/index.js';
import type { Call, Expr } from '../expr.js';
import { canFail, isTrivial } from '../facts.js';
import { and, compare, isCall } from '../logic.js';
import { HAS_RLIKE } from '../traits.js';
import { transformExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/** Shorter texts are in too many rows. */
const SHORTEST = 2;
/** Characters that stand for themselves, in a regular expression and in LIKE. */
const PLAIN = /[A-Za-z0-9 ,;:!@#~&=<>/"'-]/;

/**
 * Most rows that a regular expression does not fit lack a text that it cannot do without. Compiled code finds that out,
 * and only the others are given to the regular expression.
 */
export const requireLiterals = onExprs(
  'require-literals',
  'a text that every match contains is found sooner than a match',
  HAS_RLIKE,
  (root) => transformExpr(root, (expr) => (isCall(expr, 'rlike') ? guarded(expr) : expr)),
);

function guarded(expr: Call): Expr {
  const [text, pattern] = expr.args;
  // A pattern that is no good has to fail for any row.
  if (text === undefined || !isTrivial(text) || pattern?.kind !== 'literal' || canFail(expr)) return expr;
  const texts = typeof pattern.value === 'string' ? requiredTexts(pattern.value) : [];
  if (texts.length === 0) return expr;
  const like = Object.freeze({ kind: 'literal', type: stringType, value: `%${texts.join('%')}%` } as const);
  return and(compare('like', text, like), expr);
}

/** Texts that every match of a pattern contains, one behind the other; none where that is not easily told. */
function requiredTexts(pattern: string): readonly string[] {
  // Flags, groups that look ahead or behind, quoted parts and alternatives at the top change what the rest means.
  if (/\(\?|\\[^dDwWsS.()[\]{}*+?|^$\\/-]/.test(pattern)) return [];
  const texts: string[] = [''];
  for (let at = 0; at < pattern.length; ) {
    const end = atomEnd(pattern, at);
    if (end === undefined || pattern[at] === '|') return [];
    const atom = pattern.slice(at, end);
    const [repeated = ''] = /^(?:[*+?]|\{[^}]*\})[+?]?/.exec(pattern.slice(end)) ?? [];
    const isKept = PLAIN.test(atom) && atom.length === 1 && (repeated === '' || repeated.startsWith('+'));
    if (isKept) texts[texts.length - 1] += atom;
    if (!isKept || repeated !== '') texts.push('');
    at = end + repeated.length;
  }
  return texts.filter((text) => text.length >= SHORTEST);
}

/** Where the character, escape, class or group that begins at a position ends. */
function atomEnd(pattern: string, from: number): number | undefined {
  switch (pattern[from]) {
    case '\\':
      return from + 2;
    case '[': {
      const [all] = /^\[\^?[^[\]\\&]+\]/.exec(pattern.slice(from)) ?? [];
      return all === undefined ? undefined : from + all.length;
    }
    case '(': {
      let at = from + 1;
      while (pattern[at] !== ')') {
        const end = at < pattern.length ? atomEnd(pattern, at) : undefined;
        if (end === undefined) return undefined;
        at = end;
      }
      return at + 1;
    }
    default:
      return from + 1;
  }
}
