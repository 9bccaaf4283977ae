/** One operator at a time over TPC-H's lineitem, in SQL. Long results are kept in a table; the others are summed up. */
export const operatorQueries = {
  sort: `SELECT l_suppkey, l_extendedprice, l_orderkey, l_quantity FROM lineitem
    ORDER BY l_suppkey, l_extendedprice DESC, l_orderkey`,
  topk: `SELECT l_orderkey, l_linenumber, l_extendedprice FROM lineitem
    ORDER BY l_extendedprice DESC, l_orderkey, l_linenumber LIMIT 100`,
  'window-rank': `SELECT sum(place) AS total, max(place) AS most FROM (
      SELECT rank() OVER (PARTITION BY l_suppkey ORDER BY l_extendedprice DESC) AS place FROM lineitem)`,
  'window-sum': `SELECT max(running) AS most, min(running) AS least FROM (
      SELECT sum(l_quantity) OVER (PARTITION BY l_partkey ORDER BY l_orderkey, l_linenumber
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM lineitem)`,
  like: `SELECT count(*) AS n FROM lineitem WHERE l_comment LIKE '%ironic%'`,
  regex: `SELECT count(*) AS n FROM lineitem WHERE regexp_matches(l_comment, 'express.*(deposits|requests)')`,
  distinct: 'SELECT count(*) AS n FROM (SELECT DISTINCT l_comment FROM lineitem)',
  wide: `SELECT ${Array.from({ length: 100 }, (_, i) => `sum(l_linenumber + ${i}) AS s${i}`).join()} FROM lineitem`,
} as const;

export type Item = keyof typeof operatorQueries;

/** Items whose result is as long as the table. It is checked by sums, and by the order of its first rows. */
export const isLong = (item: string): boolean => item === 'sort';

export const firstRows = 1_000;
