import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkLayers } from '../../scripts/lib/layers.mjs';

describe('the source tree', () => {
  test('keeps to the layer table, every file read', { timeout: 120_000 }, async () => {
    const report = await checkLayers();
    expect(report.cruised).toBeGreaterThan(0);
    expect(report.cruised).toBe(report.sources);
    expect(report.violations).toEqual([]);
  });
});

describe('the layer check', () => {
  const planted: string[] = [];
  afterEach(() => {
    for (const folder of planted.splice(0)) rmSync(folder, { recursive: true });
  });

  const rulesBrokenBy = async (files: Record<string, string>): Promise<string[]> => {
    const baseDir = mkdtempSync(join(tmpdir(), 'sparrow-layers-'));
    planted.push(baseDir);
    for (const [file, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
      mkdirSync(dirname(join(baseDir, file)), { recursive: true });
      writeFileSync(join(baseDir, file), text);
    }
    const { violations } = await checkLayers({ baseDir });
    return [...new Set(violations.map(({ rule }) => rule.replace(/:.*/, '')))].sort();
  };

  const leaf = 'export interface A { a: number }\nexport const a = 1;\n';

  test('accepts imports that go down', async () => {
    expect(
      await rulesBrokenBy({
        'src/base/a.ts': leaf,
        'src/api/b.ts': "import { a } from '../base/a.js';\nexport const b = a;\n",
        'src/index.ts': "export { b } from './api/b.js';\nexport type { A } from './base/a.js';\n",
      }),
    ).toEqual([]);
  });

  test.each([
    ['base', 'wasm', 'base-imports-nothing'],
    ['wasm', 'functions', 'wasm-imports-only-below'],
    ['functions', 'plan', 'functions-imports-only-below'],
    ['plan', 'exec', 'plan-imports-only-below'],
    ['sql', 'exec', 'sql-imports-only-below'],
    ['connect', 'io', 'connect-imports-only-below'],
    ['io', 'functions', 'io-imports-only-below'],
    ['exec', 'sql', 'exec-imports-only-below'],
    ['api', 'wasm', 'api-imports-only-below'],
    ['cli', 'base', 'cli-imports-only-below'],
  ])('refuses %s → %s, by value and by type', async (from, to, rule) => {
    const files = { [`src/${to}/a.ts`]: leaf };
    const value = { ...files, [`src/${from}/b.ts`]: `import { a } from '../${to}/a.js';\nexport const b = a;\n` };
    const type = { ...files, [`src/${from}/b.ts`]: `import type { A } from '../${to}/a.js';\nexport type B = A;\n` };
    expect(await rulesBrokenBy(value)).toEqual([rule]);
    expect(await rulesBrokenBy(type)).toEqual([rule]);
  });

  test('refuses a cycle made of types alone', async () => {
    expect(
      await rulesBrokenBy({
        'src/plan/a.ts': "import type { B } from './b.js';\nexport type A = { b: B } | null;\n",
        'src/plan/b.ts': "import type { A } from './a.js';\nexport type B = { a: A } | null;\n",
      }),
    ).toEqual(['no-cycles']);
  });

  test('refuses a worker that reaches the plan through another file', async () => {
    expect(
      await rulesBrokenBy({
        'src/plan/a.ts': leaf,
        'src/exec/planner.ts': "import { a } from '../plan/a.js';\nexport const p = a;\n",
        'src/exec/worker.ts': "import { p } from './planner.js';\nconsole.log(p);\n",
      }),
    ).toEqual(['worker-never-plans']);
  });

  test('refuses the Spark Connect client in the main import, allows it when loaded on demand', async () => {
    const files = { 'src/connect/a.ts': leaf };
    const eager = { ...files, 'src/api/b.ts': "import { a } from '../connect/a.js';\nexport const b = a;\n" };
    const lazy = { ...files, 'src/api/b.ts': "export const b = () => import('../connect/a.js');\n" };
    expect(await rulesBrokenBy(eager)).toEqual(['connect-is-loaded-lazily']);
    expect(await rulesBrokenBy(lazy)).toEqual([]);
  });

  test('refuses index.ts naming anything but api and base, and folders nobody knows', async () => {
    expect(
      await rulesBrokenBy({ 'src/plan/a.ts': leaf, 'src/index.ts': "export { a } from './plan/a.js';\n" }),
    ).toEqual(['index-imports-api-and-base']);
    expect(
      await rulesBrokenBy({ 'src/base/a.ts': leaf, 'src/misc/b.ts': "export { a } from '../base/a.js';\n" }),
    ).toEqual(['src-has-known-layers-only']);
  });

  test('refuses an import that leads nowhere', async () => {
    expect(await rulesBrokenBy({ 'src/base/a.ts': "export { b } from './b.js';\n" })).toEqual(['resolves']);
  });
});
