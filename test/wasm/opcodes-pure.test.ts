import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OpName } from '../../src/wasm/index.js';
import { type Bits, inputShape, same, widths } from './support/bits.js';
import { operands } from './support/edges.js';
import { machine, names, outcome, row } from './support/machine.js';
import { type PureModel, pureModel } from './support/pure-models.js';

const pure = names.filter((name) => pureModel(name) !== undefined);

describe('instructions without memory do what the model says', () => {
  test.each(pure)('%s', (name) => {
    const model = pureModel(name) as PureModel;
    for (const imm of immediates(name)) {
      const run = machine(name, imm);
      for (const args of operands(row(name).takes, inputShape(name))) check(name, model, run, args, imm);
      const any = fc.tuple(...row(name).takes.map((type) => fc.bigInt(0n, (1n << BigInt(widths[type])) - 1n)));
      fc.assert(
        fc.property(any, (args) => check(name, model, run, args, imm)),
        { numRuns: 30 },
      );
    }
  });
});

function check(
  name: OpName,
  model: PureModel,
  run: (args: readonly Bits[]) => Bits | 'trap',
  args: readonly Bits[],
  imm: readonly number[],
): void {
  const got = run(args);
  const want = outcome(() => model.run(args, imm));
  const fits = got === want || (got !== 'trap' && want !== 'trap' && same(got, want, model.nan));
  if (!fits) expect.fail(`${name} ${imm} of ${args.map(hex)}: got ${hex(got)}, want ${hex(want)}`);
}

function immediates(name: OpName): number[][] {
  const { imm, lanes = 0 } = row(name);
  const sixteen = Array.from({ length: 16 }, (_, i) => i);
  if (imm === 'lane') return Array.from({ length: lanes }, (_, i) => [i]);
  if (imm === 'lanes16') return [sixteen, sixteen.map((i) => 31 - i), sixteen.map((i) => (i * 7 + 3) % 32)];
  if (imm === 'bytes16') return [sixteen, sixteen.map((i) => 255 - i), sixteen.map(() => 0)];
  return [[]];
}

const hex = (x: Bits | 'trap'): string => (x === 'trap' ? x : `0x${x.toString(16)}`);
