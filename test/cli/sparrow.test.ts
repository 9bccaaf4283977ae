import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, type Unknown } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonOf } from '../support/files.js';
import { command } from './terminal.js';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const folder = mkdtempSync(join(tmpdir(), 'sparrow-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command on an input. Once it has printed `stopAfter` it gets a SIGINT. */
function sparrow(args: readonly string[], input = '', stopAfter?: string): Promise<Ended> {
  const child = spawn(process.execPath, [command, ...args], { cwd: folder, env: { ...process.env, DEBUG: '' } });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (stopAfter !== undefined && out.includes(stopAfter)) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, error })));
}

const three = '+---+\n| id|\n+---+\n|  0|\n|  1|\n|  2|\n+---+\n';

describe('the prompt, read from a pipe', () => {
  test('runs the lines one after the other and ends', async () => {
    const lines = [
      'const d = session.range(3)',
      'd',
      'const n = await d.count()',
      'n',
      'd.count()',
      'function twice(x) {',
      '  return x * 2;',
      '}',
      'twice(n)',
      'await d.show()',
      'd.select(col("id"), lit(1).as("one"), when(col("id").eq(0), "no").as("w")).agg(fn.max("w")).schema()',
      'session.createDataFrame([{ id: 1 }], { id: t.int32 }).columns()',
      'd.select(fn.rowNumber().over(Window.orderBy("id")).as("n")).columns()',
    ];
    const { code, out, error } = await sparrow([], lines.join('\n'));
    expect(error).toBe('');
    expect(out).toBe(`${three}3\n3\n6\n${three}\nroot\n |-- max(w): string (nullable = true)\n[ 'id' ]\n[ 'n' ]\n`);
    expect(code).toBe(0);
  });

  test('goes on after an error, one sentence to stderr, and ends with 1', async () => {
    const lines = ['session.range(3).select("ident")', 'await Promise.reject(new Error("no"))', 'session.range(3)'];
    const { code, out, error } = await sparrow(['repl'], `${lines.join('\n')}\n`);
    expect(out).toBe(three);
    expect(error).toMatch(/^\[UNRESOLVED_COLUMN\] .*Did you mean: id\?.*\nno\n$/);
    expect(code).toBe(1);
  });

  test('reports what fails after its statement', async () => {
    const lines = [
      'void session.range(3).select("ident").count()',
      'void setTimeout(() => { throw new Error("late") }, 1)',
      'await new Promise((resolve) => setTimeout(resolve, 300))',
      '"still here"',
    ];
    const { code, out, error } = await sparrow([], lines.join('\n'));
    expect(error).toContain('[UNRESOLVED_COLUMN]');
    expect(error).toContain('late\n');
    expect(out).toBe("'still here'\n");
    expect(code).toBe(1);
  });

  test('says when the input ends too early', async () => {
    const { code, error } = await sparrow([], 'function f() {\n');
    expect(error).toBe('SyntaxError: the input ends within a statement\n');
    expect(code).toBe(1);
  });

  test('ends on Ctrl-C, the query with it', async () => {
    const lines = ['console.log("go")', 'await session.range(3e6).crossJoin(session.range(3e6)).count()', '"not this"'];
    const { code, out } = await sparrow([], lines.join('\n'), 'go');
    expect(out).toBe('go\n');
    expect(code).toBe(130);
  });
});

describe('the command line', () => {
  test('helps and tells its version', async () => {
    const { code, out } = await sparrow(['--help']);
    expect(out).toMatch(/sparrow convert <from> <to>/);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(code).toBe(0);
    expect(await sparrow(['-v'])).toEqual({
      code: 0,
      out: `${jsonOf<{ version: string }>('package.json').version}\n`,
      error: '',
    });
  });

  test.each([
    [['--colour'], "Unknown option '--colour'"],
    [['konvert'], 'konvert is neither a command nor a file'],
    [['convert', 'a.csv'], 'convert takes two files'],
    [['convert', 'a.csv', 'a.xls'], 'a.xls is neither a command nor a file'],
    [['a.csv', '--rows', 'all'], '--rows takes a whole number, not all'],
  ])('%j is not understood: exit code 2', async (args, sentence) => {
    const { code, out, error } = await sparrow(args);
    expect(error).toMatch(/^sparrow: [^\n]+ Hint: [^\n]+\n$|^sparrow: [^\n]+\n$/);
    expect(error).toContain(sentence);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  test('a file that is not there: exit code 1', async () => {
    const { code, error } = await sparrow(['none.parquet']);
    expect(error).toMatch(/^sparrow: \[PATH_NOT_FOUND\] none\.parquet[^\n]*\n$/);
    expect(code).toBe(1);
  });
});

describe('files', () => {
  const csv = 'id,name,price\n1,"Ada, L.",2.5\n2,Élodie,\n3,"a ""b""",-1.0\n';
  beforeAll(() => writeFileSync(join(folder, 'people.csv'), csv));

  test('are shown with schema and first rows', async () => {
    const { code, out, error } = await sparrow(['people.csv', '--rows', '2']);
    expect(error).toBe('');
    expect(out).toBe(
      [
        'root',
        ' |-- id: integer (nullable = true)',
        ' |-- name: string (nullable = true)',
        ' |-- price: double (nullable = true)',
        '',
        '+---+-------+-----+',
        '| id|   name|price|',
        '+---+-------+-----+',
        '|  1|Ada, L.|  2.5|',
        '|  2| Élodie| NULL|',
        '+---+-------+-----+',
        'only showing top 2 rows\n\n',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  test('are converted both ways, each to one file', async () => {
    expect(await sparrow(['convert', 'people.csv', 'people.parquet'])).toEqual({
      code: 0,
      out: 'people.parquet: 3 rows\n',
      error: '',
    });
    const session: Session = await Session.create();
    try {
      const frame = session.read.parquet(join(folder, 'people.parquet')).as<Unknown>();
      expect((await frame.schema()).simpleString()).toBe('struct<id:int,name:string,price:double>');
      expect(await frame.collect()).toEqual([
        { id: 1, name: 'Ada, L.', price: 2.5 },
        { id: 2, name: 'Élodie', price: null },
        { id: 3, name: 'a "b"', price: -1 },
      ]);
    } finally {
      await session.stop();
    }
    expect((await sparrow(['convert', 'people.parquet', 'back.tsv'])).code).toBe(0);
    expect((await sparrow(['convert', 'back.tsv', 'back.csv.gz'])).code).toBe(0);
    expect((await sparrow(['convert', 'back.csv.gz', 'back.csv'])).code).toBe(0);
    const [shown, again] = await Promise.all([sparrow(['people.csv']), sparrow(['back.csv'])]);
    expect(again.out).toBe(shown.out);
    expect(readdirSync(folder).sort()).toEqual(['back.csv', 'back.csv.gz', 'back.tsv', 'people.csv', 'people.parquet']);
  });

  test('are not replaced unless asked, and never by half a file', async () => {
    const refused = await sparrow(['convert', 'people.csv', 'people.csv']);
    expect([refused.code, refused.error]).toEqual([2, expect.stringContaining('the two files are the same')]);
    writeFileSync(join(folder, 'kept.parquet'), 'precious');
    const exists = await sparrow(['convert', 'people.csv', 'kept.parquet']);
    expect([exists.code, exists.error]).toEqual([
      1,
      'sparrow: kept.parquet exists already. Hint: --overwrite replaces it.\n',
    ]);
    const failed = await sparrow(['convert', '--overwrite', 'kept.parquet', 'kept.csv']);
    expect(failed.code).toBe(1);
    expect(existsSync(join(folder, 'kept.csv'))).toBe(false);
    expect(readFileSync(join(folder, 'kept.parquet'), 'utf8')).toBe('precious');
    expect((await sparrow(['convert', '--overwrite', 'people.csv', 'kept.parquet'])).code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
