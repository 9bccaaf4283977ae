import { describe, expect, test } from 'vitest';
import { type Scalar, SparrowError, simpleString } from '../../src/base/index.js';
import { evaluate } from '../../src/functions/evaluate.js';
import type { EvalSettings, PhysicalExpr } from '../../src/functions/expression.js';
import { liftLiterals, runCompiled } from './compiled.js';
import { answer, parseSql, UTC } from './spark-text.js';

export type Truth = readonly [sql: string, text: string | null, type: string];

/** Which literals become columns: the compiled form of a call differs by what it knows of its arguments. */
const FORMS: readonly (readonly [name: string, which: (position: number) => boolean])[] = [
  ['literals', () => false],
  ['columns', () => true],
  ['first argument', (i) => i === 0],
  ['second argument', (i) => i === 1],
];

/** Java 17 prints some doubles with a digit more than they need: what counts is the double. */
function sameText(text: string | null, wanted: string | null, type: string): boolean {
  return text === wanted || (type === 'double' && text !== null && wanted !== null && Number(text) === Number(wanted));
}

/** The reference gives Spark's answers, and the compiled form gives the reference's, with null in every place too. */
export function expectSpark(truths: readonly Truth[], settings: EvalSettings = UTC): void {
  describe(`as Spark answers in ${settings.timeZone}`, () => {
    test.each(truths)('%s', (sql, text, type) => {
      const got = answer(sql, settings);
      expect(simpleString(got.type)).toBe(type);
      if (!sameText(got.text, text, type)) expect(got.text).toBe(text);
      const parsed = parseSql(sql, settings);
      for (const [form, which] of FORMS) {
        const { expr, row } = liftLiterals(parsed, which);
        expectCompiled(expr, [row, ...row.map((_, i) => row.map((v, j) => (i === j ? null : v))), row], settings, form);
      }
    });
  });
}

function expectCompiled(
  expr: PhysicalExpr,
  rows: readonly (readonly Scalar[])[],
  settings: EvalSettings,
  form: string,
): void {
  const wanted = rows.map((row) => evaluate(expr, row, settings));
  const { values, failed } = runCompiled(expr, rows, settings);
  expect(failed, `${form}: asked for the interpreter`).toBe(false);
  expect(values, form).toEqual(wanted);
}

export type Refusal = readonly [sql: string, code: string];

export function expectRefused(refusals: readonly Refusal[]): void {
  describe('refused', () => {
    test.each(refusals)('%s: %s', (sql, code) => {
      let error: unknown;
      try {
        answer(sql);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(SparrowError);
      expect((error as SparrowError).code).toBe(code);
    });
  });
}
