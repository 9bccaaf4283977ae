import type { Statement } from './statement-file.js';

/** What a statement gave. */
export type Outcome =
  | { readonly kind: 'rows'; readonly schema: string; readonly rows: readonly string[] }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** What it should give. */
export type Expectation =
  | { readonly kind: 'rows'; readonly schema: string; readonly rows: readonly string[]; readonly ordered: boolean }
  | { readonly kind: 'error'; readonly code: string | undefined };

export function expectationOf(statement: Statement): Expectation {
  if (statement.error !== undefined) return { kind: 'error', code: statement.error.errorClass };
  return {
    kind: 'rows',
    schema: statement.schema ?? '',
    rows: (statement.output ?? '').split('\n'),
    ordered: ordersRows(statement.sql),
  };
}

/** Schema and rows are equal, rows in any order unless the query orders them; errors are of the same class. */
export function sameAnswer(got: Outcome, expected: Expectation): boolean {
  if (expected.kind === 'error') {
    // Where Spark fails with a plain Java exception there is no class to compare.
    return got.kind === 'error' && (expected.code === undefined || got.code === expected.code);
  }
  if (got.kind === 'error') return false;
  if (got.schema !== expected.schema) return false;
  const text = trimmed(got.rows.join('\n'));
  if (text === trimmed(expected.rows.join('\n'))) return true;
  // Lines, not rows: values may have line breaks, and golden files are sorted by row.
  // Empty rows at the end of one list stand elsewhere in the other: they are trimmed only where all are sorted.
  const alike = sorted(text) === sorted(trimmed(expected.rows.join('\n')));
  return !expected.ordered && (alike || sorted(got.rows.join('\n')) === sorted(expected.rows.join('\n')));
}

const trimmed = (text: string): string => text.replace(/\s+$/, '');
const sorted = (text: string): string => text.split('\n').sort().join('\n');

/** Whether ORDER BY or SORT BY stands outside of all parentheses. */
function ordersRows(sql: string): boolean {
  const plain = sql
    .replace(/'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`/g, "''")
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  let depth = 0;
  for (const [token] of plain.matchAll(/[()]|\b(?:order|sort)\s+by\b/gi)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (depth === 0) return true;
  }
  return false;
}
