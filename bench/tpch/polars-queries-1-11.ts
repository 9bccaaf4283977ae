import type { Polars, PolarsExpr, PolarsLazy } from '../harness/polars.js';
import type { Query } from './duckdb-queries.js';
import type { PolarsQuery } from './polars-query.js';
import { polarsTerms } from './polars-terms.js';

/** TPC-H queries 1 to 11 in the lazy API of Polars. */
export function firstQueries(pl: Polars) {
  const { col, lit } = pl;
  const { day, during, discounted } = polarsTerms(pl);
  return {
    q1: ({ lineitem }) =>
      lineitem
        .filter(col('l_shipdate').ltEq(day('1998-09-02')))
        .groupBy(['l_returnflag', 'l_linestatus'])
        .agg(
          col('l_quantity').sum().alias('sum_qty'),
          col('l_extendedprice').sum().alias('sum_base_price'),
          discounted().sum().alias('sum_disc_price'),
          discounted()
            .mul(lit(1).add(col('l_tax')))
            .sum()
            .alias('sum_charge'),
          col('l_quantity').mean().alias('avg_qty'),
          col('l_extendedprice').mean().alias('avg_price'),
          col('l_discount').mean().alias('avg_disc'),
          pl.len().alias('count_order'),
        )
        .sort(['l_returnflag', 'l_linestatus']),
    q2: ({ part, supplier, partsupp, nation, region }) => {
      const offered = part
        .filter(col('p_size').eq(lit(15)).and(col('p_type').str.endsWith('BRASS')))
        .join(partsupp, { leftOn: 'p_partkey', rightOn: 'ps_partkey' })
        .join(supplier, { leftOn: 'ps_suppkey', rightOn: 's_suppkey' })
        .join(nation, { leftOn: 's_nationkey', rightOn: 'n_nationkey' })
        .join(region.filter(col('r_name').eq(lit('EUROPE'))), { leftOn: 'n_regionkey', rightOn: 'r_regionkey' });
      const cheapest = offered.groupBy(['p_partkey']).agg(col('ps_supplycost').min().alias('min_cost'));
      return offered
        .join(cheapest, { leftOn: ['p_partkey', 'ps_supplycost'], rightOn: ['p_partkey', 'min_cost'] })
        .select('s_acctbal', 's_name', 'n_name', 'p_partkey', 'p_mfgr', 's_address', 's_phone', 's_comment')
        .sort(['s_acctbal', 'n_name', 's_name', 'p_partkey'], [true, false, false, false])
        .limit(100);
    },
    q3: ({ customer, orders, lineitem }) =>
      customer
        .filter(col('c_mktsegment').eq(lit('BUILDING')))
        .join(orders.filter(col('o_orderdate').lt(day('1995-03-15'))), { leftOn: 'c_custkey', rightOn: 'o_custkey' })
        .join(lineitem.filter(col('l_shipdate').gt(day('1995-03-15'))), { leftOn: 'o_orderkey', rightOn: 'l_orderkey' })
        .groupBy(['o_orderkey', 'o_orderdate', 'o_shippriority'])
        .agg(discounted().sum().alias('revenue'))
        .select(col('o_orderkey').alias('l_orderkey'), 'revenue', 'o_orderdate', 'o_shippriority')
        .sort(['revenue', 'o_orderdate'], [true, false])
        .limit(10),
    q4: ({ orders, lineitem }) =>
      orders
        .filter(
          col('o_orderdate')
            .gtEq(day('1993-07-01'))
            .and(col('o_orderdate').lt(day('1993-10-01'))),
        )
        .join(lineitem.filter(col('l_commitdate').lt(col('l_receiptdate'))), {
          leftOn: 'o_orderkey',
          rightOn: 'l_orderkey',
          how: 'semi',
        })
        .groupBy(['o_orderpriority'])
        .agg(pl.len().alias('order_count'))
        .sort(['o_orderpriority']),
    q5: ({ customer, orders, lineitem, supplier, nation, region }) =>
      region
        .filter(col('r_name').eq(lit('ASIA')))
        .join(nation, { leftOn: 'r_regionkey', rightOn: 'n_regionkey' })
        .join(customer, { leftOn: 'n_nationkey', rightOn: 'c_nationkey' })
        .join(orders.filter(during('o_orderdate', '1994-01-01', '1995-01-01')), {
          leftOn: 'c_custkey',
          rightOn: 'o_custkey',
        })
        .join(lineitem, { leftOn: 'o_orderkey', rightOn: 'l_orderkey' })
        .join(supplier, { leftOn: ['l_suppkey', 'n_nationkey'], rightOn: ['s_suppkey', 's_nationkey'] })
        .groupBy(['n_name'])
        .agg(discounted().sum().alias('revenue'))
        .sort(['revenue'], [true]),
    q6: ({ lineitem }) =>
      lineitem
        .filter(
          col('l_shipdate')
            .gtEq(day('1994-01-01'))
            .and(col('l_shipdate').lt(day('1995-01-01')))
            .and(col('l_discount').gtEq(lit(0.05)))
            .and(col('l_discount').ltEq(lit(0.07)))
            .and(col('l_quantity').lt(lit(24))),
        )
        .select(col('l_extendedprice').mul(col('l_discount')).sum().alias('revenue')),
    q7: ({ supplier, lineitem, orders, customer, nation }) => {
      const named = (name: string, as: string): PolarsLazy =>
        nation
          .filter(col('n_name').isIn(['FRANCE', 'GERMANY']))
          .select(col('n_nationkey').alias(name), col('n_name').alias(as));
      return lineitem
        .filter(
          col('l_shipdate')
            .gtEq(day('1995-01-01'))
            .and(col('l_shipdate').ltEq(day('1996-12-31'))),
        )
        .join(supplier, { leftOn: 'l_suppkey', rightOn: 's_suppkey' })
        .join(named('supp_nationkey', 'supp_nation'), { leftOn: 's_nationkey', rightOn: 'supp_nationkey' })
        .join(orders, { leftOn: 'l_orderkey', rightOn: 'o_orderkey' })
        .join(customer, { leftOn: 'o_custkey', rightOn: 'c_custkey' })
        .join(named('cust_nationkey', 'cust_nation'), { leftOn: 'c_nationkey', rightOn: 'cust_nationkey' })
        .filter(col('supp_nation').neq(col('cust_nation')))
        .select('supp_nation', 'cust_nation', col('l_shipdate').dt.year().alias('l_year'), discounted().alias('volume'))
        .groupBy(['supp_nation', 'cust_nation', 'l_year'])
        .agg(col('volume').sum().alias('revenue'))
        .sort(['supp_nation', 'cust_nation', 'l_year']);
    },
    q8: ({ part, supplier, lineitem, orders, customer, nation, region }) =>
      part
        .filter(col('p_type').eq(lit('ECONOMY ANODIZED STEEL')))
        .join(lineitem, { leftOn: 'p_partkey', rightOn: 'l_partkey' })
        .join(supplier, { leftOn: 'l_suppkey', rightOn: 's_suppkey' })
        .join(
          orders.filter(
            col('o_orderdate')
              .gtEq(day('1995-01-01'))
              .and(col('o_orderdate').ltEq(day('1996-12-31'))),
          ),
          { leftOn: 'l_orderkey', rightOn: 'o_orderkey' },
        )
        .join(customer, { leftOn: 'o_custkey', rightOn: 'c_custkey' })
        .join(nation.select('n_nationkey', 'n_regionkey'), { leftOn: 'c_nationkey', rightOn: 'n_nationkey' })
        .join(region.filter(col('r_name').eq(lit('AMERICA'))), { leftOn: 'n_regionkey', rightOn: 'r_regionkey' })
        .join(nation.select('n_nationkey', 'n_name'), { leftOn: 's_nationkey', rightOn: 'n_nationkey' })
        .select(col('o_orderdate').dt.year().alias('o_year'), discounted().alias('volume'), 'n_name')
        .groupBy(['o_year'])
        .agg(
          pl
            .when(col('n_name').eq(lit('BRAZIL')))
            .then(col('volume'))
            .otherwise(lit(0))
            .sum()
            .div(col('volume').sum())
            .alias('mkt_share'),
        )
        .sort(['o_year']),
    q9: ({ part, partsupp, lineitem, supplier, orders, nation }) =>
      part
        .filter(col('p_name').str.contains('green', true))
        .join(partsupp, { leftOn: 'p_partkey', rightOn: 'ps_partkey' })
        .join(lineitem, { leftOn: ['p_partkey', 'ps_suppkey'], rightOn: ['l_partkey', 'l_suppkey'] })
        .join(supplier, { leftOn: 'ps_suppkey', rightOn: 's_suppkey' })
        .join(orders, { leftOn: 'l_orderkey', rightOn: 'o_orderkey' })
        .join(nation, { leftOn: 's_nationkey', rightOn: 'n_nationkey' })
        .select(
          col('n_name').alias('nation'),
          col('o_orderdate').dt.year().alias('o_year'),
          discounted()
            .sub(col('ps_supplycost').mul(col('l_quantity')))
            .alias('amount'),
        )
        .groupBy(['nation', 'o_year'])
        .agg(col('amount').sum().alias('sum_profit'))
        .sort(['nation', 'o_year'], [false, true]),
    q10: ({ customer, orders, lineitem, nation }) => {
      const keys = ['o_custkey', 'c_name', 'c_acctbal', 'c_phone', 'n_name', 'c_address', 'c_comment'];
      return orders
        .filter(during('o_orderdate', '1993-10-01', '1994-01-01'))
        .join(lineitem.filter(col('l_returnflag').eq(lit('R'))), { leftOn: 'o_orderkey', rightOn: 'l_orderkey' })
        .join(customer, { leftOn: 'o_custkey', rightOn: 'c_custkey' })
        .join(nation, { leftOn: 'c_nationkey', rightOn: 'n_nationkey' })
        .groupBy(keys)
        .agg(discounted().sum().alias('revenue'))
        .select('o_custkey', 'c_name', 'revenue', 'c_acctbal', 'n_name', 'c_address', 'c_phone', 'c_comment')
        .sort(['revenue'], [true])
        .limit(20);
    },
    q11: ({ partsupp, supplier, nation }) => {
      const german = partsupp
        .join(supplier, { leftOn: 'ps_suppkey', rightOn: 's_suppkey' })
        .join(nation.filter(col('n_name').eq(lit('GERMANY'))), { leftOn: 's_nationkey', rightOn: 'n_nationkey' });
      const value = (): PolarsExpr => col('ps_supplycost').mul(col('ps_availqty')).sum();
      return german
        .groupBy(['ps_partkey'])
        .agg(value().alias('value'))
        .join(german.select(value().mul(0.0001).alias('least')), { how: 'cross' })
        .filter(col('value').gt(col('least')))
        .select('ps_partkey', 'value')
        .sort(['value'], [true]);
    },
  } satisfies Partial<Record<Query, PolarsQuery>>;
}
