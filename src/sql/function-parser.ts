import { SparrowError } from '../base/index.js';
import type { RoutineParameter, SqlRoutine } from '../plan/routine.js';
import type { CreateFunction } from './command.js';
import { ifNotExists, readName } from './command-parts.js';
import type { QueryContext } from './query-context.js';
import { readType } from './type-parser.js';

type Routine = Omit<SqlRoutine, 'name'>;

/** What follows CREATE FUNCTION. */
export function readFunction(query: QueryContext, replace: boolean, temporary: boolean): CreateFunction {
  const { tokens } = query;
  const exists = ifNotExists(tokens);
  const name = readName(tokens, 'a function');
  if (tokens.accept('AS')) {
    throw new SparrowError('UNSUPPORTED_FEATURE', 'a function of a Java class has no meaning here', {
      sqlState: '0A000',
      hint: 'write it in SQL (RETURN …), or register one in JavaScript: session.udf.register(name, udf(…))',
    });
  }
  const params = readParameters(query);
  const returned = tokens.accept('RETURNS') ? readReturns(query) : { isTable: false };
  const comment = readCharacteristics(query);
  tokens.expect('RETURN');
  const routine = { params, ...returned, body: readBody(query, returned.isTable) };
  return {
    kind: 'create_function',
    name,
    temporary,
    replace,
    ifNotExists: exists,
    routine: comment === undefined ? routine : { ...routine, comment },
  };
}

function readReturns(query: QueryContext): Pick<Routine, 'isTable' | 'columns' | 'returns'> {
  const { tokens, settings } = query;
  if (!tokens.accept('TABLE')) return { isTable: false, returns: readType(tokens, settings) };
  if (!tokens.is('(')) return { isTable: true };
  const columns = readParameters(query, 'DUPLICATE_ROUTINE_RETURNS_COLUMNS');
  return { isTable: true, columns };
}

/** `(x INT DEFAULT 1 COMMENT 'how many', …)`. */
function readParameters(query: QueryContext, twice = 'DUPLICATE_ROUTINE_PARAMETER_NAMES'): RoutineParameter[] {
  const { tokens } = query;
  const params: RoutineParameter[] = [];
  tokens.expect('(');
  if (tokens.accept(')')) return params;
  do {
    const param = readParameter(query);
    if (params.some(({ name }) => name.toLowerCase() === param.name.toLowerCase())) {
      throw new SparrowError(twice, `the name \`${param.name}\` is given twice`, {
        sqlState: '42734',
        parameters: { names: `\`${param.name}\`` },
      });
    }
    params.push(param);
  } while (tokens.accept(','));
  tokens.expect(')');
  return params;
}

function readParameter(query: QueryContext): RoutineParameter {
  const { tokens, settings, exprs } = query;
  let param: RoutineParameter = { name: tokens.name('a parameter'), type: readType(tokens, settings) };
  for (;;) {
    if (tokens.accept('COMMENT')) param = { ...param, comment: tokens.string() };
    else if (tokens.accept('DEFAULT')) param = { ...param, default: textOf(query, () => exprs.expression()) };
    else if (!tokens.accept('NOT', 'NULL')) return param;
  }
}

/** What is said of a function beside its meaning; its comment counts. */
function readCharacteristics({ tokens }: QueryContext): string | undefined {
  let comment: string | undefined;
  for (;;) {
    if (tokens.accept('COMMENT')) comment = tokens.string();
    else if (
      !tokens.accept('LANGUAGE', 'SQL') &&
      !tokens.accept('DETERMINISTIC') &&
      !tokens.accept('NOT', 'DETERMINISTIC') &&
      !tokens.accept('CONTAINS', 'SQL') &&
      !tokens.accept('READS', 'SQL', 'DATA') &&
      !tokens.accept('SQL', 'SECURITY', 'DEFINER') &&
      !tokens.accept('SQL', 'SECURITY', 'INVOKER')
    ) {
      return comment;
    }
  }
}

function readBody(query: QueryContext, isTable: boolean): string {
  const { tokens, exprs } = query;
  const startsQuery = ['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'].includes(tokens.peek().upper);
  if (isTable) return textOf(query, () => query.query());
  return startsQuery ? `(${textOf(query, () => query.query())})` : textOf(query, () => exprs.expression());
}

function textOf({ tokens }: QueryContext, read: () => unknown): string {
  const { start } = tokens.peek();
  read();
  return tokens.text.slice(start, tokens.peek(-1).end);
}
