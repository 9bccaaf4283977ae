import type { Polars, PolarsExpr } from '../harness/polars.js';
import type { Query } from './duckdb-queries.js';
import type { PolarsQuery } from './polars-query.js';
import { polarsTerms } from './polars-terms.js';

/** TPC-H queries 12 to 22 in the lazy API of Polars. */
export function lastQueries(pl: Polars) {
  const { col, lit } = pl;
  const { day, during, discounted } = polarsTerms(pl);
  return {
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
    q15: ({ lineitem, supplier }) => {
      const revenue = lineitem
        .filter(during('l_shipdate', '1996-01-01', '1996-04-01'))
        .groupBy(['l_suppkey'])
        .agg(discounted().sum().alias('total_revenue'));
      return supplier
        .join(revenue, { leftOn: 's_suppkey', rightOn: 'l_suppkey' })
        .filter(col('total_revenue').eq(col('total_revenue').max()))
        .select('s_suppkey', 's_name', 's_address', 's_phone', 'total_revenue')
        .sort(['s_suppkey']);
    },
    q16: ({ partsupp, part, supplier }) =>
      part
        .filter(
          col('p_brand')
            .neq(lit('Brand#45'))
            .and(col('p_type').str.startsWith('MEDIUM POLISHED').not())
            .and(col('p_size').isIn([49, 14, 23, 45, 19, 3, 36, 9])),
        )
        .join(partsupp, { leftOn: 'p_partkey', rightOn: 'ps_partkey' })
        .join(supplier.filter(col('s_comment').str.contains('Customer.*Complaints')), {
          leftOn: 'ps_suppkey',
          rightOn: 's_suppkey',
          how: 'anti',
        })
        .groupBy(['p_brand', 'p_type', 'p_size'])
        .agg(col('ps_suppkey').nUnique().alias('supplier_cnt'))
        .sort(['supplier_cnt', 'p_brand', 'p_type', 'p_size'], [true, false, false, false]),
    q17: ({ lineitem, part }) => {
      const chosen = part
        .filter(
          col('p_brand')
            .eq(lit('Brand#23'))
            .and(col('p_container').eq(lit('MED BOX'))),
        )
        .join(lineitem, { leftOn: 'p_partkey', rightOn: 'l_partkey' });
      const usual = chosen.groupBy(['p_partkey']).agg(col('l_quantity').mean().mul(0.2).alias('few'));
      return chosen
        .join(usual, { leftOn: 'p_partkey', rightOn: 'p_partkey' })
        .filter(col('l_quantity').lt(col('few')))
        .select(col('l_extendedprice').sum().div(7).alias('avg_yearly'));
    },
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
    q19: ({ lineitem, part }) => {
      const kind = (brand: string, containers: string[], quantity: number, size: number): PolarsExpr =>
        col('p_brand')
          .eq(lit(brand))
          .and(col('p_container').isIn(containers))
          .and(col('l_quantity').gtEq(lit(quantity)))
          .and(col('l_quantity').ltEq(lit(quantity + 10)))
          .and(col('p_size').gtEq(lit(1)))
          .and(col('p_size').ltEq(lit(size)));
      return lineitem
        .filter(
          col('l_shipmode')
            .isIn(['AIR', 'AIR REG'])
            .and(col('l_shipinstruct').eq(lit('DELIVER IN PERSON'))),
        )
        .join(part, { leftOn: 'l_partkey', rightOn: 'p_partkey' })
        .filter(
          kind('Brand#12', ['SM CASE', 'SM BOX', 'SM PACK', 'SM PKG'], 1, 5)
            .or(kind('Brand#23', ['MED BAG', 'MED BOX', 'MED PKG', 'MED PACK'], 10, 10))
            .or(kind('Brand#34', ['LG CASE', 'LG BOX', 'LG PACK', 'LG PKG'], 20, 15)),
        )
        .select(discounted().sum().alias('revenue'));
    },
    q20: ({ supplier, nation, partsupp, part, lineitem }) => {
      const shipped = lineitem
        .filter(during('l_shipdate', '1994-01-01', '1995-01-01'))
        .groupBy(['l_partkey', 'l_suppkey'])
        .agg(col('l_quantity').sum().mul(0.5).alias('half'));
      const plenty = partsupp
        .join(part.filter(col('p_name').str.startsWith('forest')), {
          leftOn: 'ps_partkey',
          rightOn: 'p_partkey',
          how: 'semi',
        })
        .join(shipped, { leftOn: ['ps_partkey', 'ps_suppkey'], rightOn: ['l_partkey', 'l_suppkey'] })
        .filter(col('ps_availqty').gt(col('half')));
      return supplier
        .join(nation.filter(col('n_name').eq(lit('CANADA'))), { leftOn: 's_nationkey', rightOn: 'n_nationkey' })
        .join(plenty, { leftOn: 's_suppkey', rightOn: 'ps_suppkey', how: 'semi' })
        .select('s_name', 's_address')
        .sort(['s_name']);
    },
    q21: ({ supplier, lineitem, orders, nation }) => {
      const late = lineitem.filter(col('l_receiptdate').gt(col('l_commitdate')));
      const several = lineitem
        .groupBy(['l_orderkey'])
        .agg(col('l_suppkey').nUnique().alias('suppliers'))
        .filter(col('suppliers').gt(lit(1)));
      const alone = late
        .groupBy(['l_orderkey'])
        .agg(col('l_suppkey').nUnique().alias('late_suppliers'))
        .filter(col('late_suppliers').eq(lit(1)));
      return late
        .join(several, { leftOn: 'l_orderkey', rightOn: 'l_orderkey', how: 'semi' })
        .join(alone, { leftOn: 'l_orderkey', rightOn: 'l_orderkey', how: 'semi' })
        .join(supplier, { leftOn: 'l_suppkey', rightOn: 's_suppkey' })
        .join(nation.filter(col('n_name').eq(lit('SAUDI ARABIA'))), { leftOn: 's_nationkey', rightOn: 'n_nationkey' })
        .join(orders.filter(col('o_orderstatus').eq(lit('F'))), { leftOn: 'l_orderkey', rightOn: 'o_orderkey' })
        .groupBy(['s_name'])
        .agg(pl.len().alias('numwait'))
        .sort(['numwait', 's_name'], [true, false])
        .limit(100);
    },
    q22: ({ customer, orders }) => {
      const chosen = customer
        .withColumns(col('c_phone').str.slice(0, 2).alias('cntrycode'))
        .filter(col('cntrycode').isIn(['13', '31', '23', '29', '30', '18', '17']));
      const usual = chosen.filter(col('c_acctbal').gt(lit(0))).select(col('c_acctbal').mean().alias('usual_acctbal'));
      return chosen
        .join(orders, { leftOn: 'c_custkey', rightOn: 'o_custkey', how: 'anti' })
        .join(usual, { how: 'cross' })
        .filter(col('c_acctbal').gt(col('usual_acctbal')))
        .groupBy(['cntrycode'])
        .agg(pl.len().alias('numcust'), col('c_acctbal').sum().alias('totacctbal'))
        .sort(['cntrycode']);
    },
  } satisfies Partial<Record<Query, PolarsQuery>>;
}
