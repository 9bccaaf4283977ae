import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Anything, DefaultValues, Session } from 'sparrow-df';
import { root } from '../support/files.js';

/** Tells a figure, also to `npm run promises`. */
export function tell(figure: string): void {
  console.log(figure);
  const { SPARROW_FIGURES: file } = process.env;
  if (file !== undefined) appendFileSync(file, `${figure}\n`);
}

/** What a test may know of the engine under a session. */
export interface EngineInside {
  readonly heap: {
    readonly hashSeed: bigint;
    readonly usedBytes: number;
    readonly u8: Uint8Array;
    arenaBytes(id: number): number;
    newArena(label: string): { readonly id: number; alloc(bytes: number): number; release(): void };
  };
  readonly pool: {
    readonly workers: readonly Worker[];
    onJob: ((job: JobInside, worker: Worker) => void) | undefined;
  };
}

export interface JobInside {
  readonly kind: 'task' | 'share' | 'link';
  readonly request: {
    readonly task: number;
    readonly attempt: number;
    readonly scratchArena: number;
    readonly outputArena: number;
  };
}

/** The engine of a session, which its frames hold. */
export function engineOf(session: Session<DefaultValues> | Session<Anything>): EngineInside {
  const frame = (session as Session<DefaultValues>).range(1) as unknown as {
    context: { engine: EngineInside & { readonly inner?: EngineInside } };
  };
  return frame.context.engine.inner ?? frame.context.engine;
}

/** A folder of its own with `facts.parquet`: 300,000 rows in 15 row groups. */
export async function factsFolder(rows = 300_000): Promise<{ folder: string; facts: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-fault-'));
  const facts = join(folder, 'facts.parquet');
  const duckdb = await DuckDBInstance.create();
  const connection = await duckdb.connect();
  await connection.run(
    `COPY (SELECT i AS id, (i * 7919) % 1000 AS g, (i * 31) % 5000 / 8.0 AS x, 'name ' || (i % 4001) AS s,
       CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 17) % 100000 END AS k FROM range(${rows}) t(i))
     TO '${facts}' (FORMAT parquet, ROW_GROUP_SIZE 20480)`,
  );
  connection.closeSync();
  duckdb.closeSync();
  return { folder, facts, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface ChildEnd {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  readonly ms: number;
}

/** Runs a program of its own: its body, after the import of everything and a watch for unhandled rejections. */
export function child(body: string, env: Record<string, string> = {}, timeout = 60_000): Promise<ChildEnd> {
  const program = `
    process.on('unhandledRejection', (error) => { console.error('UNHANDLED', error); process.exitCode = 9; });
    const { Session, col, fn, lit, t, when, Window } = await import(${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)});
    ${body}`;
  const started = performance.now();
  return new Promise((resolve) => {
    const args = ['--input-type=module', '-e', program];
    const options = { env: { ...process.env, ...env }, timeout, maxBuffer: 1 << 26 };
    const running = execFile(process.execPath, args, options, (_, output, errors) => {
      resolve({ code: running.exitCode ?? -1, output, errors, ms: performance.now() - started });
    });
  });
}

/** Numbers from 0 to 1, the same in every run. */
export function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
