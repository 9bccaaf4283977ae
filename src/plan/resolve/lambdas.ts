import { SparrowError } from '../../base/index.js';
import type { ArgType, FunctionEntry, LambdaParams } from '../../functions/define.js';
import { findEntry } from '../../functions/registry.js';
import type { Expr, Lambda, LambdaVariable, UnresolvedLambda } from '../expr.js';
import { nextId } from '../ids.js';
import { someExpr } from '../walk-expr.js';
import { argType } from './calls.js';
import type { PlanSettings } from './context.js';
import type { Scope } from './scope.js';

type Resolve = (expr: Expr, scope: Scope, settings: PlanSettings) => Expr;

/** Settles the lambda functions among a call's arguments: the function called says what their parameters are. */
export function resolveLambdas(
  name: string,
  args: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
  resolve: Resolve,
): readonly Expr[] {
  const entry = findEntry(name);
  const lambda = entry?.kind === 'scalar' ? entry.lambda : undefined;
  if (lambda === undefined) {
    if (entry !== undefined && args.some((arg) => arg.kind === 'unresolved_lambda')) throw notHigherOrder(entry);
    return args;
  }
  const known: (ArgType | undefined)[] = args.map((arg) =>
    arg.kind === 'unresolved_lambda' ? undefined : argType(arg),
  );
  return args.map((arg, i) => {
    const given = arg.kind === 'unresolved_lambda' ? arg : undefined;
    const wanted = lambda(i, known, given?.params.length ?? 0);
    // What is wrong with the other arguments is said when the call is typed.
    if (wanted !== undefined && 'mismatch' in wanted) {
      if (given === undefined) return arg;
      throw new SparrowError(wanted.code ?? 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', `${name}: ${wanted.mismatch}`, {
        sqlState: '42K09',
      });
    }
    if (wanted === undefined) {
      if (given === undefined) return arg;
      throw new SparrowError(
        'INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION',
        `argument ${i + 1} of \`${name}\` takes no lambda function`,
        { sqlState: '42K0D' },
      );
    }
    // An expression where a function is asked for is a function that does not look at its parameters.
    const result =
      given === undefined
        ? lambdaOf(wanted, [], () => arg)
        : resolveLambda(given, wanted, name, scope, settings, resolve);
    known[i] = argType(result);
    return result;
  });
}

function resolveLambda(
  { params: names, body }: UnresolvedLambda,
  wanted: LambdaParams,
  called: string,
  scope: Scope,
  settings: PlanSettings,
  resolve: Resolve,
): Lambda {
  if (names.length < wanted.least || names.length > wanted.params.length) {
    throw new SparrowError(
      'INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH',
      `\`${called}\` gives its lambda function ${wanted.params.length} arguments, but it takes ${names.length}`,
      {
        sqlState: '42K0D',
        parameters: { expectedNumArgs: String(names.length), actualNumArgs: String(wanted.params.length) },
      },
    );
  }
  const key = (name: string): string => (scope.caseSensitive ? name : name.toLowerCase());
  if (new Set(names.map(key)).size < names.length) {
    throw new SparrowError(
      'INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES',
      `the lambda function has two parameters of one name: ${names.join(', ')}`,
      { sqlState: '42K0D', parameters: { args: names.join(', ') } },
    );
  }
  return lambdaOf(wanted, names, (variables) =>
    resolve(body, { ...scope, variables: [...variables, ...(scope.variables ?? [])] }, settings),
  );
}

function lambdaOf(
  { params }: LambdaParams,
  names: readonly string[],
  body: (variables: readonly LambdaVariable[]) => Expr,
): Lambda {
  const asked = names.length === 0 ? params : params.slice(0, names.length);
  const variables = asked.map((param, i): LambdaVariable => {
    const { type, nullable } = param;
    return Object.freeze({ kind: 'lambda_variable', id: nextId(), name: names[i] ?? `_${i + 1}`, type, nullable });
  });
  const inner = body(names.length === 0 ? [] : variables);
  if (someExpr(inner, (e) => e.kind === 'call' && e.js !== undefined)) {
    throw new SparrowError(
      'UNSUPPORTED_FEATURE.LAMBDA_FUNCTION_WITH_PYTHON_UDF',
      'a lambda function cannot call a user-defined function',
      { sqlState: '0A000', hint: 'give the whole array to the user-defined function' },
    );
  }
  return Object.freeze({ kind: 'lambda', params: variables, body: inner });
}

function notHigherOrder(entry: FunctionEntry): SparrowError {
  return new SparrowError(
    'INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION',
    `\`${entry.sql[0] ?? entry.name}\` takes no lambda function`,
    { sqlState: '42K0D' },
  );
}
