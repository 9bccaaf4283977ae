import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesUnder, root, textOf } from '../support/files.js';

const maximumLines = 400;

const isSource = (file: string): boolean => file.endsWith('.ts') && !/\/gen(erated)?\//.test(file);
const isText = (file: string): boolean =>
  /\.(ts|mts|mjs|js|json|md|slt|sql|sh|yml|yaml|txt|csv)$|(^|\/)[^.]+$/.test(file);

const linesWhere = (files: string[], wrong: (line: string) => boolean): string[] =>
  files.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, index) => (wrong(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );

describe('source files', () => {
  const sources = filesUnder('src', isSource);

  test(`are there, each with at most ${maximumLines} lines`, () => {
    expect(sources.length).toBeGreaterThan(0);
    const long = sources.map((file) => [file, textOf(file).trimEnd().split('\n').length] as const);
    expect(long.filter(([, lines]) => lines > maximumLines)).toEqual([]);
  });

  test('never make code from text (machine code is WebAssembly)', () => {
    // A method named eval is fine (`.eval(`, or its definition at the start of a line); the global is not.
    const makesCode = (line: string): boolean =>
      /\bnew\s+Function\b/.test(line) || (/(?<![.\w'"`])eval\(/.test(line) && !/^\s*(async\s+)?eval\(/.test(line));
    expect(linesWhere(sources, makesCode)).toEqual([]);
  });
});

describe('every file', () => {
  test('names no path of the machine it was written on', () => {
    const parent = dirname(root);
    const here = [homedir(), parent.length > 1 ? parent : root].map((folder) => `${folder}/`);
    const home = /(?<![\w.:/-])\/(home|Users)\/\w+|(?<![\w.:/)}$-])\/(root|work)\/\w+/;
    const named = (line: string): boolean => here.some((folder) => line.includes(folder)) || home.test(line);
    const files = filesUnder('.', (file) => isText(file) && file !== 'test/architecture/tidy.test.ts');
    expect(linesWhere(files, named)).toEqual([]);
  });

  test('in docs links to files that exist', () => {
    const all = new Set(filesUnder('.'));
    const broken = filesUnder('.', (file) => file.endsWith('.md')).flatMap((file) => {
      const prose = textOf(file).replaceAll(/^```.*?^```/gms, '');
      return [...prose.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .map(([, target = '']) => new URL(target, `file:///${file}`).pathname.slice(1))
        .filter(
          (target) => !all.has(target) && ![...all].some((known) => known.startsWith(target.replace(/\/?$/, '/'))),
        )
        .map((target) => `${file} → ${target}`);
    });
    expect(broken).toEqual([]);
  });
});
