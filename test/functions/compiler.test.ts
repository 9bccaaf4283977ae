import '../support/all-functions.js';
import { describe, expect, test } from 'vitest';
import { type DataType, decimalType, type Scalar } from '../../src/base/index.js';
import { callOf } from '../../src/functions/call.js';
import { describe as text } from '../../src/functions/describe.js';
import { evaluate } from '../../src/functions/evaluate.js';
import type { CallExpr, PhysicalExpr } from '../../src/functions/expression.js';
import { resolveCall } from '../../src/functions/registry.js';
import type { Value } from '../../src/functions/value.js';
import { Bench, type InputColumn, runCompiled, settings } from '../support/expression-harness.js';

const column = (index: number, type: DataType, nullable = false): PhysicalExpr => ({
  kind: 'column',
  index,
  type,
  nullable,
});
const literal = (type: DataType, value: Scalar): PhysicalExpr => ({ kind: 'literal', type, value });
const call = (fn: string, type: DataType, ...args: PhysicalExpr[]): CallExpr => ({
  kind: 'call',
  fn,
  args,
  type,
  nullable: false,
});

/** A call with the type its arguments give it. */
function typed(fn: string, ...args: PhysicalExpr[]): CallExpr {
  const types = args.map((a) => ({
    type: a.type,
    nullable: false,
    ...(a.kind === 'literal' ? { literal: a.value } : {}),
  }));
  return call(fn, resolveCall(fn, types, settings).resolution.returns, ...args);
}

const money = decimalType(15, 2);
const one = literal(decimalType(1, 0), 1n);
const price: InputColumn = { type: money, nullable: false, ranged: true, values: [90100n, 10494950n, 5000000n] };
const discount: InputColumn = { type: money, nullable: false, ranged: true, values: [0n, 10n, 4n] };
const tax: InputColumn = { type: money, nullable: false, ranged: true, values: [8n, 0n, 2n] };

/** The value an expression compiles to, and what its code asked of the module. */
function compiled(
  expr: PhysicalExpr,
  input: readonly InputColumn[],
): { value: Value; helpers: string[]; bytes: number } {
  const bench = new Bench(input);
  const helpers: string[] = [];
  const helper = bench.context.helper.bind(bench.context);
  bench.context.helper = (name) => {
    helpers.push(name);
    return helper(name);
  };
  let value: Value | undefined;
  bench.module.function('run', ['i32', 'i32'], [], (code, state, row) => {
    value = bench.compiler(code, state as never, row as never).compile(expr);
  });
  const bytes = bench.module.bytes().length;
  bench.release();
  return { value: value as Value, helpers, bytes };
}

describe('ranges', () => {
  const discounted = typed('mul', column(0, money), typed('sub', one, column(1, money)));
  const charged = typed('mul', discounted, typed('add', one, column(2, money)));

  test('let decimals of 38 digits be computed in 64 bits without a check', () => {
    expect(charged.type).toEqual(decimalType(38, 6));
    const { value, helpers } = compiled(charged, [price, discount, tax]);
    expect(value.carrier).toBe('i64');
    expect(value.range).toEqual([0n, 10494950n * 100n * 108n].map((x, i) => (i === 0 ? 90100n * 90n * 100n : x)));
    expect(helpers).toEqual([]);
    expect(runCompiled(charged, [price, discount, tax])[1]).toEqual({ value: 10494950n * 90n * 100n });
  });

  test('are not needed for the same answer', () => {
    const plain = [price, discount, tax].map((c) => ({ ...c, ranged: false }));
    expect(runCompiled(charged, plain)).toEqual(runCompiled(charged, [price, discount, tax]));
  });

  test('keep integers small', () => {
    const input: InputColumn = { type: { kind: 'int64' }, nullable: false, ranged: true, values: [1n, 100n] };
    const { value } = compiled(typed('mul', column(0, { kind: 'int64' }), column(0, { kind: 'int64' })), [input]);
    expect(value.carrier).toBe('i32');
    expect(value.range).toEqual([1n, 10000n]);
  });
});

describe('common subexpressions', () => {
  const input: InputColumn = { type: { kind: 'string' }, nullable: true, values: ['a', null] };
  const upper = call('initcap', { kind: 'string' }, column(0, { kind: 'string' }, true));

  test('are computed once', () => {
    const bench = new Bench([input]);
    bench.module.function('run', ['i32', 'i32'], [], (code, state, row) => {
      const compiler = bench.compiler(code, state as never, row as never);
      expect(compiler.compile(upper)).toBe(compiler.compile(structuredClone(upper)));
      const inside = compiler.scoped(() => compiler.compile(column(0, { kind: 'string' }, true)));
      expect(compiler.compile(column(0, { kind: 'string' }, true))).toBe(inside);
    });
    bench.release();
  });

  test('of a conditional are not used after it', () => {
    const bench = new Bench([input]);
    bench.module.function('run', ['i32', 'i32'], [], (code, state, row) => {
      const compiler = bench.compiler(code, state as never, row as never);
      const inside = compiler.scoped(() => compiler.compile(upper));
      expect(compiler.compile(upper)).not.toBe(inside);
    });
    bench.release();
  });
});

describe('errors', () => {
  const divide = typed('div', column(0, { kind: 'float64' }), column(1, { kind: 'float64' }));

  test('of the interpreter name the expression', () => {
    expect(() => evaluate(divide, [1, 0], settings)).toThrow(/\[DIVIDE_BY_ZERO\].*In: \(\$0 \/ \$1\)/);
    expect(text(divide, (i) => ['a', 'b'][i] as string)).toBe('(a / b)');
  });

  test('are not raised in branches that are not taken', () => {
    const input: InputColumn[] = [
      [1, 1],
      [0, 2],
    ].map((values) => ({ type: { kind: 'float64' }, nullable: false, values }));
    const safe = call(
      'when',
      { kind: 'float64' },
      call('eq', { kind: 'boolean' }, column(1, { kind: 'float64' }), literal({ kind: 'float64' }, 0)),
      literal({ kind: 'float64' }, -1),
      divide,
    );
    expect(runCompiled(safe, input)).toEqual([{ value: -1 }, { value: 0.5 }]);
  });
});

test('a call tells what it knows of its arguments', () => {
  expect(callOf(typed('add', literal({ kind: 'int32' }, 1), column(0, { kind: 'int32' })), settings)).toMatchObject({
    fn: 'add',
    literals: [1, undefined],
    returns: { kind: 'int32' },
  });
});
