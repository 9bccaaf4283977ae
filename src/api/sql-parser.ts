import type { ValueOf } from '../plan/catalog.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { SessionSettings } from './engine.js';

/** The SQL parser; the engine asks for it when a plan first holds SQL text, so other programs never load it. */
export async function loadSqlParsers() {
  const [{ parseExpression }, { parseQuery }] = await Promise.all([
    import('../sql/expression-parser.js'),
    import('../sql/query-parser.js'),
  ]);
  return {
    parseExpr: (text: string, settings: SessionSettings): Expr => parseExpression(text, settings),
    parseQuery: (text: string, settings: SessionSettings, constantOf?: ValueOf): Plan =>
      parseQuery(text, { ...settings, constantOf }),
  };
}
