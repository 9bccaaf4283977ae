import { DEFAULT_VALUE_OPTIONS, fromUserValue, type Scalar, toUserValue } from '../../base/index.js';
import type { Prepared } from '../../functions/evaluate.js';
import type { PhysicalUdf, UdfCall } from '../physical.js';
import { udfFailure } from '../udf/failure.js';
import { type Callable, loadFunction } from '../udf/load.js';
import type { Pace } from './pace.js';
import type { Pages, Row } from './page.js';
import type { Ready } from './row-steps.js';

interface ReadyCall {
  readonly call: UdfCall;
  readonly fn: Callable;
  readonly args: readonly Prepared[];
  readonly guard: Prepared | undefined;
}

/** Rows with a value more for each call, one call after the other. */
export async function* callFunctions(plan: PhysicalUdf, pages: Pages, ready: Ready, pace: Pace): Pages {
  const calls: ReadyCall[] = [];
  for (const call of plan.calls) {
    calls.push({
      call,
      fn: await loadFunction(call.fn),
      args: call.args.map((arg) => ready(arg, [plan.input])),
      guard: call.guard === undefined ? undefined : ready(call.guard, [plan.input]),
    });
  }
  for await (const { first, rows } of pages) {
    const out: Row[] = [];
    for (const [i, row] of rows.entries()) {
      const values: Scalar[] = [];
      for (const call of calls) values.push(await result(call, row, first + i));
      out.push([...row, ...values]);
      if (pace.due()) await pace.rest();
    }
    yield { first, rows: out };
  }
}

async function result({ call, fn, args, guard }: ReadyCall, row: Row, number: number): Promise<Scalar> {
  if (guard !== undefined && guard(row) !== true) return null;
  const { fn: js } = call;
  const scalars = args.map((arg) => arg(row));
  if (js.nulls === 'skip' && scalars.includes(null)) return null;
  const values = scalars.map((scalar, a) => {
    const type = (call.args[a] as UdfCall['args'][number]).type;
    return toUserValue(type, scalar, DEFAULT_VALUE_OPTIONS, `argument ${a + 1} of ${js.name}`);
  });
  try {
    const given = fn(...values);
    return fromUserValue(js.returns, js.concurrency > 0 ? await given : given, `row ${number}`);
  } catch (error) {
    throw udfFailure(js, values, `row ${number}`, error);
  }
}
