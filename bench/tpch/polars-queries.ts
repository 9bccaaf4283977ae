import type { Polars, PolarsExpr, PolarsLazy } from '../harness/polars.js';
import type { Query } from './duckdb-queries.js';
import type { Table } from './tables.js';

type Tables = Readonly<Record<Table, PolarsLazy>>;

/** The TPC-H queries in Polars' own lazy API. */
export function polarsQueries(pl: Polars): Readonly<Record<Query, (tables: Tables) => PolarsLazy>> {
  const { col, lit } = pl;
  const day = (text: string): PolarsExpr => lit(new Date(text)).cast(pl.Date);
  const discounted = (): PolarsExpr => col('l_extendedprice').mul(lit(1).sub(col('l_discount')));
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
    q12: ({ orders, lineitem }) => {
      const urgent = col('o_orderpriority').isIn(['1-URGENT', '2-HIGH']);
      return orders
        .join(
          lineitem.filter(
            col('l_shipmode')
              .isIn(['MAIL', 'SHIP'])
              .and(col('l_commitdate').lt(col('l_receiptdate')))
              .and(col('l_shipdate').lt(col('l_commitdate')))
              .and(col('l_receiptdate').gtEq(day('1994-01-01')))
              .and(col('l_receiptdate').lt(day('1995-01-01'))),
          ),
          { leftOn: 'o_orderkey', rightOn: 'l_orderkey' },
        )
        .groupBy(['l_shipmode'])
        .agg(urgent.sum().alias('high_line_count'), urgent.not().sum().alias('low_line_count'))
        .sort(['l_shipmode']);
    },
    q13: ({ customer, orders }) =>
      customer
        .join(orders.filter(col('o_comment').str.contains('special.*requests').not()), {
          leftOn: 'c_custkey',
          rightOn: 'o_custkey',
          how: 'left',
        })
        .groupBy(['c_custkey'])
        .agg(col('o_orderkey').count().alias('c_count'))
        .groupBy(['c_count'])
        .agg(pl.len().alias('custdist'))
        .sort(['custdist', 'c_count'], [true, true]),
    q14: ({ lineitem, part }) =>
      lineitem
        .filter(
          col('l_shipdate')
            .gtEq(day('1995-09-01'))
            .and(col('l_shipdate').lt(day('1995-10-01'))),
        )
        .join(part, { leftOn: 'l_partkey', rightOn: 'p_partkey' })
        .select(
          pl
            .when(col('p_type').str.startsWith('PROMO'))
            .then(discounted())
            .otherwise(lit(0))
            .sum()
            .mul(100)
            .div(discounted().sum())
            .alias('promo_revenue'),
        ),
    q18: ({ customer, orders, lineitem }) => {
      const large = lineitem
        .groupBy(['l_orderkey'])
        .agg(col('l_quantity').sum().alias('order_qty'))
        .filter(col('order_qty').gt(lit(300)))
        .select('l_orderkey');
      return orders
        .join(large, { leftOn: 'o_orderkey', rightOn: 'l_orderkey', how: 'semi' })
        .join(customer, { leftOn: 'o_custkey', rightOn: 'c_custkey' })
        .join(lineitem, { leftOn: 'o_orderkey', rightOn: 'l_orderkey' })
        .groupBy(['c_name', 'o_custkey', 'o_orderkey', 'o_orderdate', 'o_totalprice'])
        .agg(col('l_quantity').sum().alias('sum_qty'))
        .sort(['o_totalprice', 'o_orderdate'], [true, false])
        .limit(100);
    },
  };
}
