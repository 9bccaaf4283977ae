import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/files.js';

// What the compiler says and what it costs are part of the API: programs are compiled as a user's would be, against
// the declarations of the built package.
const folder = join(root, 'build/api-compiler');
const run = promisify(execFile);

interface Compiled {
  readonly messages: readonly string[];
  readonly instantiations: number;
}

async function compile(name: string, lines: readonly string[]): Promise<Compiled> {
  const own = join(folder, name);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'program.ts'), `${[...prelude, ...lines].join('\n')}\n`);
  const compilerOptions = { paths: { 'sparrow-df': ['../../../dist/index.d.ts'] } };
  writeFileSync(
    join(own, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, include: ['program.ts'], exclude: [] }),
  );
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', own, '--extendedDiagnostics', '--pretty', 'false'];
  const output = await run(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  return {
    messages: output.split('\n').filter((line) => /program\.ts\(\d+,\d+\): error/.test(line)),
    instantiations: Number(/Instantiations:\s+(\d+)/.exec(output)?.[1]),
  };
}

const prelude = [
  "import { col, fn, type RowOf, type Session, t, type DefaultValues } from 'sparrow-df';",
  'declare const session: Session<DefaultValues>;',
  'export const w0 = session.read.schema({ id: t.notNull(t.int64), price: t.float64, qty: t.notNull(t.int32),',
  "  note: t.string, at: t.timestamp, total: t.decimal(12, 2), ok: t.boolean, day: t.date }).parquet('x');",
  "export const users = session.read.schema({ id: t.string, name: t.string }).csv('y');",
];

describe('a mistake is answered in a sentence', () => {
  const cases: readonly (readonly [program: string, sentence: RegExp])[] = [
    ["w0.select('prize');", /There is no column \\"prize\\" here\. Choose one of:.*"price"/],
    ["w0.filter(col('prize').gt(3));", /There is no column \\"prize\\" here\. Choose one of:.*"price"/],
    ['w0.filter(($) => $.prize.gt(3));', /Property 'prize' does not exist.*Did you mean 'price'\?/],
    ["w0.withColumn('x', col('qty').add(col('prize')));", /There is no column \\"prize\\" here\./],
    ["w0.groupBy('id').agg(fn.sum('prize').as('s'));", /There is no column \\"prize\\" here\./],
    ["w0.filter(($) => $.id.eq('x'));", /eq\(\) cannot compare a bigint with a string: cast one of them first/],
    ["w0.filter(col('id').eq('x'));", /eq\(\) cannot compare a bigint with a string: cast one of them first/],
    ['w0.select(($) => $.note.add(1));', /add\(\) does not take a string and an int: cast one of them first/],
    ['w0.filter(($) => $.qty.add(1));', /A condition must be a boolean; this one is an int\./],
    ["w0.select(($) => $.qty.like('1%'));", /like\(\) needs text; this is an int\. Cast it first/],
    ["w0.groupBy('id').agg(fn.sum('note').as('s'));", /sum\(\) needs numbers; this is a string\. Cast it first/],
    ["w0.select(($) => $.qty.cast('integr'));", /There is no type \\"integr\\"\. Types are written like \\"int\\"/],
    ["w0.join(users, 'price');", /The right side has no column \\"price\\" to join on\. Both sides have:.*"id"/],
    ["w0.join(users, 'name');", /The left side has no column \\"name\\" to join on\./],
    ["w0.join(users, 'id');", /Column \\"id\\" is a bigint on the left and a string on the right: cast one of them/],
    ['w0.unionByName(users);', /The two sides do not have the same columns: .*allowMissingColumns/],
  ];
  let messages: readonly string[] = [];
  beforeAll(async () => {
    messages = (
      await compile(
        'messages',
        cases.map(([program]) => program),
      )
    ).messages;
  }, 120_000);

  test.each(cases.map(([program, sentence], i) => [program, sentence, prelude.length + 1 + i] as const))(
    '%s',
    (_, sentence, line) => {
      expect(messages.filter((message) => message.includes(`program.ts(${line},`)).join('\n')).toMatch(sentence);
    },
  );

  test('and there is no other complaint', () => {
    const lines = messages.map((message) => Number(/program\.ts\((\d+),/.exec(message)?.[1]));
    expect([...new Set(lines)].sort((a, b) => a - b)).toEqual(cases.map((_, i) => prelude.length + 1 + i));
  });
});

describe('60 steps', () => {
  // Measured: 115,640 (one chain) and 174,381 (named steps) above the bare program. Doubling them is a mistake.
  const most = 300_000;
  const steps = 60;
  let bare = 0;
  beforeAll(async () => {
    bare = (await compile('bare', [])).instantiations;
    expect(bare).toBeGreaterThan(0);
  }, 120_000);

  const ending = [
    `type Last = RowOf<typeof w${steps}>;`,
    'declare const last: Last;',
    `export const exact: readonly [number | null, number, string | null] = [last.c${steps - 1}, last.id, last.total];`,
    '// @ts-expect-error no such column',
    'last.nope;',
    '// @ts-expect-error not a string',
    'export const wrong: string = last.c0;',
  ];

  test('in one chain infer exactly, within the budget', async () => {
    const chain = Array.from(
      { length: steps },
      (_, i) => `  .withColumn('c${i}', col('price').mul(col('qty'))).filter(($) => $.c${i}.gt(1))`,
    );
    const { messages, instantiations } = await compile('chain', [
      `export const w${steps} = w0`,
      ...chain,
      ';',
      ...ending,
    ]);
    expect(messages).toEqual([]);
    expect(instantiations - bare).toBeLessThan(most);
  }, 120_000);

  test('each with a name infer exactly, within the budget', async () => {
    const named = Array.from(
      { length: steps },
      (_, i) => `const w${i + 1} = w${i}.withColumn('c${i}', ($) => $.price.add($.qty)).filter(col('c${i}').gt(1));`,
    );
    const { messages, instantiations } = await compile('named', [...named, ...ending]);
    expect(messages).toEqual([]);
    expect(instantiations - bare).toBeLessThan(most);
  }, 120_000);
});
