import { col, type DataFrame, type DefaultValues, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOf, tell } from './harness.js';

/** As many as reliability asks for where promises are run, fewer otherwise. */
const KEYS = Number(process.env.SPARROW_KEYS ?? 20_000);
const ROUNDS = 5;
/** What hostile keys may cost, others being 1. */
const MOST = 2;

type AnySession = Session<DefaultValues>;

/** The seed by which a session's engine hashes: nobody outside knows it. */
const seedOf = (session: AnySession): bigint => engineOf(session).heap.hashSeed;

/** The seed of what says where rows go, which everybody can read (src/exec/compile/keys.ts). */
const PUBLIC_SEED = 0x9e3779b97f4a7c15n;

/**
 * The i-th key with the same hash for whoever knows the seed: halves of a word are multiplied after the seed is mixed in,
 * and the lower one is 0, whatever the upper one is.
 */
const hostile = (seed: bigint, i: number): bigint => BigInt.asIntN(64, (BigInt(i + 1) << 32n) | (seed & 0xffffffffn));
/** Other keys that lie as far apart. */
const usual = (i: number): bigint => BigInt.asIntN(64, (BigInt(i + 1) << 32n) | BigInt((i * 2654435761) % 2 ** 32));

let session: AnySession;
let other: AnySession;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '256MB' });
  other = await Session.create({ workers: 1, memory: '64MB' });
});
afterAll(async () => {
  await session.stop();
  await other.stop();
});

const keysOf = <K>(key: (i: number) => K, rows = KEYS): DataFrame =>
  session.createDataFrame(Array.from({ length: rows }, (_, i) => ({ k: key(i), v: i }))) as unknown as DataFrame;

/** What grouping, a join and distinct rows give, and the processor's milliseconds they took at best. */
async function costs(frame: DataFrame): Promise<{ answers: unknown[]; ms: number }> {
  await frame.count();
  let ms = Number.POSITIVE_INFINITY;
  let answers: unknown[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    answers = [
      await frame.groupBy('k').agg(fn.sum('v').as('s')).agg(fn.count().as('n'), fn.sum('s').as('s')).collect(),
      await frame.select('k').distinct().count(),
      await frame
        .join(frame.select(col('k').as('l'), col('v').as('w')), col('k').eq(col('l')))
        .agg(fn.count().as('n'), fn.sum(col('v').mul(col('w'))).as('s'))
        .collect(),
    ];
    const { user, system } = process.cpuUsage(before);
    ms = Math.min(ms, (user + system) / 1000);
  }
  return { answers, ms };
}

const tellCosts = (what: string, attack: { ms: number }, others: { ms: number }): void =>
  tell(`${KEYS} ${what}: ${attack.ms.toFixed(0)} ms of the processor, ${others.ms.toFixed(0)} for as many other keys`);

test.each([
  ['another session', (): bigint => seedOf(other)],
  ['where rows go', (): bigint => PUBLIC_SEED],
])(
  'integers made to have one hash by the seed of %s cost no more than others',
  { timeout: 240_000 },
  async (_, seed) => {
    const others = await costs(keysOf(usual));
    const attack = await costs(keysOf((i) => hostile(seed(), i)));
    tellCosts('integers', attack, others);
    expect(attack.answers).toEqual(others.answers);
    expect(attack.ms).toBeLessThan(MOST * others.ms);
  },
);

test('so do texts', { timeout: 240_000 }, async () => {
  const text = (i: number): string => i.toString(36).padStart(4, '0');
  // The seed's lower half is four letters as it happens; what comes behind them makes no difference to who hashes by it.
  const start = Buffer.from(new Uint32Array([Number(PUBLIC_SEED & 0xffffffffn)]).buffer).toString('latin1');
  const others = await costs(keysOf((i) => `abcd${text(i)}`));
  const attack = await costs(keysOf((i) => `${start}${text(i)}`));
  tellCosts('texts', attack, others);
  expect(attack.answers).toEqual(others.answers);
  expect(attack.ms).toBeLessThan(MOST * others.ms);
});

test('who knows the seed gets right answers too, and can cancel', { timeout: 120_000 }, async () => {
  const few = keysOf((i) => hostile(seedOf(session), i), 2000);
  expect(await few.groupBy('k').agg(fn.count().as('n')).count()).toBe(2000);
  const frame = keysOf((i) => hostile(seedOf(session), i), 60_000);
  const joined = frame.join(frame.select(col('k').as('l')), col('k').eq(col('l')));
  await expect(joined.count({ signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: 'SparrowError' });
  expect(await session.range(10).count()).toBe(10);
});

test('no seed shows in an answer, order and bits included', { timeout: 120_000 }, async () => {
  const rowsOf = async (some: AnySession): Promise<unknown> => {
    const frame = some.range(0, 100_000).select(col('id').mod(40_000).as('k'), col('id').div(7).as('x'));
    const groups = frame.groupBy('k').agg(fn.sum('x').as('s'));
    return [await groups.collect(), await groups.join(frame.select('k'), 'k').select('k', 's').collect()];
  };
  expect(seedOf(session)).not.toBe(seedOf(other));
  expect(await rowsOf(session)).toEqual(await rowsOf(other));
});
