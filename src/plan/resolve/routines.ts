import { type DataType, int32Type, SparrowError, sameType } from '../../base/index.js';
import { alias, cast, column, lambda, literal, project, sqlQuery, star, subqueryAlias, toNames } from '../build.js';
import { lateralJoin } from '../build-relations.js';
import type { Attribute, Expr, LambdaVariable, UnresolvedCall, UnresolvedLambda } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { hasAggregate, hasWindow, isDeterministic } from '../facts.js';
import { nextId } from '../ids.js';
import type { Plan } from '../node.js';
import type { SqlRoutine } from '../routine.js';
import { replaceExpr } from '../walk-expr.js';
import { buildCall, resolveCast } from './calls.js';
import type { PlanSettings } from './context.js';
import { noFrames } from './frames.js';
import { arrangeArguments, isNamedArgument, type Parameter } from './named-arguments.js';
import { oneRow } from './one-row.js';
import { type Scope, scopeOf } from './scope.js';

type RoutineCall = UnresolvedCall & { readonly routine: SqlRoutine };
type Resolve = (expr: Expr, scope: Scope, settings: PlanSettings) => Expr;

export const isRoutineCall = (expr: Expr): expr is RoutineCall =>
  expr.kind === 'unresolved_call' && expr.routine !== undefined;

/** A call with the body behind the arguments: a lambda function of as many parameters as the call names arguments. */
export const routineCall = (
  call: UnresolvedCall,
  routine: SqlRoutine,
  args: readonly Expr[],
  body: Expr,
): UnresolvedCall => {
  const shown = call.args.some(isNamedArgument) ? args.length : call.args.length;
  const params = routine.params.slice(0, shown).map(({ name }) => name);
  return Object.freeze({ ...call, args: [...args, lambda(params, body)], routine });
};

const lastName = ({ name }: SqlRoutine): string => name.slice(name.lastIndexOf('.') + 1);

/** Arguments in the order of the parameters; `otherwise` reads what one left out is. */
export function routineArguments(
  call: UnresolvedCall,
  { name, params }: SqlRoutine,
  otherwise: (text: string) => Expr,
): readonly Expr[] {
  const given = call.args.length;
  const required = call.args.some(isNamedArgument) ? 0 : params.filter((p) => p.default === undefined).length;
  if (given > params.length || given < required) {
    throw new SparrowError(
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      `\`${name}\` takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${given}`,
      {
        sqlState: '42605',
        parameters: { functionName: `\`${name}\``, expectedNum: `${params.length}`, actualNum: `${given}` },
      },
    );
  }
  const wanted = params.map(
    (param): Parameter => ({
      name: param.name,
      ...(param.default === undefined ? {} : { otherwise: otherwise(param.default) }),
    }),
  );
  return arrangeArguments(call, call.args, wanted).written;
}

const castGiven = (expr: Expr, type: DataType, settings: PlanSettings): Expr =>
  sameType(exprType(expr), type) ? expr : resolveCast(cast(expr, type), expr, settings);

/** The body of a function in place of its call: arguments are what its parameters mean. */
export function callRoutine(
  call: RoutineCall,
  inputs: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
  resolve: Resolve,
): Expr {
  const { routine } = call;
  const { outer: _, ...around } = scope.around;
  const { body } = inputs[routine.params.length] as UnresolvedLambda;
  const args = routine.params.map(({ type }, i) => castGiven(inputs[i] as Expr, type, settings));
  const columns = routine.params.map(
    ({ name, type }, i): Attribute =>
      Object.freeze({
        kind: 'attribute',
        id: nextId(),
        name,
        type,
        nullable: exprNullable(args[i] as Expr),
        qualifier: lastName(routine),
      }),
  );
  const value = resolve(body, scopeOf(columns, noFrames, scope.caseSensitive, around), settings);
  if (hasAggregate(value) || hasWindow(value)) {
    throw new SparrowError(
      'USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS',
      `the body of \`${routine.name}\` holds an aggregate or window function outside of a subquery`,
      { sqlState: '42601', parameters: { queryText: routine.body } },
    );
  }
  const places = new Map(columns.map(({ id }, i) => [id, args[i] as Expr]));
  // What gives another value each time is computed once for each call.
  const once = columns.filter(({ id }) => !isDeterministic(places.get(id) as Expr));
  const own = routine.returns === undefined ? value : castGiven(value, routine.returns, settings);
  const bound = once.reduce((expr, column) => bindOnce(expr, column, places.get(column.id) as Expr, settings), own);
  return replaceExpr(bound, (e) => (e.kind === 'attribute' ? places.get(e.id) : undefined));
}

/** `expr` with the value of `given` for a column: what a lambda function makes of a list of one. */
function bindOnce(expr: Expr, { id, name, type, nullable }: Attribute, given: Expr, settings: PlanSettings): Expr {
  const variable: LambdaVariable = Object.freeze({ kind: 'lambda_variable', id: nextId(), name, type, nullable });
  const body = replaceExpr(expr, (e) => (e.kind === 'attribute' && e.id === id ? variable : undefined));
  const one = buildCall('array', [given], settings);
  const all = buildCall('transform', [one, Object.freeze({ kind: 'lambda', params: [variable], body })], settings);
  return buildCall('getItem', [all, literal(int32Type, 0)], settings);
}

/** One row of the arguments, which a body can name with the function's name before them. */
export const argumentRow = (routine: SqlRoutine, args: readonly Expr[]): Plan =>
  subqueryAlias(
    project(
      oneRow(),
      routine.params.map((param, i) => alias(cast(args[i] as Expr, param.type), param.name)),
    ),
    lastName(routine),
  );

const ROWS = '__rows';
const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** The rows of a function that gives a table. */
export function routineRows(routine: SqlRoutine, args: readonly Expr[]): Plan {
  const { columns, params, body } = routine;
  const query = sqlQuery(body);
  const names = columns?.map(({ name }) => name);
  const rows = subqueryAlias(names === undefined ? query : toNames(query, names), ROWS);
  const joined = params.length === 0 ? rows : lateralJoin(argumentRow(routine, args), rows);
  const output = columns?.map(({ name, type }) => alias(cast(column(`${ROWS}.${quoted(name)}`), type), name));
  return subqueryAlias(project(joined, output ?? [star(ROWS)]), lastName(routine));
}
