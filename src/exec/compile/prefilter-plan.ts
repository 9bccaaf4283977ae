import type { DataType } from '../../base/index.js';
import { pow10 } from '../../functions/decimal.js';
import { type EvalSettings, type PhysicalExpr, referencedColumns } from '../../functions/expression.js';
import type { SinkSpec, StepSpec } from '../task/spec.js';
import { planBound } from './best-rows.js';
import { type BitTest, planBitTests } from './bit-tests.js';
import { comparable } from './lane-plan.js';
import type { ColumnForm } from './load.js';
import { lanesOf, type MaskCompare, type MaskEntries, type MaskNode, type MaskTest } from './mask-node.js';
import { isNeverTrueForNull } from './memo.js';

/** Conditions decided for blocks of rows before anything else is, and the steps they stand for. */
export interface Prefilter {
  /** All of them hold. */
  readonly tests: readonly MaskNode[];
  /** Lookups of the rows that passed the tests. */
  readonly bits: readonly BitTest[];
  readonly steps: ReadonlySet<number>;
  /** The share of rows expected to pass the tests. */
  readonly share: number;
}

/** When more rows than this are expected to pass, deciding them one by one costs no more. */
const MOST_PASSING = 0.6;
/** Conditions on dictionaries in one prefilter: each takes one of the pipeline's memos. */
const MOST_ENTRIES = 32;
/** The share of rows that are taken for one of the best. */
const BEST = 1 / 512;
/** Values of a list that are compared one by one. */
const MOST_LISTED = 8;

const LANE_RANGE: Readonly<Record<'i8' | 'i16' | 'i32' | 'i64', readonly [bigint, bigint]>> = {
  i8: [-128n, 127n],
  i16: [-32768n, 32767n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
};
const FLIPPED: Readonly<Record<MaskCompare, MaskCompare>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
};

/** What of the leading filters and the joins behind them can be decided early, if enough rows are expected to fall away. */
export function planPrefilter(
  steps: readonly StepSpec[],
  forms: readonly ColumnForm[],
  settings: EvalSettings,
  sink: SinkSpec,
): Prefilter | undefined {
  const tests: MaskNode[] = [];
  const taken = new Set<number>();
  for (const [k, step] of steps.entries()) {
    if (step.kind !== 'filter') break;
    const found = planNode(step.condition, forms);
    if (found === undefined || countEntries([...tests, found]) > MOST_ENTRIES) continue;
    taken.add(k);
    tests.push(found);
  }
  const bound = planBound(sink, steps, taken, forms);
  if (bound !== undefined) tests.push(bound);
  const bits = planBitTests(steps, forms, settings);
  for (const { decides } of bits) if (decides !== undefined) taken.add(decides);
  const share = shareOfAll(tests, forms);
  const passing = bits.reduce((all, bit) => all * bit.share, share);
  return tests.length + bits.length === 0 || passing > MOST_PASSING ? undefined : { tests, bits, steps: taken, share };
}

/** The share of rows expected to pass those leading filters that have a form in vectors. */
export function expectedShare(steps: readonly StepSpec[], forms: readonly ColumnForm[]): number {
  const tests: MaskNode[] = [];
  for (const step of steps) {
    if (step.kind !== 'filter') break;
    const found = planNode(step.condition, forms);
    if (found !== undefined) tests.push(found);
  }
  return shareOfAll(tests, forms);
}

const countEntries = (nodes: readonly MaskNode[]): number =>
  nodes.reduce((n, node) => n + (node.op === 'entries' ? 1 : 'of' in node ? countEntries(node.of) : 0), 0);

function planNode(condition: PhysicalExpr, forms: readonly ColumnForm[]): MaskNode | undefined {
  const entries = planEntries(condition, forms);
  if (entries !== undefined) return entries;
  if (condition.kind === 'column') return planTruth(condition.index, condition.type, forms);
  if (condition.kind !== 'call') return undefined;
  const { fn, args } = condition;
  const [a, b, c] = args;
  switch (fn) {
    case 'and':
    case 'or':
      return together(
        fn,
        args.map((arg) => planNode(arg, forms)),
      );
    case 'between':
      return a && b && c && together('and', [planCompare('ge', a, b, forms), planCompare('le', a, c, forms)]);
    case 'in':
      if (a === undefined || args.length > MOST_LISTED + 1) return undefined;
      return together(
        'or',
        args.slice(1).map((value) => planCompare('eq', a, value, forms)),
      );
    case 'isnull':
    case 'isnotnull':
      return a && planNull(fn === 'isnull' ? 'null' : 'valid', a, forms);
    default:
      return fn in FLIPPED && a && b ? planCompare(fn as MaskCompare, a, b, forms) : undefined;
  }
}

/** Functions that cannot fail, so they may be asked of entries that no row has. */
const SAFE = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between', 'in', 'and', 'or', 'not', 'contains']);

const isSafe = (expr: PhysicalExpr): boolean =>
  expr.kind !== 'call' || ((SAFE.has(expr.fn) || isSafeLike(expr)) && expr.args.every(isSafe));

/** A pattern that is not well formed fails; those that end in a backslash are not. */
const isSafeLike = ({ fn, args }: Extract<PhysicalExpr, { kind: 'call' }>): boolean =>
  fn === 'like' && args.length === 2 && args[1]?.kind === 'literal' && !`${args[1].value}`.includes('\\');

/** A condition on one dictionary-coded column alone, with codes of one byte. */
function planEntries(condition: PhysicalExpr, forms: readonly ColumnForm[]): MaskEntries | undefined {
  if (condition.kind !== 'call') return undefined;
  const [column, ...others] = referencedColumns(condition);
  const form = column === undefined || others.length > 0 ? undefined : forms[column];
  if (column === undefined || form?.dictionary !== true || form.storage !== 'u8' || !isSafe(condition))
    return undefined;
  return form.nullable && !isNeverTrueForNull(condition) ? undefined : { op: 'entries', column, condition };
}

/** Conditions joined, if each of them has a form. */
function together(op: 'and' | 'or', of: readonly (MaskNode | undefined)[]): MaskNode | undefined {
  const known = of.filter((node) => node !== undefined);
  if (known.length < of.length || known.length === 0) return undefined;
  return known.length === 1 ? known[0] : { op, of: known };
}

function planTruth(column: number, type: DataType, forms: readonly ColumnForm[]): MaskNode | undefined {
  if (type.kind !== 'boolean' || forms[column]?.storage !== 'u8') return undefined;
  return { op: 'test', column, lanes: 'i8', compare: 'eq', other: { constant: 1n } };
}

function planNull(op: 'null' | 'valid', arg: PhysicalExpr, forms: readonly ColumnForm[]): MaskNode | undefined {
  const form = arg.kind === 'column' ? forms[arg.index] : undefined;
  if (arg.kind !== 'column' || form === undefined || form.storage === 'none') return undefined;
  return { op, column: arg.index };
}

function planCompare(
  op: MaskCompare,
  left: PhysicalExpr,
  right: PhysicalExpr,
  forms: readonly ColumnForm[],
): MaskNode | undefined {
  return planTest(op, left, right, forms) ?? planTest(FLIPPED[op], right, left, forms);
}

function planTest(
  compare: MaskCompare,
  left: PhysicalExpr,
  right: PhysicalExpr,
  forms: readonly ColumnForm[],
): MaskNode | undefined {
  if (left.kind !== 'column') return undefined;
  const column = left.index;
  const lanes = lanesOf(forms[column]);
  if (lanes === undefined) return undefined;
  if (lanes === 'f32' || lanes === 'f64') {
    if (right.kind !== 'literal' || right.type.kind !== left.type.kind || typeof right.value !== 'number')
      return undefined;
    return Number.isNaN(right.value)
      ? undefined
      : { op: 'test', column, lanes, compare, other: { constant: right.value } };
  }
  if (right.kind === 'column') {
    if (!comparable(left.type, right.type) || lanesOf(forms[right.index]) !== lanes) return undefined;
    return { op: 'test', column, lanes, compare, other: { column: right.index } };
  }
  if (right.kind !== 'literal' || (typeof right.value !== 'number' && typeof right.value !== 'bigint'))
    return undefined;
  const scale = scaleGap(left.type, right.type);
  return scale === undefined ? undefined : whole({ column, lanes }, compare, BigInt(right.value), scale);
}

/** Digits the constant has to be given (or, negative, to lose) to be written like the column; undefined for other types. */
function scaleGap(column: DataType, constant: DataType): number | undefined {
  if (column.kind === 'decimal' && constant.kind === 'decimal') return column.scale - constant.scale;
  return comparable(column, constant) ? 0 : undefined;
}

/** A comparison with a whole number, by `eq`, `ne`, `lt` and `gt` only, with a constant the lanes hold. */
function whole(
  at: { readonly column: number; readonly lanes: keyof typeof LANE_RANGE },
  compare: MaskCompare,
  value: bigint,
  digits: number,
): MaskNode {
  const divisor = pow10(Math.max(0, -digits));
  const scaled = value * pow10(Math.max(0, digits));
  let floor = scaled / divisor;
  if (floor * divisor > scaled) floor--;
  const exact = floor * divisor === scaled;
  const valid: MaskNode = { op: 'valid', column: at.column };
  const [low, high] = LANE_RANGE[at.lanes];
  const test = (op: 'eq' | 'ne' | 'lt' | 'gt', constant: bigint, below: MaskNode, above: MaskNode): MaskNode =>
    constant < low ? below : constant > high ? above : { op: 'test', ...at, compare: op, other: { constant } };
  const never: MaskNode = { op: 'never' };
  switch (compare) {
    case 'eq':
      return exact ? test('eq', floor, never, never) : never;
    case 'ne':
      return exact ? test('ne', floor, valid, valid) : valid;
    case 'lt':
      return test('lt', exact ? floor : floor + 1n, never, valid);
    case 'le':
      return test('lt', floor + 1n, never, valid);
    case 'gt':
      return test('gt', floor, valid, never);
    case 'ge':
      return test('gt', exact ? floor - 1n : floor, valid, never);
  }
}

/**
 * The share of rows expected to pass, taking values for evenly spread between their bounds. Conditions that all hold are
 * taken to be independent, but for the two ends of a range.
 */
function shareOfAll(nodes: readonly MaskNode[], forms: readonly ColumnForm[]): number {
  const lowest = new Map<number, number>();
  const highest = new Map<number, number>();
  let share = 1;
  const add = (node: MaskNode): void => {
    if (node.op === 'and') {
      node.of.forEach(add);
      return;
    }
    const of = shareOf(node, forms);
    const isRange = node.op === 'test' && 'constant' in node.other && forms[node.column]?.range !== undefined;
    const ends = !isRange
      ? undefined
      : /^g/.test(node.compare)
        ? lowest
        : /^l/.test(node.compare)
          ? highest
          : undefined;
    if (ends === undefined) share *= of;
    else ends.set((node as MaskTest).column, Math.min(of, ends.get((node as MaskTest).column) ?? 1));
  };
  nodes.forEach(add);
  for (const column of new Set([...lowest.keys(), ...highest.keys()]))
    share *= Math.max(0, (lowest.get(column) ?? 1) + (highest.get(column) ?? 1) - 1);
  return share;
}

function shareOf(node: MaskNode, forms: readonly ColumnForm[]): number {
  switch (node.op) {
    case 'and':
      return shareOfAll(node.of, forms);
    case 'or':
      return 1 - node.of.reduce((none, one) => none * (1 - shareOf(one, forms)), 1);
    case 'test':
      return shareOfTest(node, forms);
    case 'entries':
      return shareOfEntries(node.condition);
    case 'null':
      return 0.1;
    case 'valid':
      return 1;
    case 'never':
      return 0;
  }
}

/** Of a dictionary nothing is known here but that it is small. */
function shareOfEntries(condition: PhysicalExpr): number {
  if (condition.kind !== 'call') return 1;
  const { fn, args } = condition;
  if (fn === 'not') return 1 - shareOfEntries(args[0] as PhysicalExpr);
  if (fn === 'and') return args.reduce((all, arg) => all * shareOfEntries(arg), 1);
  if (fn === 'or') return 1 - args.reduce((none, arg) => none * (1 - shareOfEntries(arg)), 1);
  if (fn === 'in') return Math.min(1, (args.length - 1) / 5);
  return fn === 'ne' ? 0.8 : fn === 'eq' ? 1 / 5 : 1 / 3;
}

function shareOfTest({ column, compare, other }: MaskTest, forms: readonly ColumnForm[]): number {
  const form = forms[column];
  if ('bound' in other) return BEST;
  if (form?.type.kind === 'boolean') return 1 / 2;
  if (form?.range === undefined || !('constant' in other)) return 1 / 3;
  const [min, max] = [Number(form.range[0]), Number(form.range[1])];
  const below = Math.min(1, Math.max(0, (Number(other.constant) - min) / Math.max(1, max - min)));
  if (compare === 'eq') return 1 / Math.max(1, max - min + 1);
  if (compare === 'ne') return 1;
  return compare === 'lt' || compare === 'le' ? below : 1 - below;
}
