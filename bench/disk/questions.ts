import type { Answer } from '../harness/contract.js';

export const tpchTables = ['lineitem', 'orders'] as const;
export const diskTables = ['facts', 'details', ...tpchTables] as const;

/** Megabytes that both engines may use. */
export const limits = [128, 256, 512] as const;

/** DuckDB's form of each question; Sparrow's is in `sparrow.ts`. Answers are sums, so that they are short to compare. */
export const diskQuestions = {
  group: `SELECT count(*) AS n, sum(rows)::BIGINT AS rows, max(total) AS most FROM (
    SELECT key, count(*) AS rows, sum(v) AS total FROM facts GROUP BY key)`,
  distinct: 'SELECT count(*) AS n, max(key) AS last FROM (SELECT DISTINCT key FROM facts)',
  join: `SELECT count(*) AS n, sum(f.v)::BIGINT AS v, sum(d.w)::BIGINT AS w
    FROM facts f JOIN details d ON f.key = d.key`,
  sort: 'SELECT key, v FROM facts ORDER BY key',
  window: `SELECT sum(place)::BIGINT AS places, max(running)::BIGINT AS most FROM (
    SELECT row_number() OVER g AS place,
      sum(v) OVER (PARTITION BY part ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running
    FROM facts WINDOW g AS (PARTITION BY part ORDER BY id))`,
  'tpch-group': `SELECT count(*) AS n, sum(quantity) AS quantity FROM (
    SELECT l_orderkey, l_partkey, sum(l_quantity) AS quantity FROM lineitem GROUP BY l_orderkey, l_partkey)`,
  'tpch-distinct': 'SELECT count(*) AS n FROM (SELECT DISTINCT l_comment FROM lineitem)',
  'tpch-join': `SELECT count(*) AS n, max(l_comment) AS l, max(o_comment) AS o
    FROM lineitem JOIN orders ON l_orderkey = o_orderkey WHERE l_comment <> o_comment`,
  'tpch-sort': 'SELECT l_comment, l_orderkey FROM lineitem ORDER BY l_comment, l_orderkey, l_linenumber',
  'tpch-window': `SELECT max(running) AS most, min(running) AS least FROM (
    SELECT sum(l_quantity) OVER (PARTITION BY l_partkey ORDER BY l_orderkey, l_linenumber
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM lineitem)`,
} as const;

export type Question = keyof typeof diskQuestions;

/** Questions whose answer is as long as the table: it is taken batch by batch, and its rows are counted. */
export const isLong = (question: Question): boolean => question.endsWith('sort');

/** What is looked at of a long answer: its length and the first column of its last row. */
export const longAnswer = (rows: number, last: unknown): Answer => ({
  columns: [
    { name: 'rows', kind: 'exact' },
    { name: 'last', kind: 'text' },
  ],
  rows: [[String(rows), String(last)]],
});

export const diskItems = limits.flatMap((mb) => Object.keys(diskQuestions).map((question) => `${question}-${mb}`));

export function partsOf(item: string): { question: Question; megabytes: number } {
  const at = item.lastIndexOf('-');
  return { question: item.slice(0, at) as Question, megabytes: Number(item.slice(at + 1)) };
}
