import { int64Type, type Scalar, SparrowError } from '../base/index.js';
import { type ScalarFunction, scalar } from './define.js';
import { part } from './emit.js';
import { anyLong, anyType, takes } from './implicit.js';

const resolve: ScalarFunction['resolve'] = (args, settings) =>
  takes([anyType, anyLong], ([type]) => type ?? int64Type, { nullable: true })(args, settings);

/** What the optimizer puts where a correlated subquery stands for a value. */
export const onlyRowFunctions = {
  onlyRow: scalar({
    name: 'onlyRow',
    sql: ['only_row'],
    summary:
      'The first argument; SCALAR_SUBQUERY_TOO_MANY_ROWS where the second, a number of rows, is more than 1. For plans, not for users.',
    resolve,
    nulls: 'custom',
    fails: true,
    eval: ([value, rows]) => {
      if (rows === null || rows === undefined || (rows as bigint) <= 1n) return (value ?? null) as Scalar;
      throw new SparrowError(
        'SCALAR_SUBQUERY_TOO_MANY_ROWS',
        'a subquery that stands for a value gave more than one row',
        {
          sqlState: '21000',
          hint: 'take an aggregate of it, or LIMIT 1',
        },
      );
    },
    emit: (e, [value, rows]) => {
      if (value === undefined || (rows?.carrier !== 'i32' && rows?.carrier !== 'i64')) return undefined;
      e.code.get(part(rows));
      // A literal may be carried narrower than its type.
      if (rows.carrier === 'i32') e.code.op('i64.extend_i32_s');
      e.code.i64(1).op('i64.gt_s');
      if (rows.isNull !== undefined) e.code.get(rows.isNull).op('i32.gt_u');
      e.failIf();
      return value;
    },
    examples: [['only_row(5, 1L)', '5']],
  }),
};
