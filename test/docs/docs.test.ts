import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CodeBlock, codeBlocks } from '../support/code-blocks.js';
import { filesUnder, root, textOf } from '../support/files.js';

// Every program a reader can copy from the documents is compiled against the built package and run as he would run it:
// in a folder of its own, with the flight files of the examples in it.
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].filter((file) => existsSync(join(root, file)));
const guides = existsSync(join(root, 'docs/guide')) ? filesUnder('docs/guide', (file) => file.endsWith('.md')) : [];
const blocks = [...documents, ...guides].flatMap(codeBlocks);
const folder = join(root, 'test/docs/.run');

const nameOf = ({ file, line }: CodeBlock): string => `${file.replaceAll(/\W+/g, '-').toLowerCase()}-line-${line}`;
const titleOf = ({ file, line, language, runs }: CodeBlock): string =>
  `${file}:${line} (${language}${runs ? '' : ', no-run'})`;

interface Finished {
  readonly status: number;
  readonly output: string;
}

const start = promisify(execFile);

async function runNode(args: string[], cwd: string): Promise<Finished> {
  try {
    const { stdout, stderr } = await start(process.execPath, args, { cwd, timeout: 60_000, maxBuffer: 1 << 26 });
    return { status: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '', message } = error as { code?: number } & Record<string, string>;
    return { status: Number(code) || 1, output: `${stdout}${stderr}` || `${message}` };
  }
}

function workFolder(name: string): string {
  const cwd = join(folder, 'work', name);
  mkdirSync(cwd, { recursive: true });
  for (const file of ['flights-3m.parquet', 'airports.csv', 'flights-airport.csv']) {
    symlinkSync(join(root, 'node_modules/vega-datasets/data', file), join(cwd, file));
  }
  return cwd;
}

let complaints = '';

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'src'), { recursive: true });
  for (const block of blocks) {
    const target = block.language === 'ts' ? 'src' : 'out';
    mkdirSync(join(folder, target), { recursive: true });
    writeFileSync(join(folder, target, `${nameOf(block)}.${block.language}`), `${block.code}\nexport {};\n`);
  }
  if (!blocks.some(({ language }) => language === 'ts')) return;
  const compilerOptions = { noEmit: false, rootDir: 'src', outDir: 'out', paths: {}, noUncheckedIndexedAccess: false };
  const project = { extends: '../../../tsconfig.json', compilerOptions, include: ['src'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  complaints = (await runNode([compiler, '-p', join(folder, 'tsconfig.json'), '--pretty', 'false'], folder)).output;
});

describe('programs in the documents', () => {
  test('are all found', () => {
    const fences = [...documents, ...guides].map((file) =>
      textOf(file).match(/^\s*```+\s*(ts|js|typescript|javascript)\b/gm),
    );
    expect(blocks.length).toBe(fences.reduce((sum, found) => sum + (found?.length ?? 0), 0));
  });

  test.each(blocks.map((block) => [titleOf(block), block] as const))('%s', async (_, block) => {
    const name = nameOf(block);
    expect(complaints.split('\n').filter((line) => line.includes(`${name}.ts`))).toEqual([]);
    if (!block.runs) return;
    const { status, output } = await runNode([join(folder, 'out', `${name}.js`)], workFolder(name));
    expect(status, output).toBe(0);
  });
});
