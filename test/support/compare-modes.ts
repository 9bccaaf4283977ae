import { expect } from 'vitest';
import { type Scalar, SparrowError } from '../../src/base/index.js';
import { prepare } from '../../src/functions/evaluate.js';
import type { PhysicalExpr } from '../../src/functions/expression.js';
import { type InputColumn, type Outcome, runCompiled, sameScalar, settings, show } from './expression-harness.js';

/** What the interpreter gives, row by row. */
export function reference(expr: PhysicalExpr, input: readonly InputColumn[], evalSettings = settings): Outcome[] {
  const evaluate = prepare(expr, evalSettings);
  return Array.from({ length: input[0]?.values.length ?? 1 }, (_, row) => {
    try {
      return { value: evaluate(input.map((c) => c.values[row] as Scalar)) };
    } catch (error) {
      if (!(error instanceof SparrowError) || error.code === 'INTERNAL_ERROR') throw error;
      return { error: true };
    }
  });
}

/** Fails where the compiled expression and the interpreter differ: in a value, or in whether there is an error. */
export function expectSame(expr: PhysicalExpr, input: readonly InputColumn[], evalSettings = settings): void {
  const wanted = reference(expr, input, evalSettings);
  const got = runCompiled(expr, input, evalSettings);
  for (const [row, outcome] of wanted.entries()) {
    const other = got[row] as Outcome;
    const same =
      'error' in outcome || 'error' in other
        ? 'error' in outcome === 'error' in other
        : sameScalar(outcome.value, other.value);
    if (!same) {
      const values = input.map((c) => c.values[row]);
      expect.fail(`${show(expr)} over ${show(values)}: interpreted ${show(outcome)}, compiled ${show(other)}`);
    }
  }
}
