/** The db-benchmark's group-by questions in SQL, by item. Columns of every answer in the order of its checks. */
export const h2oQueries = {
  g1: 'SELECT id1, sum(v1) AS v1 FROM x GROUP BY id1',
  g2: 'SELECT id1, id2, sum(v1) AS v1 FROM x GROUP BY id1, id2',
  g3: 'SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM x GROUP BY id3',
  g4: 'SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM x GROUP BY id4',
  g5: 'SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM x GROUP BY id6',
  g6: 'SELECT id4, id5, median(v3) AS median_v3, stddev(v3) AS sd_v3 FROM x GROUP BY id4, id5',
  g7: 'SELECT id3, max(v1) - min(v2) AS range_v1_v2 FROM x GROUP BY id3',
  g8: `SELECT id6, v3 FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS place FROM x)
       WHERE place <= 2`,
  g9: 'SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM x GROUP BY id2, id4',
  g10: 'SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count(*) AS n FROM x GROUP BY ALL',
} as const;

export type Question = keyof typeof h2oQueries;

/** Questions with answers of at most so many rows are compared row by row, the others by their sums. */
export const mostRows = 20_000;

/** What a column adds to a check of a long answer: text keys by their number. */
export const checkOf = (column: string): string =>
  /^id[123]$/.test(column) ? `sum(substr(${column}, 3)::BIGINT)` : `sum(${column})`;
