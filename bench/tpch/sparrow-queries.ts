import { type Column, col, type DataFrame, fn, lit, t, when } from 'sparrow-df';
import type { Query } from './duckdb-queries.js';
import type { Table } from './tables.js';

export type Tables = Readonly<Record<Table, DataFrame>>;

const day = (text: string): Column => lit(text).cast(t.date);
/** A decimal literal: written as a number it would be a double, and the comparison no longer exact. */
const decimal = (text: string): Column => lit(text).cast(t.decimal(5, 2));
const between = (name: string, from: string, to: string): Column =>
  col(name)
    .ge(day(from))
    .and(col(name).lt(day(to)));
const discounted = (): Column => col('l_extendedprice').mul(lit(1).sub(col('l_discount')));

/** The TPC-H queries in the DataFrame API; columns in the order of the SQL texts. */
export const sparrowQueries: Readonly<Record<Query, (tables: Tables) => DataFrame>> = {
  q1: ({ lineitem }) =>
    lineitem
      .filter(col('l_shipdate').le(day('1998-09-02')))
      .groupBy('l_returnflag', 'l_linestatus')
      .agg(
        fn.sum('l_quantity').as('sum_qty'),
        fn.sum('l_extendedprice').as('sum_base_price'),
        fn.sum(discounted()).as('sum_disc_price'),
        fn.sum(discounted().mul(lit(1).add(col('l_tax')))).as('sum_charge'),
        fn.avg('l_quantity').as('avg_qty'),
        fn.avg('l_extendedprice').as('avg_price'),
        fn.avg('l_discount').as('avg_disc'),
        fn.count().as('count_order'),
      )
      .orderBy('l_returnflag', 'l_linestatus'),
  q3: ({ customer, orders, lineitem }) =>
    customer
      .filter(col('c_mktsegment').eq('BUILDING'))
      .join(orders.filter(col('o_orderdate').lt(day('1995-03-15'))), col('c_custkey').eq(col('o_custkey')))
      .join(lineitem.filter(col('l_shipdate').gt(day('1995-03-15'))), col('o_orderkey').eq(col('l_orderkey')))
      .groupBy('l_orderkey', 'o_orderdate', 'o_shippriority')
      .agg(fn.sum(discounted()).as('revenue'))
      .select('l_orderkey', 'revenue', 'o_orderdate', 'o_shippriority')
      .orderBy(col('revenue').desc(), col('o_orderdate'))
      .limit(10),
  q4: ({ orders, lineitem }) =>
    orders
      .filter(between('o_orderdate', '1993-07-01', '1993-10-01'))
      .join(
        lineitem.filter(col('l_commitdate').lt(col('l_receiptdate'))),
        col('o_orderkey').eq(col('l_orderkey')),
        'left_semi',
      )
      .groupBy('o_orderpriority')
      .agg(fn.count().as('order_count'))
      .orderBy('o_orderpriority'),
  q6: ({ lineitem }) =>
    lineitem
      .filter(between('l_shipdate', '1994-01-01', '1995-01-01'))
      .filter(col('l_discount').between(decimal('0.05'), decimal('0.07')))
      .filter(col('l_quantity').lt(24))
      .agg(fn.sum(col('l_extendedprice').mul(col('l_discount'))).as('revenue')),
  q9: ({ part, supplier, lineitem, partsupp, orders, nation }) =>
    lineitem
      .join(part.filter(col('p_name').like('%green%')), col('l_partkey').eq(col('p_partkey')))
      .join(supplier, col('l_suppkey').eq(col('s_suppkey')))
      .join(
        partsupp,
        col('l_partkey')
          .eq(col('ps_partkey'))
          .and(col('l_suppkey').eq(col('ps_suppkey'))),
      )
      .join(orders, col('l_orderkey').eq(col('o_orderkey')))
      .join(nation, col('s_nationkey').eq(col('n_nationkey')))
      .select(
        col('n_name').as('nation'),
        fn.year(col('o_orderdate')).as('o_year'),
        discounted()
          .sub(col('ps_supplycost').mul(col('l_quantity')))
          .as('amount'),
      )
      .groupBy('nation', 'o_year')
      .agg(fn.sum('amount').as('sum_profit'))
      .orderBy(col('nation'), col('o_year').desc()),
  q12: ({ orders, lineitem }) => {
    const urgent = col('o_orderpriority').isin('1-URGENT', '2-HIGH');
    return orders
      .join(
        lineitem
          .filter(col('l_shipmode').isin('MAIL', 'SHIP'))
          .filter(col('l_commitdate').lt(col('l_receiptdate')))
          .filter(col('l_shipdate').lt(col('l_commitdate')))
          .filter(between('l_receiptdate', '1994-01-01', '1995-01-01')),
        col('o_orderkey').eq(col('l_orderkey')),
      )
      .groupBy('l_shipmode')
      .agg(
        fn.sum(when(urgent, 1).otherwise(0)).as('high_line_count'),
        fn.sum(when(urgent, 0).otherwise(1)).as('low_line_count'),
      )
      .orderBy('l_shipmode');
  },
  q13: ({ customer, orders }) =>
    customer
      .join(
        orders.filter(col('o_comment').like('%special%requests%').not()),
        col('c_custkey').eq(col('o_custkey')),
        'left',
      )
      .groupBy('c_custkey')
      .agg(fn.count('o_orderkey').as('c_count'))
      .groupBy('c_count')
      .agg(fn.count().as('custdist'))
      .orderBy(col('custdist').desc(), col('c_count').desc()),
  q14: ({ lineitem, part }) =>
    lineitem
      .filter(between('l_shipdate', '1995-09-01', '1995-10-01'))
      .join(part, col('l_partkey').eq(col('p_partkey')))
      .agg(
        fn.sum(when(col('p_type').like('PROMO%'), discounted()).otherwise(0)).as('promo'),
        fn.sum(discounted()).as('total'),
      )
      .select(decimal('100.00').mul(col('promo')).div(col('total')).as('promo_revenue')),
  q18: ({ customer, orders, lineitem }) => {
    const large = lineitem
      .groupBy('l_orderkey')
      .agg(fn.sum('l_quantity').as('order_qty'))
      .filter(col('order_qty').gt(300))
      .select(col('l_orderkey').as('large_orderkey'));
    return orders
      .join(large, col('o_orderkey').eq(col('large_orderkey')), 'left_semi')
      .join(customer, col('o_custkey').eq(col('c_custkey')))
      .join(lineitem, col('o_orderkey').eq(col('l_orderkey')))
      .groupBy('c_name', 'c_custkey', 'o_orderkey', 'o_orderdate', 'o_totalprice')
      .agg(fn.sum('l_quantity').as('sum_qty'))
      .orderBy(col('o_totalprice').desc(), col('o_orderdate'))
      .limit(100);
  },
};
