import { join } from 'node:path';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import type { Table } from './tables.js';

// TPC-H's tables at a size a test can afford, made by DuckDB from row numbers: the same columns, types, keys and value
// lists, though not the specification's distributions. Every query finds rows in it.

const suppliers = 20;
const parts = 400;
const customers = 300;
const orders = 3_000;

/** A number below `limit` that depends on the row and on nothing else. */
const pick = (row: string, salt: number, limit: number): string =>
  `(hash(${row} * 1000 + ${salt}) % ${limit})::INTEGER`;

const oneOf = (row: string, salt: number, values: readonly string[]): string =>
  `[${values.map(quoted).join(', ')}][1 + ${pick(row, salt, values.length)}]`;

const money = (row: string, salt: number, lowest: number, span: number): string =>
  `(${lowest} + ${pick(row, salt, span)} / 100.0)::DECIMAL(15,2)`;

const words = [
  'furiously',
  'special',
  'packages',
  'carefully',
  'ironic',
  'requests',
  'deposits',
  'green',
  'bold',
  'Customer',
];
const colors = ['green', 'forest', 'almond', 'blush', 'navy', 'salmon', 'peach', 'ivory'];

const comment = (row: string, salt: number): string =>
  `concat_ws(' ', ${[0, 1, 2, 3].map((step) => oneOf(row, salt + step, words)).join(', ')})`;

const supplierOf = (part: string, nth: string): string => `((${part} + ${nth} * ${suppliers / 4}) % ${suppliers}) + 1`;

const nations = [
  ...['ALGERIA:0', 'ARGENTINA:1', 'BRAZIL:1', 'CANADA:1', 'EGYPT:4', 'ETHIOPIA:0', 'FRANCE:3', 'GERMANY:3', 'INDIA:2'],
  ...['INDONESIA:2', 'IRAN:4', 'IRAQ:4', 'JAPAN:2', 'JORDAN:4', 'KENYA:0', 'MOROCCO:0', 'MOZAMBIQUE:0', 'PERU:1'],
  ...['CHINA:2', 'ROMANIA:3', 'SAUDI ARABIA:4', 'VIETNAM:2', 'RUSSIA:3', 'UNITED KINGDOM:3', 'UNITED STATES:1'],
].map((entry) => entry.split(':'));

const statements: Readonly<Record<Table, string>> = {
  region: `SELECT i::BIGINT AS r_regionkey, ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'][i + 1] AS r_name,
    ${comment('i', 1)} AS r_comment FROM range(5) t(i)`,
  nation: `SELECT (row_number() OVER ()) - 1 AS n_nationkey, n AS n_name, r::BIGINT AS n_regionkey, '' AS n_comment
    FROM (VALUES ${nations.map(([name = '', region]) => `(${quoted(name)}, ${region})`).join(', ')}) v(n, r)`,
  supplier: `SELECT i AS s_suppkey, format('Supplier#{:09d}', i) AS s_name, ${comment('i', 10)} AS s_address,
    (i % 25)::BIGINT AS s_nationkey, format('{}-{:03d}-{:04d}', 10 + i % 25, i % 900, i) AS s_phone,
    ${money('i', 15, -900, 900_000)} AS s_acctbal,
    ${comment('i', 16)} || CASE WHEN i % 7 = 0 THEN ' Customer slow Complaints' ELSE '' END AS s_comment
    FROM range(1, ${suppliers + 1}) t(i)`,
  customer: `SELECT i AS c_custkey, format('Customer#{:09d}', i) AS c_name, ${comment('i', 20)} AS c_address,
    (i % 25)::BIGINT AS c_nationkey, format('{}-{:03d}-{:04d}', 10 + i % 25, i % 900, i) AS c_phone,
    ${money('i', 25, -900, 1_000_000)} AS c_acctbal,
    ${oneOf('i', 26, ['BUILDING', 'AUTOMOBILE', 'MACHINERY', 'HOUSEHOLD', 'FURNITURE'])} AS c_mktsegment,
    ${comment('i', 27)} AS c_comment FROM range(1, ${customers + 1}) t(i)`,
  part: `SELECT i AS p_partkey, ${oneOf('i', 30, colors)} || ' ' || ${oneOf('i', 31, colors)} AS p_name,
    format('Manufacturer#{}', 1 + i % 5) AS p_mfgr, format('Brand#{}{}', 1 + i % 5, 1 + ${pick('i', 32, 5)}) AS p_brand,
    ${oneOf('i', 33, ['STANDARD', 'SMALL', 'MEDIUM', 'LARGE', 'ECONOMY', 'PROMO'])} || ' ' ||
    ${oneOf('i', 34, ['ANODIZED', 'BURNISHED', 'PLATED', 'POLISHED'])} || ' ' ||
    ${oneOf('i', 35, ['TIN', 'NICKEL', 'BRASS', 'STEEL', 'COPPER'])} AS p_type,
    1 + ${pick('i', 36, 50)} AS p_size, ${oneOf('i', 37, ['SM', 'LG', 'MED', 'JUMBO', 'WRAP'])} || ' ' ||
    ${oneOf('i', 38, ['CASE', 'BOX', 'BAG', 'PKG', 'PACK', 'JAR'])} AS p_container,
    ${money('i', 39, 900, 100_000)} AS p_retailprice, ${comment('i', 40)} AS p_comment FROM range(1, ${parts + 1}) t(i)`,
  partsupp: `SELECT p AS ps_partkey, ${supplierOf('p', 'n')} AS ps_suppkey, ${pick('p * 4 + n', 45, 9999)} AS ps_availqty,
    ${money('p * 4 + n', 46, 1, 99_900)} AS ps_supplycost, ${comment('p * 4 + n', 47)} AS ps_comment
    FROM range(1, ${parts + 1}) t(p), range(4) u(n)`,
  orders: `SELECT i AS o_orderkey, (1 + ${pick('i', 50, (customers * 2) / 3)})::BIGINT AS o_custkey,
    ${oneOf('i', 51, ['F', 'O', 'P'])} AS o_orderstatus, ${money('i', 52, 900, 40_000_000)} AS o_totalprice,
    DATE '1992-01-01' + ${pick('i', 53, 2406)} AS o_orderdate,
    ${oneOf('i', 54, ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'])} AS o_orderpriority,
    format('Clerk#{:09d}', i % 1000) AS o_clerk, 0::INTEGER AS o_shippriority, ${comment('i', 55)} AS o_comment
    FROM range(1, ${orders + 1}) t(i)`,
  lineitem: `SELECT * REPLACE (l_shipdate + l_receiptdate AS l_receiptdate) FROM (SELECT o AS l_orderkey, p::BIGINT AS l_partkey,
    (${supplierOf('p', pick('r', 60, 4))})::BIGINT AS l_suppkey, (n + 1)::INTEGER AS l_linenumber,
    (1 + ${pick('r', 61, 60)})::DECIMAL(15,2) AS l_quantity, ${money('r', 62, 900, 10_000_000)} AS l_extendedprice,
    (${pick('r', 63, 11)} / 100.0)::DECIMAL(15,2) AS l_discount, (${pick('r', 64, 9)} / 100.0)::DECIMAL(15,2) AS l_tax,
    ${oneOf('r', 65, ['A', 'N', 'R'])} AS l_returnflag, ${oneOf('r', 66, ['F', 'O'])} AS l_linestatus,
    DATE '1992-01-01' + ${pick('o', 53, 2406)} + 1 + ${pick('r', 67, 121)} AS l_shipdate,
    DATE '1992-01-01' + ${pick('o', 53, 2406)} + 30 + ${pick('r', 68, 61)} AS l_commitdate,
    1 + ${pick('r', 69, 30)} AS l_receiptdate,
    ${oneOf('r', 70, ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'])} AS l_shipinstruct,
    ${oneOf('r', 71, ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'])} AS l_shipmode, ${comment('r', 72)} AS l_comment
    FROM (SELECT o, n, o * 10 + n AS r, 1 + ${pick('o * 10 + n', 73, parts)} AS p
      FROM range(1, ${orders + 1}) t(o), range(7) u(n) WHERE n <= ${pick('o', 74, 7)} ))`,
};

export async function writeTinyData(folder: string, compression: string): Promise<void> {
  const connection = await connectDuckdb(1);
  for (const [table, statement] of Object.entries(statements)) {
    const file = quoted(join(folder, `${table}.parquet`));
    await connection.run(`COPY (${statement}) TO ${file} (FORMAT parquet, CODEC ${compression}, ROW_GROUP_SIZE 4096)`);
  }
  connection.closeSync();
}
