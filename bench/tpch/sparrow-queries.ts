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
/** The nation table once more, under names of its own. */
const named = (nation: DataFrame, as: string): DataFrame =>
  nation.select(col('n_nationkey').as(`${as}_nationkey`), col('n_name').as(`${as}_nation`));
const discounted = (): Column => col('l_extendedprice').mul(lit(1).sub(col('l_discount')));

/** The TPC-H queries in the DataFrame API, without correlated subqueries; columns in the order of the SQL texts. */
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
  q2: ({ part, supplier, partsupp, nation, region }) => {
    const european = partsupp
      .join(supplier, col('ps_suppkey').eq(col('s_suppkey')))
      .join(nation, col('s_nationkey').eq(col('n_nationkey')))
      .join(region.filter(col('r_name').eq('EUROPE')), col('n_regionkey').eq(col('r_regionkey')));
    const offered = part
      .filter(col('p_size').eq(15))
      .filter(col('p_type').like('%BRASS'))
      .join(european, col('p_partkey').eq(col('ps_partkey')));
    const cheapest = offered
      .groupBy('p_partkey')
      .agg(fn.min('ps_supplycost').as('min_cost'))
      .select(col('p_partkey').as('min_partkey'), 'min_cost');
    return offered
      .join(
        cheapest,
        col('p_partkey')
          .eq(col('min_partkey'))
          .and(col('ps_supplycost').eq(col('min_cost'))),
      )
      .select('s_acctbal', 's_name', 'n_name', 'p_partkey', 'p_mfgr', 's_address', 's_phone', 's_comment')
      .orderBy(col('s_acctbal').desc(), 'n_name', 's_name', 'p_partkey')
      .limit(100);
  },
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
  q5: ({ customer, orders, lineitem, supplier, nation, region }) =>
    customer
      .join(orders.filter(between('o_orderdate', '1994-01-01', '1995-01-01')), col('c_custkey').eq(col('o_custkey')))
      .join(lineitem, col('o_orderkey').eq(col('l_orderkey')))
      .join(
        supplier,
        col('l_suppkey')
          .eq(col('s_suppkey'))
          .and(col('c_nationkey').eq(col('s_nationkey'))),
      )
      .join(nation, col('s_nationkey').eq(col('n_nationkey')))
      .join(region.filter(col('r_name').eq('ASIA')), col('n_regionkey').eq(col('r_regionkey')))
      .groupBy('n_name')
      .agg(fn.sum(discounted()).as('revenue'))
      .orderBy(col('revenue').desc()),
  q6: ({ lineitem }) =>
    lineitem
      .filter(between('l_shipdate', '1994-01-01', '1995-01-01'))
      .filter(col('l_discount').between(decimal('0.05'), decimal('0.07')))
      .filter(col('l_quantity').lt(24))
      .agg(fn.sum(col('l_extendedprice').mul(col('l_discount'))).as('revenue')),
  q7: ({ supplier, lineitem, orders, customer, nation }) => {
    const both = (from: string, to: string): Column => col('supp_nation').eq(from).and(col('cust_nation').eq(to));
    return supplier
      .join(lineitem, col('s_suppkey').eq(col('l_suppkey')))
      .join(orders, col('l_orderkey').eq(col('o_orderkey')))
      .join(customer, col('o_custkey').eq(col('c_custkey')))
      .join(named(nation, 'supp'), col('s_nationkey').eq(col('supp_nationkey')))
      .join(named(nation, 'cust'), col('c_nationkey').eq(col('cust_nationkey')))
      .filter(both('FRANCE', 'GERMANY').or(both('GERMANY', 'FRANCE')))
      .filter(col('l_shipdate').between(day('1995-01-01'), day('1996-12-31')))
      .select('supp_nation', 'cust_nation', fn.year(col('l_shipdate')).as('l_year'), discounted().as('volume'))
      .groupBy('supp_nation', 'cust_nation', 'l_year')
      .agg(fn.sum('volume').as('revenue'))
      .orderBy('supp_nation', 'cust_nation', 'l_year');
  },
  q8: ({ part, supplier, lineitem, orders, customer, nation, region }) =>
    part
      .filter(col('p_type').eq('ECONOMY ANODIZED STEEL'))
      .join(lineitem, col('p_partkey').eq(col('l_partkey')))
      .join(supplier, col('l_suppkey').eq(col('s_suppkey')))
      .join(orders, col('l_orderkey').eq(col('o_orderkey')))
      .filter(col('o_orderdate').between(day('1995-01-01'), day('1996-12-31')))
      .join(customer, col('o_custkey').eq(col('c_custkey')))
      .join(
        nation.select(col('n_nationkey').as('cust_nationkey'), 'n_regionkey'),
        col('c_nationkey').eq(col('cust_nationkey')),
      )
      .join(region.filter(col('r_name').eq('AMERICA')), col('n_regionkey').eq(col('r_regionkey')))
      .join(named(nation, 'supp'), col('s_nationkey').eq(col('supp_nationkey')))
      .select(fn.year(col('o_orderdate')).as('o_year'), discounted().as('volume'), 'supp_nation')
      .groupBy('o_year')
      .agg(
        fn.sum(when(col('supp_nation').eq('BRAZIL'), col('volume')).otherwise(0)).as('brazil'),
        fn.sum('volume').as('total'),
      )
      .select('o_year', col('brazil').div(col('total')).as('mkt_share'))
      .orderBy('o_year'),
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
  q10: ({ customer, orders, lineitem, nation }) =>
    customer
      .join(orders.filter(between('o_orderdate', '1993-10-01', '1994-01-01')), col('c_custkey').eq(col('o_custkey')))
      .join(lineitem.filter(col('l_returnflag').eq('R')), col('o_orderkey').eq(col('l_orderkey')))
      .join(nation, col('c_nationkey').eq(col('n_nationkey')))
      .groupBy('c_custkey', 'c_name', 'c_acctbal', 'c_phone', 'n_name', 'c_address', 'c_comment')
      .agg(fn.sum(discounted()).as('revenue'))
      .select('c_custkey', 'c_name', 'revenue', 'c_acctbal', 'n_name', 'c_address', 'c_phone', 'c_comment')
      .orderBy(col('revenue').desc())
      .limit(20),
  q11: ({ partsupp, supplier, nation }) => {
    const german = partsupp
      .join(supplier, col('ps_suppkey').eq(col('s_suppkey')))
      .join(nation.filter(col('n_name').eq('GERMANY')), col('s_nationkey').eq(col('n_nationkey')));
    const value = (): Column => fn.sum(col('ps_supplycost').mul(col('ps_availqty')));
    const least = german.agg(value().as('total')).select(
      col('total')
        .mul(lit('0.0001').cast(t.decimal(5, 4)))
        .as('least'),
    );
    return german
      .groupBy('ps_partkey')
      .agg(value().as('value'))
      .crossJoin(least)
      .filter(col('value').gt(col('least')))
      .select('ps_partkey', 'value')
      .orderBy(col('value').desc());
  },
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
  q15: ({ lineitem, supplier }) => {
    const revenue = lineitem
      .filter(between('l_shipdate', '1996-01-01', '1996-04-01'))
      .groupBy('l_suppkey')
      .agg(fn.sum(discounted()).as('total_revenue'));
    return supplier
      .join(revenue, col('s_suppkey').eq(col('l_suppkey')))
      .join(revenue.agg(fn.max('total_revenue').as('most')), col('total_revenue').eq(col('most')))
      .select('s_suppkey', 's_name', 's_address', 's_phone', 'total_revenue')
      .orderBy('s_suppkey');
  },
  q16: ({ partsupp, part, supplier }) =>
    partsupp
      .join(
        part
          .filter(col('p_brand').ne('Brand#45'))
          .filter(col('p_type').like('MEDIUM POLISHED%').not())
          .filter(col('p_size').isin(49, 14, 23, 45, 19, 3, 36, 9)),
        col('ps_partkey').eq(col('p_partkey')),
      )
      .join(
        supplier.filter(col('s_comment').like('%Customer%Complaints%')),
        col('ps_suppkey').eq(col('s_suppkey')),
        'left_anti',
      )
      .groupBy('p_brand', 'p_type', 'p_size')
      .agg(fn.countDistinct('ps_suppkey').as('supplier_cnt'))
      .orderBy(col('supplier_cnt').desc(), 'p_brand', 'p_type', 'p_size'),
  q17: ({ lineitem, part }) => {
    const usual = lineitem
      .groupBy('l_partkey')
      .agg(fn.avg('l_quantity').as('avg_quantity'))
      .select(col('l_partkey').as('usual_partkey'), decimal('0.2').mul(col('avg_quantity')).as('few'));
    return lineitem
      .join(
        part.filter(col('p_brand').eq('Brand#23')).filter(col('p_container').eq('MED BOX')),
        col('l_partkey').eq(col('p_partkey')),
      )
      .join(usual, col('p_partkey').eq(col('usual_partkey')))
      .filter(col('l_quantity').lt(col('few')))
      .agg(fn.sum('l_extendedprice').as('total'))
      .select(col('total').div(decimal('7.0')).as('avg_yearly'));
  },
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
  q19: ({ lineitem, part }) => {
    const kind = (brand: string, containers: string[], quantity: number, size: number): Column =>
      col('p_brand')
        .eq(brand)
        .and(col('p_container').isin(...containers))
        .and(col('l_quantity').between(quantity, quantity + 10))
        .and(col('p_size').between(1, size))
        .and(col('l_shipmode').isin('AIR', 'AIR REG'))
        .and(col('l_shipinstruct').eq('DELIVER IN PERSON'));
    return lineitem
      .join(part, col('l_partkey').eq(col('p_partkey')))
      .filter(
        kind('Brand#12', ['SM CASE', 'SM BOX', 'SM PACK', 'SM PKG'], 1, 5)
          .or(kind('Brand#23', ['MED BAG', 'MED BOX', 'MED PKG', 'MED PACK'], 10, 10))
          .or(kind('Brand#34', ['LG CASE', 'LG BOX', 'LG PACK', 'LG PKG'], 20, 15)),
      )
      .agg(fn.sum(discounted()).as('revenue'));
  },
  q20: ({ supplier, nation, partsupp, part, lineitem }) => {
    const shipped = lineitem
      .filter(between('l_shipdate', '1994-01-01', '1995-01-01'))
      .groupBy('l_partkey', 'l_suppkey')
      .agg(fn.sum('l_quantity').as('quantity'))
      .select('l_partkey', 'l_suppkey', decimal('0.5').mul(col('quantity')).as('half'));
    const plenty = partsupp
      .join(part.filter(col('p_name').like('forest%')), col('ps_partkey').eq(col('p_partkey')), 'left_semi')
      .join(
        shipped,
        col('ps_partkey')
          .eq(col('l_partkey'))
          .and(col('ps_suppkey').eq(col('l_suppkey'))),
      )
      .filter(col('ps_availqty').gt(col('half')));
    return supplier
      .join(nation.filter(col('n_name').eq('CANADA')), col('s_nationkey').eq(col('n_nationkey')))
      .join(plenty, col('s_suppkey').eq(col('ps_suppkey')), 'left_semi')
      .select('s_name', 's_address')
      .orderBy('s_name');
  },
  q21: ({ supplier, lineitem, orders, nation }) => {
    const late = lineitem.filter(col('l_receiptdate').gt(col('l_commitdate')));
    const others = (rows: DataFrame, name: string): DataFrame =>
      rows.select(col('l_orderkey').as(`${name}_orderkey`), col('l_suppkey').as(`${name}_suppkey`));
    const ofAnother = (name: string): Column =>
      col('l_orderkey')
        .eq(col(`${name}_orderkey`))
        .and(col('l_suppkey').ne(col(`${name}_suppkey`)));
    return supplier
      .join(nation.filter(col('n_name').eq('SAUDI ARABIA')), col('s_nationkey').eq(col('n_nationkey')))
      .join(late, col('s_suppkey').eq(col('l_suppkey')))
      .join(orders.filter(col('o_orderstatus').eq('F')), col('l_orderkey').eq(col('o_orderkey')))
      .join(others(lineitem, 'any'), ofAnother('any'), 'left_semi')
      .join(others(late, 'late'), ofAnother('late'), 'left_anti')
      .groupBy('s_name')
      .agg(fn.count().as('numwait'))
      .orderBy(col('numwait').desc(), 's_name')
      .limit(100);
  },
  q22: ({ customer, orders }) => {
    const chosen = customer
      .withColumn('cntrycode', fn.substring(col('c_phone'), 1, 2))
      .filter(col('cntrycode').isin('13', '31', '23', '29', '30', '18', '17'));
    const usual = chosen.filter(col('c_acctbal').gt(decimal('0.00'))).agg(fn.avg('c_acctbal').as('usual_acctbal'));
    return chosen
      .crossJoin(usual)
      .filter(col('c_acctbal').gt(col('usual_acctbal')))
      .join(orders, col('c_custkey').eq(col('o_custkey')), 'left_anti')
      .groupBy('cntrycode')
      .agg(fn.count().as('numcust'), fn.sum('c_acctbal').as('totacctbal'))
      .orderBy('cntrycode');
  },
};
