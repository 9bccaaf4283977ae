import { type DataType, isFloating, isNested, sameType, simpleString } from '../../src/base/index.js';
import type { AggregateSpec, PhysicalFrame, SortKey, WindowSpecCall } from '../../src/exec/physical.js';
import { Choices } from './choices.js';
import { catalogOf, ExprMaker, type InputColumn, type Signature } from './random-exprs.js';
import type { Made } from './random-plan.js';

/** What calls of aggregates and window functions are made from. */
export interface CallSource {
  readonly choices: Choices;
  readonly maker: ExprMaker;
  readonly ansi: boolean;
}

/** Aggregates whose result is the same bits in any order of rows, except for floats of equal value (0 and -0). */
const EXACT = new Set([
  'count',
  'countIf',
  'min',
  'max',
  'boolAnd',
  'boolOr',
  'first',
  'last',
  'anyValue',
  'minBy',
  'maxBy',
]);
const SUMS = new Set(['sum', 'avg']);

export function aggregateCall(
  source: CallSource,
  input: Made,
): { spec: AggregateSpec; approximate: boolean } | undefined {
  const { choices, maker, ansi } = source;
  const signature = choices.pick(choices.pick(catalogOf('aggregate', ansi).byEntry));
  const { key, entry } = signature;
  const isExact = EXACT.has(key);
  if (
    !input.ordered &&
    ((entry.kind === 'aggregate' && entry.ordered === true) || signature.args.some((arg) => isFloating(arg.type)))
  )
    return undefined;
  const args = isExact ? maker.args(signature, choices.below(3)) : summable(source, input, signature);
  if (args === undefined) return undefined;
  const spec = { fn: key, args: args.args, type: args.resolution.returns, nullable: args.nullable };
  const floating = [spec, ...args.args].some((e) => isFloating(e.type) || isNested(e.type));
  return { spec, approximate: !isExact && !SUMS.has(key) && floating };
}

/** Arguments that add up alike in any order. */
function summable({ maker, ansi }: CallSource, input: Made, signature: Signature): ReturnType<ExprMaker['args']> {
  const calm = input.plan.columns.flatMap(({ type, nullable }, index): InputColumn[] => {
    const temper = input.tempers[index] ?? 'wild';
    return temper === 'tame' || (temper === 'positive' && !isFloating(type)) ? [{ index, type, nullable }] : [];
  });
  const isSmall = ({ type }: { type: DataType }): boolean =>
    type.kind === 'int8' ||
    type.kind === 'int16' ||
    type.kind === 'int32' ||
    (type.kind === 'decimal' && type.precision <= 28);
  if (signature.args.every(isSmall)) return maker.args(signature, 2);
  const fits = signature.args.every((arg) => arg.constant || calm.some((c) => sameType(c.type, arg.type)));
  return fits ? new ExprMaker(new Choices([]), calm, ansi).args(signature, 0) : undefined;
}

export function windowCall(
  { choices, maker, ansi }: CallSource,
  orderBy: readonly SortKey[],
): WindowSpecCall | undefined {
  const isAggregate = choices.chance(50);
  const signature = choices.pick(choices.pick(catalogOf(isAggregate ? 'aggregate' : 'window', ansi).byEntry));
  const made = maker.args(signature, 1);
  if (made === undefined) return undefined;
  const frame = isAggregate && choices.chance(60) ? { frame: randomFrame(choices, orderBy) } : {};
  const filter = isAggregate && choices.chance(20) ? { filter: maker.condition(1) } : {};
  return {
    fn: signature.key,
    args: made.args,
    type: made.resolution.returns,
    nullable: made.nullable || isAggregate,
    ...frame,
    ...filter,
  };
}

function randomFrame(choices: Choices, orderBy: readonly SortKey[]): PhysicalFrame {
  const key = orderBy.length === 1 ? orderBy[0]?.expr.type : undefined;
  const hasOffsets =
    key !== undefined && (isFloating(key) || /^(tiny|small|big)?int$|^decimal|^date$/.test(simpleString(key)));
  const unit = choices.pick(['rows', 'range'] as const);
  const bound = (): number => (unit === 'rows' || hasOffsets ? choices.below(7) - 3 : 0);
  const [a, b] = [bound(), bound()].sort((x, y) => x - y) as [number, number];
  return { unit, ...(choices.chance(40) ? {} : { start: a }), ...(choices.chance(40) ? {} : { end: b }) };
}
