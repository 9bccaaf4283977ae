import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, test } from 'vitest';
import { int32Type, int64Type, type Scalar, stringType } from '../../src/base/index.js';
import type { PhysicalFrame, PhysicalJoinType, PhysicalPlan } from '../../src/exec/physical.js';
import { mix } from '../support/choices.js';
import { Engines } from '../support/engines.js';
import {
  aggregateCall,
  ascending,
  call,
  col,
  columns,
  descending,
  group,
  rowsPlan,
  windowCall,
} from '../support/physical.js';

type Rows = readonly (readonly Scalar[])[];

const engines = new Engines();
const settings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };
const words = [null, '', 'a', 'b', 'ab', 'Zürich', '東京', '😀', '\uffff'];

/** Random rows of an integer, a word and a unique number; about one in ten is null. */
function randomRows(seed: number, count: number, distinct: number): Rows {
  return Array.from({ length: count }, (_, i) => {
    const h = mix(seed, i);
    const id = h % 10 === 0 ? null : (mix(seed, i, 1) % distinct) - 3;
    return [id, words[mix(seed, i, 2) % words.length] as Scalar, BigInt(i)];
  });
}

const types = [int32Type, stringType, int64Type];
const tables = { l: randomRows(1, 300, 40), r: randomRows(2, 200, 40) };
const left = rowsPlan(engines.heap, types, tables.l, 37);
const right = rowsPlan(engines.heap, types, tables.r, 50);
let duckdb: DuckDBConnection;

beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  const literal = (value: Scalar): string =>
    value === null ? 'null' : typeof value === 'string' ? `'${value}'` : String(value);
  for (const [name, rows] of Object.entries(tables)) {
    await duckdb.run(`create table ${name} (id int, word varchar, n bigint)`);
    await duckdb.run(`insert into ${name} values ${rows.map((row) => `(${row.map(literal).join()})`).join()}`);
  }
});

const textOf = (row: readonly unknown[]): string =>
  row.map((v) => (typeof v === 'string' ? JSON.stringify(v) : String(v))).join(' | ');

/** Both engines give what DuckDB gives, as bags or in order. */
async function agree(plan: PhysicalPlan, sql: string, inOrder = false): Promise<void> {
  const wanted = (await (await duckdb.runAndReadAll(sql)).getRows()).map(textOf);
  for (const outcome of [await engines.interpreted(plan, settings), await engines.compiled(plan, settings)]) {
    if (outcome.kind === 'error') throw outcome.error;
    const found = outcome.rows.map(textOf);
    if (inOrder) expect(found).toEqual(wanted);
    else expect(found.sort()).toEqual([...wanted].sort());
  }
  expect(wanted.length).toBeGreaterThan(0);
}

describe('joins', () => {
  type Kind = Exclude<PhysicalJoinType, 'exists'>;
  const how: Record<Kind, string> = {
    inner: 'join',
    left: 'left join',
    right: 'right join',
    full: 'full join',
    semi: 'semi join',
    anti: 'anti join',
  };
  const kinds = Object.entries(how) as [Kind, string][];
  const builds = ['left', 'right'] as const;
  const cases = kinds.flatMap(([kind, sql]) => builds.map((build) => [kind, build, sql] as const));

  function join(
    kind: PhysicalJoinType,
    build: 'left' | 'right',
    keys: readonly number[],
    nullSafe: boolean,
  ): Extract<PhysicalPlan, { kind: 'join' }> {
    const one = kind === 'semi' || kind === 'anti';
    return {
      kind: 'join',
      columns: one ? left.columns : columns([...left.columns, ...right.columns]),
      left,
      right,
      how: kind,
      build,
      keys: keys.map((k) => ({ left: col(left, k), right: col(right, k), nullSafe })),
    };
  }

  test.each(cases)('%s, holding the %s side', async (kind, build, sql) => {
    await agree(join(kind, build, [0], false), `from l ${sql} r on l.id = r.id`);
    await agree(join(kind, build, [0, 1], false), `from l ${sql} r on l.id = r.id and l.word = r.word`);
    const nullSafe = 'l.id is not distinct from r.id and l.word is not distinct from r.word';
    await agree(join(kind, build, [0, 1], true), `from l ${sql} r on ${nullSafe}`);
  });
  test.each(cases)('%s, holding the %s side, with a condition', async (kind, build, sql) => {
    const residual = call(
      'lt',
      { kind: 'column', index: 2, type: int64Type, nullable: true },
      { kind: 'column', index: 5, type: int64Type, nullable: true },
    );
    await agree({ ...join(kind, build, [1], false), residual }, `from l ${sql} r on l.word = r.word and l.n < r.n`);
  });
});

describe('groups', () => {
  test.each([
    [[0], 'id'],
    [[1], 'word'],
    [[0, 1], 'id, word'],
    [[], ''],
  ] as const)('by columns %s', async (keys, names) => {
    const [id, word, n] = [col(left, 0), col(left, 1), col(left, 2)];
    const positive = call('gt', id, { kind: 'literal', type: int32Type, value: 0 });
    const calls = [
      aggregateCall('count', []),
      aggregateCall('count', [word]),
      aggregateCall('sum', [id]),
      aggregateCall('avg', [id]),
      aggregateCall('min', [word]),
      aggregateCall('max', [word]),
      aggregateCall('max', [n], positive),
    ];
    const select = `${names === '' ? '' : `${names}, `}count(*), count(word), sum(id), avg(id), min(word), max(word), max(n) filter (id > 0)`;
    const plan = group(
      left,
      keys.map((k) => col(left, k)),
      calls,
    );
    await agree(plan, `select ${select} from l ${names === '' ? '' : `group by ${names}`}`);
  });
  test('of a join', async () => {
    const keys = [{ left: col(left, 0), right: col(right, 0), nullSafe: false }];
    const joined: PhysicalPlan = {
      kind: 'join',
      columns: columns([...left.columns, ...right.columns]),
      left,
      right,
      how: 'left',
      build: 'right',
      keys,
    };
    const plan = group(joined, [col(joined, 4)], [aggregateCall('count', []), aggregateCall('sum', [col(joined, 2)])]);
    await agree(plan, 'select r.word, count(*), sum(l.n) from l left join r on l.id = r.id group by r.word');
  });
});

describe('order', () => {
  test('of two keys and their nulls', async () => {
    const keys = [descending(col(left, 1), true), ascending(col(left, 0), false), ascending(col(left, 2))];
    const plan: PhysicalPlan = { kind: 'sort', columns: left.columns, input: left, keys, offset: 0 };
    await agree(plan, 'from l order by word desc nulls first, id nulls last, n', true);
    await agree(
      { ...plan, limit: 20, offset: 7 },
      'from l order by word desc nulls first, id nulls last, n limit 20 offset 7',
      true,
    );
  });
});

describe('windows', () => {
  const frames: readonly (readonly [string, PhysicalFrame | undefined])[] = [
    ['', undefined],
    ['rows between unbounded preceding and current row', { unit: 'rows', end: 0 }],
    ['rows between 3 preceding and 1 preceding', { unit: 'rows', start: -3, end: -1 }],
    ['rows between 2 following and unbounded following', { unit: 'rows', start: 2 }],
    ['range between 10 preceding and 5 following', { unit: 'range', start: -10, end: 5 }],
    ['range between current row and unbounded following', { unit: 'range', start: 0 }],
    ['range between unbounded preceding and 3 preceding', { unit: 'range', end: -3 }],
  ];
  test.each(frames)('framed %s', async (sql, frame) => {
    for (const order of ['n', 'n desc']) {
      const n = col(left, 2);
      const calls = [
        windowCall('sum', [n], frame),
        windowCall('count', [col(left, 1)], frame),
        windowCall('first', [n], frame),
      ];
      const orderBy = [order === 'n' ? ascending(n) : descending(n)];
      const plan: PhysicalPlan = {
        kind: 'window',
        columns: columns([...left.columns, ...calls]),
        input: left,
        partitionBy: [col(left, 1)],
        orderBy,
        calls,
      };
      await agree(
        plan,
        `select *, sum(n) over w, count(word) over w, first(n) over w from l window w as (partition by word order by ${order} ${sql})`,
      );
    }
  });
  test('ranks', async () => {
    const calls = ['rank', 'denseRank', 'percentRank', 'cumeDist'].map((fn) => windowCall(fn, []));
    const plan: PhysicalPlan = {
      kind: 'window',
      columns: columns([...left.columns, ...calls]),
      input: left,
      partitionBy: [col(left, 1)],
      orderBy: [ascending(col(left, 0))],
      calls,
    };
    const ranks = 'rank() over w, dense_rank() over w, percent_rank() over w, cume_dist() over w';
    await agree(plan, `select *, ${ranks} from l window w as (partition by word order by id nulls first)`);
  });
});
