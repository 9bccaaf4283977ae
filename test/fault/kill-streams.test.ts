// A streaming query that is killed at any moment loses nothing and repeats nothing.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fn, Session } from 'sparrow-df';
import { expect, it } from 'vitest';
import { root } from '../support/files.js';

/** More of them: SPARROW_KILLS=500. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 6);
const MOST_MS = 1500;
const ROWS = 40;
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const program = join(root, 'test/support/kill-writes/stream-child.mjs');

function run(folder: string, first: number, killAfterMs?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [program, library, folder, String(first)]);
    let errors = '';
    running.stderr.on('data', (text) => (errors += text));
    running.stdout.once('data', () => {
      if (killAfterMs !== undefined) setTimeout(() => running.kill('SIGKILL'), killAfterMs);
    });
    running.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve();
      else reject(new Error(errors));
    });
  });
}

it(
  `killed ${KILLS} times, each row comes out once`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sparrow-streams-'));
    const session = await Session.create({ workers: 1 });
    mkdirSync(join(folder, 'in'));
    let files = 0;
    const addInput = (): void => {
      const lines = Array.from({ length: ROWS }, (_, i) => JSON.stringify({ id: files * ROWS + i, text: `t${i}` }));
      writeFileSync(join(folder, 'draft'), lines.join('\n'));
      renameSync(join(folder, 'draft'), join(folder, 'in', `${files++}.json`));
    };
    let random = 7;
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        random = (random * 1103515245 + 12345) % 2147483648;
        addInput();
        addInput();
        await run(folder, kill, (random / 2147483648) * MOST_MS);
      }
      await run(folder, 0);
      const frames = [session.read.parquet(join(folder, 'files')), session.read.delta(join(folder, 'table'))];
      for (const frame of frames) {
        const [totals] = await frame
          .agg(fn.count().as('n'), fn.countDistinct('id').as('different'), fn.max('id').as('last'))
          .collect();
        expect(totals).toEqual({ n: files * ROWS, different: files * ROWS, last: files * ROWS - 1 });
      }
      // All windows but the last have been passed by the latest time.
      const windows = await session.read
        .parquet(join(folder, 'windows'))
        .selectExpr('window.start', 'n', 'sum')
        .collect();
      const starts = Array.from({ length: (files * ROWS) / 10 - 1 }, (_, i) => i * 10);
      const sums = starts.map((start) => [start * 1000, 10, start * 10 + 45]);
      expect(
        windows
          .map(({ start, n, sum }) => [(start as Date).getTime(), Number(n), Number(sum)] as const)
          .sort(([a], [b]) => a - b),
      ).toEqual(sums);
      // Sessions of ten rows each, two seconds longer than their times.
      const sessions = await session.read
        .delta(join(folder, 'sessions'))
        .selectExpr('unix_seconds(session_window.start) AS s', 'unix_seconds(session_window.end) AS e', 'n', 'sum')
        .collect();
      const numbers = sessions.map(({ s, e, n, sum }) => [s, e, n, sum].map(Number)).sort(([a = 0], [b = 0]) => a - b);
      expect(numbers).toEqual(starts.map((start) => [start, start + 11, 10, start * 10 + 45]));
      // Of the even numbers every other one has a match; the others come out when none can come any more.
      const matches = await session.read.parquet(join(folder, 'matches')).collect();
      const pairs = new Map(matches.map(({ id, odd }) => [Number(id), odd === null ? null : Number(odd)]));
      const over = Array.from({ length: (files * ROWS) / 2 }, (_, i) => i * 2).filter(
        (id) => id % 4 === 0 || id < files * ROWS - 6,
      );
      expect(matches.length).toBe(pairs.size);
      expect([...pairs].sort(([a], [b]) => a - b)).toEqual(over.map((id) => [id, id % 4 === 0 ? id + 1 : null]));
      const texts = await session.read.delta(join(folder, 'different')).select('text').collect();
      expect(texts.map(({ text }) => text).sort()).toEqual(Array.from({ length: ROWS }, (_, i) => `t${i}`).sort());
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
    } finally {
      await session.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  300_000 + KILLS * 20_000,
);
