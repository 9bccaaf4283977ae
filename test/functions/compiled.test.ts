import { describe, expect, test } from 'vitest';
import { carrierOf, type DataType, type Scalar, SparrowError } from '../../src/base/index.js';
import type { ScalarFunction } from '../../src/functions/define.js';
import { prepare } from '../../src/functions/evaluate.js';
import type { CallExpr, PhysicalExpr } from '../../src/functions/expression.js';
import { functions } from '../../src/functions/registry.js';
import { type InputColumn, type Outcome, runCompiled, sameScalar, settings, show } from '../support/expression-harness.js';
import { Random, randomScalar } from '../support/random-scalars.js';
import { type Sample, samplesOf } from '../support/signatures.js';

const ROWS = 40;
const SIGNATURES = 14;

const scalars = Object.values(functions).filter((entry) => entry.kind === 'scalar') as unknown as ScalarFunction[];

/** Lengths, counts and positions are kept small: what is tested is meaning, not memory. */
const wantsSmallNumbers = ({ resolution }: Sample): boolean =>
  [...resolution.args, resolution.returns].some((type) => carrierOf(type) === 'bytes');

type Form = 'nulls' | 'no nulls' | 'ranges';

function columnsFor(types: readonly DataType[], sample: Sample, form: Form, random: Random): InputColumn[] {
  const small = wantsSmallNumbers(sample) || form === 'ranges';
  return types.map((type) => ({
    type,
    nullable: form !== 'no nulls' || type.kind === 'null',
    ranged: form === 'ranges',
    values: Array.from({ length: ROWS }, () =>
      type.kind === 'null' || (form !== 'no nulls' && random.below(6) === 0) ? null : randomScalar(type, random, small && random.below(4) > 0 && form === 'ranges' ? true : small),
    ),
  }));
}

function expressionFor(fn: string, sample: Sample, form: Form): CallExpr {
  const args = sample.resolution.args.map<PhysicalExpr>((type, index) => {
    const value = sample.literals[index];
    if (value !== undefined) return { kind: 'literal', type, value };
    return { kind: 'column', index, type, nullable: form !== 'no nulls' || type.kind === 'null' };
  });
  return { kind: 'call', fn, args, type: sample.resolution.returns, nullable: sample.resolution.nullable ?? true };
}

export function reference(expr: PhysicalExpr, input: readonly InputColumn[]): Outcome[] {
  const evaluate = prepare(expr, settings);
  return Array.from({ length: input[0]?.values.length ?? 1 }, (_, row) => {
    try {
      return { value: evaluate(input.map((c) => c.values[row] as Scalar)) };
    } catch (error) {
      if (!(error instanceof SparrowError) || error.code === 'INTERNAL_ERROR') throw error;
      return { error: true };
    }
  });
}

export function expectSame(expr: PhysicalExpr, input: readonly InputColumn[]): void {
  const wanted = reference(expr, input);
  const got = runCompiled(expr, input);
  for (const [row, outcome] of wanted.entries()) {
    const other = got[row] as Outcome;
    const same = 'error' in outcome || 'error' in other ? 'error' in outcome === 'error' in other : sameScalar(outcome.value, other.value);
    if (!same) {
      const values = input.map((c) => c.values[row]);
      expect.fail(`${show(expr)} over ${show(values)}: interpreted ${show(outcome)}, compiled ${show(other)}`);
    }
  }
}

describe('compiled and interpreted agree', () => {
  test.each(scalars.map((entry) => [entry.name, entry] as const))('%s', (name, entry) => {
    if (entry.deterministic === false || name === 'cast' || name === 'tryCast') return;
    const samples = samplesOf(entry, SIGNATURES);
    expect(samples.length, 'signatures found').toBeGreaterThan(0);
    for (const [i, sample] of samples.entries()) {
      for (const form of ['nulls', 'no nulls', 'ranges'] as const) {
        const random = new Random(i * 7 + form.length);
        const input = columnsFor(sample.resolution.args, sample, form, random);
        expectSame(expressionFor(name, sample, form), input);
      }
    }
  });
});
