import { withQueries } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { Assignment, DeleteRows, MergeAction, MergeClause, MergeRows, UpdateRows } from './command.js';
import { readName } from './command-parts.js';
import { namesTable } from './keywords.js';
import { exprList, joinName, nameList, type QueryContext, qualifiedName } from './query-context.js';
import { readRelation } from './relation-parser.js';

/** `DELETE FROM t [AS a] [WHERE …]`, behind DELETE. */
export function readDelete(query: QueryContext): DeleteRows {
  query.tokens.expect('FROM');
  const target = readTarget(query);
  return { kind: 'delete', ...target, ...readWhere(query) };
}

/** `UPDATE t [AS a] SET c = …, … [WHERE …]`, behind UPDATE. */
export function readUpdate(query: QueryContext): UpdateRows {
  const target = readTarget(query);
  query.tokens.expect('SET');
  const set = readAssignments(query);
  return { kind: 'update', ...target, set, ...readWhere(query) };
}

/** `MERGE INTO t [AS a] USING source ON … WHEN …`, behind MERGE; `queries` are those of a WITH before it. */
export function readMerge(query: QueryContext, queries: readonly { name: string; plan: Plan }[] = []): MergeRows {
  const { tokens, exprs } = query;
  tokens.accept('WITH', 'SCHEMA', 'EVOLUTION');
  tokens.expect('INTO');
  const target = readTarget(query);
  tokens.expect('USING');
  const relation = readRelation(query);
  const source = queries.length === 0 ? relation : withQueries(relation, queries);
  tokens.expect('ON');
  const on = exprs.expression();
  const clauses: MergeClause[] = [];
  while (tokens.accept('WHEN')) clauses.push(readClause(query));
  if (clauses.length === 0) throw tokens.error('MERGE needs a WHEN clause', undefined, 'MERGE_WITHOUT_WHEN');
  return { kind: 'merge', ...target, source, on, clauses };
}

interface Target {
  readonly table: readonly string[];
  readonly alias?: string;
}

function readTarget({ tokens }: QueryContext): Target {
  const table = readName(tokens);
  const hasAlias = tokens.accept('AS') || (!tokens.is('SET') && !tokens.is('USING') && namesTable(tokens));
  return hasAlias ? { table, alias: tokens.name('an alias') } : { table };
}

const readWhere = ({ tokens, exprs }: QueryContext): { readonly where?: Expr } =>
  tokens.accept('WHERE') ? { where: exprs.expression() } : {};

function readAssignments(query: QueryContext): Assignment[] {
  const { tokens, exprs } = query;
  const set: Assignment[] = [];
  do {
    const column = joinName(qualifiedName(tokens, 'a column'));
    tokens.expect('=');
    set.push(tokens.accept('DEFAULT') ? { column } : { column, value: exprs.expression() });
  } while (tokens.accept(','));
  return set;
}

/** What follows WHEN. */
function readClause(query: QueryContext): MergeClause {
  const { tokens, exprs } = query;
  const negated = tokens.accept('NOT');
  tokens.expect('MATCHED');
  const bySource = negated && tokens.accept('BY', 'SOURCE');
  if (negated && !bySource) tokens.accept('BY', 'TARGET');
  const on = !negated ? 'matched' : bySource ? 'notMatchedBySource' : 'notMatched';
  const condition = tokens.accept('AND') ? { condition: exprs.expression() } : {};
  tokens.expect('THEN');
  return { on, ...condition, action: on === 'notMatched' ? readInsertAction(query) : readChange(query, !bySource) };
}

function readChange(query: QueryContext, all: boolean): MergeAction {
  const { tokens } = query;
  if (tokens.accept('DELETE')) return { kind: 'delete' };
  tokens.expect('UPDATE', 'SET');
  if (all && tokens.accept('*')) return { kind: 'all' };
  return { kind: 'set', set: readAssignments(query) };
}

function readInsertAction(query: QueryContext): MergeAction {
  const { tokens } = query;
  tokens.expect('INSERT');
  if (tokens.accept('*')) return { kind: 'all' };
  const columns = nameList(tokens);
  tokens.expect('VALUES', '(');
  const values = exprList(query);
  tokens.expect(')');
  if (values.length !== columns.length) {
    throw tokens.error(
      `INSERT names ${columns.length} columns and gives ${values.length} values`,
      undefined,
      'MERGE_INSERT_VALUE_COUNT_MISMATCH',
    );
  }
  return { kind: 'set', set: columns.map((column, i) => ({ column, value: values[i] as Expr })) };
}
