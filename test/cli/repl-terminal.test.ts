import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CTRL_C, CTRL_D, hasTerminal, PROMPT, Terminal } from './terminal.js';

if (!hasTerminal) {
  console.warn('left out: the prompt on a terminal (keys, Ctrl-C, completion, history), for want of util-linux script');
}

// Busy for minutes, in many small tasks.
const long = 'session.range(3e6).crossJoin(session.range(3e6)).agg(fn.sum(lit(5).mod(7)).as("s"))';

const grid = (...lines: string[]): string => `${lines.join('\n')}\n`;
const three = grid('+---+', '| id|', '+---+', '|  0|', '|  1|', '|  2|', '+---+');

describe.runIf(hasTerminal)('the prompt on a terminal', () => {
  let terminal: Terminal;
  beforeEach(async () => {
    terminal = new Terminal();
    const greeting = await terminal.until(PROMPT);
    expect(greeting).toMatch(/^Sparrow \d+\.\d+\.\d+ on Node v\d+/);
  });
  afterEach(() => terminal.kill());

  const leaves = async (): Promise<void> => {
    // Not emitted when the command has to end what still runs.
    await terminal.run('process.once("beforeExit", () => console.log("by itself")) && undefined');
    terminal.type(CTRL_D);
    await terminal.until('by itself');
    expect(await terminal.ended).toBe(0);
  };

  test('shows the rows of a frame, awaits promises and leaves by itself', async () => {
    expect(await terminal.run('session.range(3)')).toBe(three);
    expect(await terminal.run('const d = session.range(10).filter(col("id").lt(3)); d')).toBe(three);
    expect(await terminal.run('const n = await d.count()')).toBe('');
    expect(await terminal.run('[n, _ === d]')).toBe('[ 3, true ]\n');
    expect(await terminal.run('d.count()')).toBe('3\n');
    expect(await terminal.run('Promise.resolve(d)')).toBe(three);
    expect(await terminal.run('await d.show()')).toBe(`${three}\n`);
    await leaves();
  });

  test('prints an error as one sentence and goes on', async () => {
    expect(await terminal.run('session.range(3).select("ident")')).toMatch(
      /^\[UNRESOLVED_COLUMN\].* Did you mean: id\?.*\n$/,
    );
    expect(await terminal.run('await session.range(3).select("ident").count()')).toMatch(/^\[UNRESOLVED_COLUMN\].*\n$/);
    expect(await terminal.run('nobody')).toBe('ReferenceError: nobody is not defined\n');
    expect(await terminal.run('let = 3 3')).toMatch(/^SyntaxError: .*\n$/);
    expect(await terminal.run('session.range(3)')).toBe(three);
  });

  test.each([
    ['a frame on show', long],
    ['an action awaited', `const rows = await ${long}.collect()`],
    ['a promise', `${long}.count()`],
    ['something that is no query', 'await new Promise(() => {})'],
    ['a loop without end', 'for (;;);'],
  ])('Ctrl-C cancels %s within a second, and the session is usable', async (_, statement) => {
    terminal.type(`${statement}\r`);
    await terminal.until('\n');
    await new Promise((resolve) => setTimeout(resolve, 700));
    const pressed = Date.now();
    terminal.type(CTRL_C);
    expect(await terminal.until(PROMPT)).toMatch(/^(\^C)?Canceled\.\n/);
    expect(Date.now() - pressed).toBeLessThan(1000);
    expect(await terminal.run('session.range(3)')).toBe(three);
    await leaves();
  });

  test('a signal while nothing runs is Ctrl-C, not the end', async () => {
    for (let i = 0; i < 3; i++) {
      await terminal.run('for (let i = 0; i < 1e6; i++);');
      terminal.type('setTimeout(() => process.kill(process.pid, "SIGINT"), 50) && undefined\r');
      await terminal.until(PROMPT);
      await terminal.until('To exit, press Ctrl+C again');
      await terminal.until(PROMPT);
      expect(await terminal.run('session.range(3)')).toContain(three);
    }
    await leaves();
  });

  test('lines typed ahead wait, and Ctrl-C drops them', async () => {
    const pasted = [
      'let ran = ""',
      'ran += await session.range(4).count()',
      'ran += session.range(3).count().then',
      'ran',
    ];
    terminal.type(`${pasted.join('\r')}\r"end"\r`);
    expect(await terminal.until("'end'")).toContain("'4function");
    await terminal.until(PROMPT);
    terminal.type(`await ${long}.count()\rran = 'too far'\r`);
    await new Promise((resolve) => setTimeout(resolve, 700));
    terminal.type(CTRL_C);
    await terminal.until('Canceled.\n');
    await terminal.until(PROMPT);
    expect(await terminal.run('ran.slice(0, 9)')).toBe("'4function'\n");
  });

  test('Ctrl-C twice on an empty line leaves', async () => {
    terminal.type(CTRL_C);
    await terminal.until('To exit, press Ctrl+C again');
    await terminal.until(PROMPT);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(0);
  });

  test('completes the columns of a frame', async () => {
    await terminal.run('const people = session.createDataFrame([{ age: 36, city: "Ulm" }])');
    terminal.type('people.select("ci\t');
    await terminal.until('"city');
    terminal.type('").columns()\r');
    expect(await terminal.until(PROMPT)).toContain("[ 'city' ]");
    terminal.type('people.select(($) => $.a\t');
    await terminal.until('$.age');
    terminal.type(').columns()\r');
    expect(await terminal.until(PROMPT)).toContain("[ 'age' ]");
    // What is no column is completed as ever.
    terminal.type('people.withColumnsRen\t');
    await terminal.until('withColumnsRenamed');
  });
});

describe.runIf(hasTerminal)('the history of the prompt', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-history-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is kept where SPARROW_HISTORY says', async () => {
    const file = join(folder, 'history');
    for (const statement of ['1 + 1', '2 + 2']) {
      const terminal = new Terminal({ SPARROW_HISTORY: file });
      await terminal.until(PROMPT);
      await terminal.run(statement);
      terminal.type(CTRL_D);
      await terminal.ended;
    }
    expect(readFileSync(file, 'utf8').split('\n')).toEqual(['2 + 2', '1 + 1']);
  });

  test('is off without a word where it cannot be written', async () => {
    const terminal = new Terminal({ SPARROW_HISTORY: join(folder, 'nowhere', 'history') });
    expect(await terminal.until(PROMPT)).not.toMatch(/history/i);
    expect(await terminal.run('1 + 1')).toBe('2\n');
    terminal.type(CTRL_D);
    expect(await terminal.ended).toBe(0);
  });
});
