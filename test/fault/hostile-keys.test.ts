import { col, type DataFrame, type DefaultValues, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Keys made to have one hash: found by going backwards through what hashes a key (src/exec/compile/keys.ts).
const SEED = 0x9e3779b97f4a7c15n;
const MULTIPLIER = 0xd6e8feb86659fd93n;
const MASK = (1n << 64n) - 1n;

/** The number that undoes multiplying by an odd one, modulo 2^64 (Newton's iteration doubles the bits that are right). */
function inverse(odd: bigint): bigint {
  let x = odd;
  for (let i = 0; i < 6; i++) x = (x * (2n - odd * x)) & MASK;
  return x;
}

const KEYS = 20_000;
const backFromMultiplier = inverse(MULTIPLIER);
const backFromSeed = inverse(SEED);

/** The i-th key whose hash is 0x12345678. */
function hostile(i: number): bigint {
  const high = BigInt(i + 1);
  const last = (high << 32n) | (high ^ 0x12345678n);
  let acc = (last * backFromMultiplier) & MASK;
  acc ^= acc >> 32n;
  return BigInt.asIntN(64, ((acc * backFromSeed) & MASK) ^ SEED);
}

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '256MB' });
});
afterAll(() => session.stop());

const frameOf = (keys: readonly bigint[]): DataFrame =>
  session.createDataFrame(keys.map((k, i) => ({ k, v: i }))) as unknown as DataFrame;

/** What grouping, a join and distinct rows give, and the processor's milliseconds they took. */
async function costs(frame: DataFrame): Promise<{ answers: unknown[]; ms: number }> {
  await frame.count();
  const before = process.cpuUsage();
  const answers = [
    await frame.groupBy('k').agg(fn.sum('v').as('s')).agg(fn.count().as('n'), fn.sum('s').as('s')).collect(),
    await frame.select('k').distinct().count(),
    await frame
      .join(frame.select(col('k').as('l'), col('v').as('w')), col('k').eq(col('l')))
      .agg(fn.count().as('n'), fn.sum(col('v').mul(col('w'))).as('s'))
      .collect(),
  ];
  const { user, system } = process.cpuUsage(before);
  return { answers, ms: (user + system) / 1000 };
}

test('keys of one hash are kept apart all the same, at a price', { timeout: 240_000 }, async () => {
  const usual = await costs(frameOf(Array.from({ length: KEYS }, (_, i) => BigInt.asIntN(64, BigInt(i + 1) * SEED))));
  const attack = await costs(frameOf(Array.from({ length: KEYS }, (_, i) => hostile(i))));
  console.log(
    `${KEYS} keys of one hash: ${attack.ms.toFixed(0)} ms of the processor, ${usual.ms.toFixed(0)} for as many other keys`,
  );
  expect(attack.answers).toEqual(usual.answers);
});

test('a query over them can be cancelled', { timeout: 120_000 }, async () => {
  const frame = frameOf(Array.from({ length: 3 * KEYS }, (_, i) => hostile(i)));
  const joined = frame.join(frame.select(col('k').as('l')), col('k').eq(col('l')));
  await expect(joined.count({ signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: 'SparrowError' });
  expect(await session.range(10).count()).toBe(10);
});
