import { engineBug, fromPlainError, type Scalar, SparrowError } from '../base/index.js';
import { argOrder, callOf } from './call.js';
import type { Call, LambdaFunction, ScalarFunction } from './define.js';
import { describe } from './describe.js';
import type { CallExpr, EvalSettings, PhysicalExpr } from './expression.js';
import { scalarFunction } from './registry.js';

/** A row's values by column position in, the expression's value out. */
export type Prepared = (row: readonly Scalar[]) => Scalar;

/** The reference meaning of an expression over one row. */
export function evaluate(expr: PhysicalExpr, row: readonly Scalar[], settings: EvalSettings): Scalar {
  return prepare(expr, settings)(row);
}

/** The reference meaning, made ready for many rows. `columnName` says what columns are called in errors. */
export function prepare(expr: PhysicalExpr, settings: EvalSettings, columnName?: (index: number) => string): Prepared {
  switch (expr.kind) {
    case 'literal': {
      const { value } = expr;
      return () => value;
    }
    case 'column': {
      const { index } = expr;
      return (row) => {
        const value = row[index];
        if (value === undefined) throw engineBug(`the row has no column ${index}`);
        return value;
      };
    }
    case 'call':
      return prepareCall(expr, settings, columnName);
  }
}

function prepareCall(expr: CallExpr, settings: EvalSettings, columnName?: (index: number) => string): Prepared {
  const entry = scalarFunction(expr.fn);
  const call = withLambdas(callOf(expr, settings));
  const args = expr.args.map((arg) => prepare(arg, settings, columnName));
  const apply =
    entry.lazy === true ? lazily(entry, args, call) : eagerly(entry, args, call, argOrder(entry, expr.args));
  return (row) => {
    try {
      return apply(row);
    } catch (error) {
      throw located(error, () => describe(expr, columnName));
    }
  };
}

/** The call with its lambda functions made ready. */
export function withLambdas(call: Call): Call {
  if (call.lambdas === undefined) return call;
  const apply = call.lambdas.bodies.map(({ body }): LambdaFunction => prepare(body, call.settings));
  return { ...call, apply };
}

function eagerly(entry: ScalarFunction, args: readonly Prepared[], call: Call, order: readonly number[]): Prepared {
  const propagate = entry.nulls === 'propagate';
  return (row) => {
    const values: Scalar[] = [];
    for (let k = 0; k < order.length; k++) {
      const i = order[k] as number;
      const value = (args[i] as Prepared)(row);
      // What stands behind a null is not evaluated: it may raise an error, in Spark and in compiled code neither.
      if (propagate && value === null) return null;
      values[i] = value;
    }
    return entry.eval(values, call);
  };
}

function lazily(entry: ScalarFunction, args: readonly Prepared[], call: Call): Prepared {
  const { evalLazy } = entry;
  if (evalLazy === undefined) throw engineBug(`the lazy function ${call.fn} has no evalLazy`);
  return (row) =>
    evalLazy(
      args.map((arg) => () => arg(row)),
      call,
    );
}

/** The error with the expression it came from, unless an inner one was already named. */
function located(error: unknown, where: () => string): unknown {
  if (!(error instanceof SparrowError) || error.where !== undefined) return error;
  const plain = error.toPlain();
  const place = where();
  return fromPlainError({
    ...plain,
    message: `${plain.message} In: ${place}`,
    details: { ...plain.details, where: place },
  });
}
