import type { DataType, Scalar } from '../base/index.js';
import { castCanFail, castRange, emitCast } from './cast-emit.js';
import { type CastMode, castScalar } from './cast-eval.js';
import { isMoment } from './cast-types.js';
import { type Call, type Mismatch, scalar } from './define.js';
import type { Value } from './value.js';

export { canCast, castNullable } from './cast-types.js';

const needsType = (): Mismatch => ({ mismatch: 'a cast is written with the type it casts to: cast(x as int)' });

function evalCast(value: Scalar | undefined, call: Call, mode: CastMode): Scalar {
  const context = { mode, timeZone: call.settings.timeZone, clock: call.settings };
  return castScalar(value ?? null, call.argTypes[0] as DataType, call.returns, context);
}

const why = 'text, time zones and nested values are cast by JS';

/** A cast is a call whose type is the target's; it is made with `canCast` and `castNullable`, never resolved by name. */
export const castFunctions = {
  /** The value as another type; one that cannot be is an error. */
  cast: scalar({
    name: 'cast',
    sql: ['cast'],
    summary: 'The value as another type; what is malformed or out of range is an error.',
    resolve: needsType,
    nulls: 'propagate',
    narrow: true,
    fails: castCanFail,
    range: castRange,
    eval: ([a], call) => evalCast(a, call, call.settings.ansi ? 'ansi' : 'legacy'),
    emit: (e, [a], call) => emitCast(e, a as Value, call, false),
    compiled: why,
    examples: [
      ["cast('42' as int)", '42'],
      ['cast(2.5 as decimal(2,0))', '3'],
      ['cast(1.9 as int)', '1'],
    ],
  }),
  /** The value as another type, or null. */
  tryCast: scalar({
    name: 'tryCast',
    sql: ['try_cast'],
    summary: 'The value as another type; null when it is malformed or out of range.',
    resolve: needsType,
    nulls: 'propagate',
    narrow: true,
    // Between the two kinds of moments it is only their difference, which must fit.
    fails: ({ argTypes: [from], returns }) => from !== undefined && isMoment(from) && isMoment(returns),
    eval: ([a], call) => evalCast(a, call, 'try'),
    emit: (e, [a], call) => emitCast(e, a as Value, call, true),
    compiled: why,
    examples: [["try_cast('x' as int)", null]],
  }),
};
