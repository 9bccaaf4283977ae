import { execFile, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonOf, root } from '../support/files.js';

// The package as a user has it: packed, unpacked beside its production dependencies, in a folder with nothing else.
// Before there is an entry point there is nothing to pack.
const start = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sparrow-package-'));
const installed = join(folder, 'node_modules/sparrow-df');

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** What `npm install` would bring, taken from our own install: production dependencies only, so a forgotten one shows. */
function linkProductionDependencies(): void {
  const { packages } = jsonOf<{ packages: Record<string, Locked> }>('package-lock.json');
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (path === '' || dev || devOptional || path.lastIndexOf('node_modules/') > 0) continue;
    const target = join(folder, path);
    mkdirSync(join(target, '..'), { recursive: true });
    if (existsSync(join(root, path))) symlinkSync(join(root, path), target, 'junction');
  }
}

/** Large enough to be worth worker threads. */
const question = `
  const session = await Session.create({ workers: 2 });
  try {
    const numbers = session.createDataFrame(Array.from({ length: 200_000 }, (_, id) => ({ id, team: id % 3 })));
    const rows = await numbers.groupBy('team').agg(fn.sum(col('id')).as('total')).orderBy('team').collect();
    console.log(JSON.stringify(rows));
  } finally {
    await session.stop();
  }`;
const asModule = `import { Session, col, fn } from 'sparrow-df';\n${question}\n`;
const asScript = `const { Session, col, fn } = require('sparrow-df');\n(async () => {${question}\n})();\n`;
const rows = [0, 1, 2].map((team) => ({ team, total: sumOfIds(team) }));

function sumOfIds(team: number): number {
  let total = 0;
  for (let id = team; id < 200_000; id += 3) total += id;
  return total;
}

async function runs(name: string, program: string, where = folder): Promise<unknown> {
  writeFileSync(join(where, name), program);
  const { stdout } = await start(process.execPath, [name], { cwd: where, timeout: 60_000 });
  return JSON.parse(stdout);
}

const isProgram = (file: string): boolean => file.endsWith('.js');

describe.runIf(existsSync(join(root, 'dist/index.js')))('the packed package', () => {
  beforeAll(() => {
    const pack = spawnSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    const [{ filename }] = JSON.parse(pack.stdout) as [{ filename: string }];
    mkdirSync(installed, { recursive: true });
    spawnSync('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
    linkProductionDependencies();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds the license, the readme, the types and nothing of the tests', () => {
    for (const file of ['LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts']) {
      expect(existsSync(join(installed, file)), file).toBe(true);
    }
    expect(existsSync(join(installed, 'test'))).toBe(false);
    expect(existsSync(join(installed, 'dist/.tsbuildinfo'))).toBe(false);
  });

  test('has no object that begins with a spread and goes on, which Node 20 gives a hidden class of its own', () => {
    const programs = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter(isProgram);
    expect(programs.length).toBeGreaterThan(10);
    for (const file of programs) {
      const literals = /\{\.\.\.(?!\{\},)[\w$.]+,/.exec(readFileSync(join(installed, 'dist', file), 'utf8'));
      expect(literals?.[0], file).toBeUndefined();
    }
  });

  test('works when imported', async () => {
    expect(await runs('program.mjs', asModule)).toEqual(rows);
  });

  test('works when required', async () => {
    expect(await runs('program.cjs', asScript)).toEqual(rows);
  });

  test('starts its workers from their file, which shares its parts with us', async () => {
    const program = `import { syncBuiltinESMExports } from 'node:module';
      import threads from 'node:worker_threads';
      import { Session, col } from 'sparrow-df';
      const started = new Set();
      threads.Worker = class extends threads.Worker {
        constructor(program, options) {
          started.add(options.eval === true ? 'a text' : String(program).split('/').at(-1));
          super(program, options);
        }
      };
      syncBuiltinESMExports();
      const session = await Session.create({ workers: 2 });
      const count = await session.range(3_000_000).filter(col('id').mod(3).eq(0)).count();
      console.log(JSON.stringify([Number(count), ...started]));
      await session.stop();`;
    expect(await runs('workers.mjs', program)).toEqual([1_000_000, 'sparrow-worker.js']);
  });

  /** A program bundled with all it imports, run in a folder where there is nothing else. */
  async function runsBundled(program: string, format: 'esm' | 'cjs'): Promise<unknown> {
    const empty = mkdtempSync(join(tmpdir(), 'sparrow-alone-'));
    const extension = format === 'esm' ? 'mjs' : 'cjs';
    const source = join(folder, `source.${extension}`);
    writeFileSync(source, program);
    const bundle = `bundle.${extension}`;
    try {
      await build({
        entryPoints: [source],
        outfile: join(empty, bundle),
        bundle: true,
        platform: 'node',
        format,
        target: 'node20',
        logLevel: 'silent',
      });
      const { stdout } = await start(process.execPath, [bundle], { cwd: empty, timeout: 60_000 });
      return JSON.parse(stdout);
    } finally {
      rmSync(empty, { recursive: true });
    }
  }

  test('works from a bundle, alone in an empty folder', async () => {
    expect(await runsBundled(asModule, 'esm')).toEqual(rows);
  });

  test('works from a bundle in CommonJS, where a module has no address', async () => {
    expect(await runsBundled(asScript, 'cjs')).toEqual(rows);
  });

  test('reads and writes every format from a bundle', async () => {
    const program = `import { Session, col, fn, lit } from 'sparrow-df';
      const session = await Session.create({ workers: 2 });
      const ids = session.range(200_000).select('id', fn.concat(lit('t'), col('id').cast('string')).as('text'));
      const found = {};
      for (const format of ['parquet', 'csv', 'json', 'arrow', 'delta']) {
        await ids.write.format(format).options(format === 'csv' ? { header: true } : {}).save(format);
        const options = format === 'csv' ? { header: true, inferSchema: true } : {};
        const read = session.read.format(format).options(options).load(format);
        const [row] = await read.agg(fn.sum('id').as('sum'), fn.max('text').as('text')).collect();
        found[format] = [Number(row.sum), String(row.text)];
      }
      await ids.select('text').write.text('text');
      found.text = await session.read.text('text').filter(col('value').like('%999')).count();
      console.log(JSON.stringify(found));
      await session.stop();`;
    const all = [(200_000 * 199_999) / 2, 't99999'];
    expect(await runsBundled(program, 'esm')).toEqual({
      ...{ parquet: all, csv: all, json: all, arrow: all, delta: all },
      text: 200,
    });
  });

  test('calls functions in the workers of a bundle as from its own files', { timeout: 120_000 }, async () => {
    const program = `import { Session } from 'sparrow-df';
      const session = await Session.create({ workers: 2 });
      session.range(25_000).createOrReplaceTempView('ids');
      const texts = ['upper(t)', 'substring(t, 2, 3)', "regexp_replace(t, '[13]', 'x')", 'md5(t)', 'lpad(t, 9, "*")',
        "to_json(named_struct('a', id, 'b', array(t)))", 'translate(t, "12", "ab")', "split(t, '9')[0]",
        "date_format(timestamp_seconds(id * 999), 'yyyy-MM-dd HH:mm')", 'cast(date_add(date"2020-01-31", cast(id % 999 as int)) as string)',
        "transform(sequence(1, id % 5 + 1), x -> x + id)[0]", 'try_cast(t as int)', "map('k', id)['k']", 'conv(t, 36, 16)',
        'cast(round(id / 7, 2) as decimal(20, 3))', "get_json_object(concat('{\\"a\\":', id, '}'), '$.a')", 'try_divide(id, id % 3)'];
      const list = texts.map((text, i) => 'max(cast(' + text + ' as string)) m' + i);
      const sums = ['sum(cast(id as decimal(10, 1)))', 'avg(id)', 'stddev(id)', 'percentile(id, 0.3)', 'max_by(t, id)', 'approx_count_distinct(t)'];
      const [row] = await session.sql('select ' + [...list, ...sums.map((s, i) => s + ' s' + i)].join(', ')
        + " from (select id, concat('t', id) t from ids)").collect();
      console.log(JSON.stringify(Object.values(row).map(String)));
      await session.stop();`;
    const found = (await runs('functions.mjs', program)) as string[];
    expect(found[0]).toBe('T9999');
    expect(await runsBundled(program, 'esm')).toEqual(found);
  });

  test('brings its command', async () => {
    const { stdout } = await start(process.execPath, [join(installed, 'dist/cli/sparrow.js'), '--version']);
    expect(stdout.trim()).toBe(jsonOf<{ version: string }>('package.json').version);
  });

  test('answers a small question without a worker', async () => {
    const program = `import { syncBuiltinESMExports } from 'node:module';
      import threads from 'node:worker_threads';
      import { Session, col } from 'sparrow-df';
      threads.Worker = class { constructor() { throw new Error('a worker was started'); } };
      syncBuiltinESMExports();
      const session = await Session.create();
      const rows = await session.createDataFrame([{ a: 1 }, { a: 2 }]).filter(col('a').gt(1)).collect();
      console.log(JSON.stringify(rows));
      await session.stop();`;
    expect(await runs('small.mjs', program)).toEqual([{ a: 2 }]);
  });

  describe('has types that a strict program accepts', () => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];

    async function complaints(lib: string): Promise<string> {
      const all = [compiler, ...options, '--lib', lib, '--skipLibCheck', 'false', 'typed.ts'];
      const { stdout } = await start(process.execPath, all, { cwd: folder }).catch(
        (error: { stdout: string }) => error,
      );
      return stdout;
    }

    beforeAll(() => {
      symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'), 'junction');
      symlinkSync(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), 'junction');
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
      writeFileSync(join(folder, 'typed.ts'), asModule);
    });

    test('without lib.dom, every declaration checked', async () => {
      expect(await complaints('es2023,esnext.disposable')).toBe('');
    });

    test('with lib.dom', async () => {
      expect(await complaints('es2023,esnext.disposable,dom')).toBe('');
    });
  });
});
