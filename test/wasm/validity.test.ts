import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Code, type Label, type OpName, type ValType, WasmModule } from '../../src/wasm/index.js';

const types = ['i32', 'i64', 'f32', 'f64', 'v128'] as const satisfies readonly ValType[];
const ops = [
  'i32.add',
  'i64.eqz',
  'f64.convert_i32_s',
  'f64.add',
  'f32.demote_f64',
  'i32x4.splat',
  'v128.and',
  'i64x2.all_true',
  'i32.load',
  'f64.store',
  'memory.size',
] as const satisfies readonly OpName[];

type Step =
  | { readonly kind: 'const' | 'get' | 'set'; readonly type: ValType }
  | { readonly kind: 'op'; readonly name: OpName }
  | { readonly kind: 'drop' | 'return' | 'unreachable' }
  | { readonly kind: 'br' | 'brIf'; readonly to: number }
  | { readonly kind: 'block' | 'loop' | 'if'; readonly body: readonly Step[]; readonly result: ValType | null };

const type = fc.constantFrom(...types);
const { steps } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constantFrom('const', 'const', 'get', 'set'), type }),
    fc.record({ kind: fc.constant('op'), name: fc.constantFrom(...ops) }),
    fc.record({ kind: fc.constantFrom('drop', 'drop', 'return', 'unreachable') }),
    fc.record({ kind: fc.constantFrom('br', 'brIf'), to: fc.nat(3) }),
    fc.record({
      kind: fc.constantFrom('block', 'loop', 'if'),
      body: tie('steps'),
      result: fc.option(type),
    }),
  ) as fc.Arbitrary<Step>,
  steps: fc.array(tie('step'), { maxLength: 12 }),
}));

/** Emits what the builder takes and leaves out what it refuses; a refused instruction changes nothing. */
function emit(
  code: Code,
  program: readonly Step[],
  labels: readonly Label[],
  locals: Map<ValType, () => Code>[],
): void {
  for (const step of program) {
    try {
      emitStep(code, step, labels, locals);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('expects')) throw error;
    }
  }
}

function emitStep(code: Code, step: Step, labels: readonly Label[], locals: Map<ValType, () => Code>[]): unknown {
  switch (step.kind) {
    case 'const':
      return step.type === 'v128' ? code.v128(new Uint8Array(16)) : code[step.type](7);
    case 'get':
      return locals[0]?.get(step.type)?.();
    case 'set':
      return locals[1]?.get(step.type)?.();
    case 'op':
      return code.op(step.name);
    case 'br':
    case 'brIf': {
      const label = labels[labels.length - 1 - step.to];
      return label && code[step.kind](label);
    }
    case 'block':
    case 'loop':
    case 'if':
      return nest(code, step, labels, locals);
    default:
      return code[step.kind]();
  }
}

function nest(
  code: Code,
  step: Extract<Step, { kind: 'block' | 'loop' | 'if' }>,
  labels: readonly Label[],
  locals: Map<ValType, () => Code>[],
): void {
  const results = step.result === null ? [] : [step.result];
  // An end that is never reached fits whatever the body left on the stack.
  const arm = (inner: readonly Label[]) => (): void => {
    emit(code, step.body, inner, locals);
    code.unreachable();
  };
  if (step.kind === 'if') code.i32(1).if(arm(labels), arm(labels), results);
  else code[step.kind]((label) => arm([...labels, label])(), results);
}

test('what the builder takes, V8 takes', () => {
  let emitted = 0;
  fc.assert(
    fc.property(steps, (program) => {
      const m = new WasmModule();
      m.function('f', [], ['i64'], (code) => {
        const all = types.map((each) => [each, code.local(each)] as const);
        const locals = [
          new Map(all.map(([each, local]) => [each, () => code.get(local)])),
          new Map(all.map(([each, local]) => [each, () => code.set(local)])),
        ];
        emit(code, program, [], locals);
        code.unreachable();
      });
      const bytes = m.bytes();
      emitted += bytes.length;
      expect(WebAssembly.validate(bytes)).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect(emitted).toBeGreaterThan(2000 * 60);
});
