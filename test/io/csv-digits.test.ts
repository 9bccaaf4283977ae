import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Numbers and dates are read eight bytes at a time: of every length, and with any byte that is near a digit among them.
let folder = '';
let session: Session;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-digits-'));
  session = await Session.create({ workers: 1, int64: 'string' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

let seed = 7;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
};
const digits = (n: number): string => Array.from({ length: n }, () => String(random(10))).join('');
const sign = (): string => ['', '', '', '-', '+'][random(5)] as string;
/** Bytes beside the digits, and some whose high bits make them look like digits. */
const NEAR = ['/', ':', ';', '.', 'a', 'p', '\u00b0', '\u00f9', '-'];
const spoiled = (text: string): string => {
  if (random(3) > 0) return text;
  const at = random(text.length);
  return text.slice(0, at) + NEAR[random(NEAR.length)] + text.slice(at + 1);
};
const two = (n: number): string => String(n).padStart(2, '0');

const isInt = (text: string): boolean =>
  /^[+-]?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text.replace('+', ''))) === BigInt(text.replace('+', ''));
const isDecimal = (text: string): boolean => /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text);
const isDate = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
};

describe('digits of CSV', () => {
  test('give the numbers and dates they spell, and nothing where they spell none', async () => {
    const rows = Array.from({ length: 12_000 }, (_, i) => ({
      row: i,
      n: spoiled(sign() + digits(1 + random(19))),
      d: spoiled(`${sign()}${digits(1 + random(12))}${['', '.', `.${digits(1)}`, `.${digits(2)}`][random(4)]}`),
      w: spoiled(`${sign()}${digits(1 + random(12))}${random(4) === 0 ? '' : '.'}${digits(random(7))}`),
      day: spoiled(`${1800 + random(400)}-${two(random(14))}-${two(random(33))}`),
    }));
    const path = join(folder, 'digits.csv');
    writeFileSync(path, rows.map(({ row, n, d, w, day }) => `${row},${n},${d},${w},${day}\n`).join(''));
    const schema = { row: t.int32, n: t.int64, d: t.decimal(15, 2), w: t.decimal(18, 6), day: t.date };
    const read = await session.read
      .schema(schema)
      .csv(path)
      .selectExpr('row', 'n', 'd', 'w', 'CAST(day AS STRING) AS day')
      .collect();
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    const text = `SELECT TRY_CAST(n AS BIGINT)::VARCHAR, TRY_CAST(d AS DECIMAL(15, 2))::VARCHAR,
        TRY_CAST(w AS DECIMAL(18, 6))::VARCHAR, TRY_CAST(day AS DATE)::VARCHAR
      FROM read_csv('${path}', header = false, all_varchar = true, names = ['row', 'n', 'd', 'w', 'day']) ORDER BY "row"::int`;
    const theirs = (await duckdb.runAndReadAll(text)).getRows();
    duckdb.closeSync();
    let spelled = 0;
    const want = rows.map(({ row, n, d, w, day }, i) => {
      const [n2, d2, w2, day2] = theirs[i] as [string, string, string, string];
      const [isD, isW] = [isDecimal(d), isDecimal(w)];
      const values = {
        n: isInt(n) ? n2 : null,
        d: isD ? d2 : null,
        w: isW ? w2 : null,
        day: isDate(day) ? day2 : null,
      };
      spelled += Object.values(values).filter((value) => value !== null).length;
      return { row, ...values, given: [n, d, w, day] };
    });
    expect(read.map((row, i) => ({ ...row, given: want[i]?.given }))).toEqual(want);
    expect(spelled).toBeGreaterThan(18_000);
  });
});
