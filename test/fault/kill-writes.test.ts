// A process that is killed while it writes leaves the old rows or the new ones, in every mode.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { col, fn, lit, Session } from 'sparrow-df';
import { describe, expect, it } from 'vitest';
import { root } from '../support/files.js';

/** More of them: SPARROW_KILLS=500. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 20);
const MOST_MS = 300;
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const program = join(root, 'test/support/kill-writes/child.mjs');

/** Starts the writer, kills it after a while, and gives the last number of each mode that it had finished. */
function killed(folder: string, from: number, afterMs: number): Promise<Map<string, number>> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [program, library, folder, String(from)]);
    let output = '';
    let errors = '';
    running.stderr.on('data', (text) => (errors += text));
    running.stdout.on('data', (text: Buffer) => {
      const isFirst = output === '';
      output += text;
      if (isFirst) setTimeout(() => running.kill('SIGKILL'), afterMs);
    });
    running.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${errors}`));
      const lines = output.split('\n').slice(1, -1);
      resolve(
        new Map(
          lines.map((line) => {
            const [mode = '', number] = line.split(' ');
            return [mode, Number(number)];
          }),
        ),
      );
    });
  });
}

describe('a writer that is killed', () => {
  it(
    `${KILLS} times at any moment leaves no part of a write, loses none, and no temporary files after the next`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sparrow-kill-'));
      const session = await Session.create({ workers: 1 });
      const counts = async (frame: ReturnType<typeof session.read.parquet>): Promise<Map<number, number>> => {
        const found = await frame.groupBy('number').agg(fn.count().as('n')).collect();
        return new Map(found.map((row) => [Number((row as { number: number }).number), (row as { n: number }).n]));
      };
      const exists = (name: string) => readdirSync(folder).includes(name);
      const finished = new Map<string, number>();
      const told = (mode: string): number[] => (finished.has(mode) ? [finished.get(mode) as number] : []);
      const atLeast = (mode: string) => (number: number) => number >= (finished.get(mode) ?? 0);
      let from = 0;
      let random = 42;
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          random = (random * 1103515245 + 12345) % 2147483648;
          for (const [mode, number] of await killed(folder, from, (random / 2147483648) * MOST_MS)) {
            finished.set(mode, Math.max(number, finished.get(mode) ?? -1));
          }
          const seen: number[] = [];
          // The first read of each target settles what was cut off.
          const whole = async (name: string, frame: () => ReturnType<typeof session.read.parquet>, mode = name) => {
            const known = finished.get(mode) ?? -1;
            if (known < 0 && !exists(name)) return;
            const found = await counts(frame()).catch((error) => {
              if (known < 0) return new Map<number, number>();
              throw error;
            });
            seen.push(...found.keys());
            return found;
          };
          const overwrite = await whole('overwrite', () => session.read.parquet(`${folder}/overwrite`));
          if (overwrite?.size) {
            expect([...overwrite.values()]).toEqual([300]);
            expect([...overwrite.keys()][0]).toBeGreaterThanOrEqual(finished.get('overwrite') ?? 0);
          }
          const append = await whole('append', () =>
            session.read.option('header', true).option('inferSchema', true).csv(`${folder}/append`),
          );
          for (const [number, count] of append ?? []) expect([number, count]).toEqual([number, 300]);
          const dynamic = await whole('dynamic', () =>
            session.read.json(`${folder}/dynamic`).filter(col('part').lt(2)),
          );
          if (dynamic?.size) {
            expect([...dynamic.values()]).toEqual([200]);
            expect(await session.read.json(`${folder}/dynamic`).count()).toBe(300);
          }
          for (const name of readdirSync(folder).filter((n) => n.startsWith('error-'))) {
            const found = await whole(name, () => session.read.parquet(`${folder}/${name}`), 'error');
            expect([...(found?.values() ?? [])]).toEqual([300]);
          }
          const ignore = await whole('ignore', () => session.read.arrow(`${folder}/ignore`));
          if (ignore?.size) expect([...ignore.values()]).toEqual([300]);
          for (const mode of ['delta-append', 'delta-overwrite', 'delta-update']) {
            const table = await whole(mode, () => session.read.delta(`${folder}/${mode}`));
            if (!table?.size) continue;
            expect([...table.values()]).toEqual([...table.keys()].map(() => 300));
            if (mode === 'delta-append') expect([...table.keys()]).toEqual(expect.arrayContaining(told(mode)));
            else expect([table.size, Number([...table.keys()][0])]).toEqual([1, expect.toSatisfy(atLeast(mode))]);
          }
          from = Math.max(from, ...seen, ...finished.values()) + 1;
          if (append !== undefined && (finished.get('append') ?? -1) >= 0) {
            expect(append.has(finished.get('append') as number)).toBe(true);
          }
        }
        // One write to each target that was cut off removes what the dead writers left beside it.
        const names = new Set(readdirSync(folder).map((name) => /^\.(.+)\.tmp-/.exec(name)?.[1] ?? name));
        for (const name of [...names].filter((name) => name.startsWith('delta-'))) {
          await session.range(1).select('id', lit(-1).as('number')).write.mode('overwrite').delta(`${folder}/${name}`);
          const log = readdirSync(join(folder, name, '_delta_log'));
          expect(
            log.filter((file) => !/^\d{20}[.\d]*\.(json|checkpoint.*parquet)$|^_last_checkpoint$/.test(file)),
          ).toEqual([]);
          names.delete(name);
        }
        for (const name of names) await session.range(1).write.mode('overwrite').parquet(`${folder}/${name}`);
        expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
      } finally {
        await session.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    120_000 + KILLS * 10_000,
  );
});
