// A process that is killed while it drops or renames partitions of a table leaves all of them or none.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../support/files.js';
import { randoms } from './harness.js';

/** More of them, and others: SPARROW_KILLS=100 SPARROW_SEED=7. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 12);
/** The command itself takes some milliseconds. */
const MOST_MS = 12;
const PARTITIONS = 40;
const DROPPED = 20;
const ROWS = 400;

const folder = mkdtempSync(join(tmpdir(), 'sparrow-kill-partitions-'));
const warehouse = join(folder, 'warehouse');
/** A copy of it, which is put in its place again: tables have absolute locations. */
const original = join(folder, 'original');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openSession = (): Promise<Session> =>
  Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': warehouse } }) as Promise<Session>;

async function rowsOf<T>(statement: string): Promise<T[]> {
  const session = await openSession();
  try {
    return (await session.sql(statement).collect()) as T[];
  } finally {
    await session.stop();
  }
}

beforeAll(async () => {
  const session = await openSession();
  await session.sql('CREATE TABLE t (id BIGINT, p INT) USING parquet PARTITIONED BY (p)').collect();
  await session.sql(`INSERT INTO t SELECT id, CAST(id % ${PARTITIONS} AS INT) FROM range(${ROWS})`).collect();
  await session.stop();
  cpSync(warehouse, original, { recursive: true });
});

/** Runs a statement in a process of its own, which is killed some time after it began; whether it had been done. */
function killed(statement: string, afterMs: number): Promise<boolean> {
  const program = `
    import { Session } from ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)};
    const config = { 'spark.sql.warehouse.dir': ${JSON.stringify(warehouse)} };
    const session = await Session.create({ workers: 1, config });
    await session.sql('SHOW PARTITIONS t').collect();
    console.log('begins');
    await session.sql(${JSON.stringify(statement)}).collect();
    console.log('done');
    setInterval(() => undefined, 1000);`;
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, ['--input-type=module', '-e', program]);
    let [output, errors] = ['', ''];
    running.stderr.on('data', (text) => (errors += text));
    running.stdout.on('data', (text: Buffer) => {
      if (output === '') setTimeout(() => running.kill('SIGKILL'), afterMs);
      output += text;
    });
    running.on('close', (_, signal) => {
      if (signal === 'SIGKILL') resolve(output.includes('done'));
      else reject(new Error(`it ended by itself: ${errors}`));
    });
  });
}

/** Checks the partitions that there are after each kill of a statement, told whether it had been done. */
async function afterKills(statement: string, check: (partitions: readonly string[], isDone: boolean) => void) {
  const random = randoms(Number(process.env.SPARROW_SEED ?? 42));
  for (let kill = 0; kill < KILLS; kill++) {
    rmSync(warehouse, { recursive: true });
    cpSync(original, warehouse, { recursive: true });
    const isDone = await killed(statement, random() * MOST_MS);
    const found = await rowsOf<{ partition: string }>('SHOW PARTITIONS t');
    check(
      found.map(({ partition }) => partition),
      isDone,
    );
    const [counted] = await rowsOf<{ n: bigint }>('SELECT count(*) AS n FROM t');
    expect(Number(counted?.n)).toBe((found.length * ROWS) / PARTITIONS);
    // The next write removes what the dead process left beside the table.
    await rowsOf('INSERT INTO t VALUES (1, 39)');
    expect(readdirSync(warehouse).filter((name) => name.startsWith('.t.'))).toEqual([]);
  }
}

test(`${KILLS} times while partitions are dropped: all are there or those that stay`, {
  timeout: 60_000 + KILLS * 5000,
}, async () => {
  const specs = Array.from({ length: DROPPED }, (_, p) => `PARTITION (p = ${p})`);
  await afterKills(`ALTER TABLE t DROP ${specs.join(', ')}`, (partitions, isDone) => {
    expect(isDone ? [PARTITIONS - DROPPED] : [PARTITIONS, PARTITIONS - DROPPED]).toContain(partitions.length);
  });
});

test(`${KILLS} times while one is renamed: it has the old name or the new one`, {
  timeout: 60_000 + KILLS * 5000,
}, async () => {
  await afterKills('ALTER TABLE t PARTITION (p = 3) RENAME TO PARTITION (p = 77)', (partitions, isDone) => {
    expect(partitions.length).toBe(PARTITIONS);
    const names = ['p=3', 'p=77'].filter((name) => partitions.includes(name));
    expect(isDone ? ['p=77'] : ['p=3', 'p=77']).toEqual(expect.arrayContaining(names));
    expect(names.length).toBe(1);
  });
});
