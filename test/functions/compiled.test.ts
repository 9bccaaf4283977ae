import '../support/all-functions.js';
import { describe, expect, test } from 'vitest';
import { carrierOf, type DataType } from '../../src/base/index.js';
import type { FunctionEntry, ScalarFunction } from '../../src/functions/define.js';
import type { CallExpr, PhysicalExpr } from '../../src/functions/expression.js';
import { functions } from '../../src/functions/families/all.js';
import { expectSame } from '../support/compare-modes.js';
import { type InputColumn, settings } from '../support/expression-harness.js';
import { Random, randomScalar } from '../support/random-scalars.js';
import { type Sample, samplesOf } from '../support/signatures.js';

const ROWS = 40;
const withoutAnsi = { ...settings, ansi: false, timeZone: 'America/New_York' };
const SIGNATURES = 14;

// Lambda functions are put together by the resolver: lambda-functions.test.ts.
const scalars = (Object.values(functions) as FunctionEntry[]).filter(
  // Random bounds make sequences of millions: sequence.test.ts.
  (entry): entry is ScalarFunction =>
    entry.kind === 'scalar' && entry.lambda === undefined && entry.name !== 'sequence',
);

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
      type.kind === 'null' || (form !== 'no nulls' && random.below(6) === 0) ? null : randomScalar(type, random, small),
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
        if (form === 'nulls') expectSame(expressionFor(name, sample, form), input, withoutAnsi);
      }
    }
  });
});
