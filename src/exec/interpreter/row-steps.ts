import { unreachable } from '../../base/index.js';
import type { Prepared } from '../../functions/evaluate.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalFilter, PhysicalPlan, PhysicalProject, PhysicalSample } from '../physical.js';
import type { Row } from './page.js';

/** What is done to one row: a row comes out, or none. `number` is its number in what the chain of steps begins with. */
type Step = (row: Row, number: number) => Row | undefined;

export type RowStepPlan = PhysicalFilter | PhysicalProject | PhysicalSample;

export const isRowStep = (plan: PhysicalPlan): plan is RowStepPlan =>
  plan.kind === 'filter' || plan.kind === 'project' || plan.kind === 'sample';

/** Makes an expression ready over a plan's columns. */
export type Ready = (expr: PhysicalExpr, over: readonly PhysicalPlan[]) => Prepared;

/**
 * Filters, projections and samples on top of one another as one step, and what they stand on: a sample draws by the
 * number a row has there.
 */
export function rowSteps(plan: RowStepPlan, ready: Ready): { input: PhysicalPlan; step: Step } {
  const steps: Step[] = [];
  let input: PhysicalPlan = plan;
  while (isRowStep(input)) {
    steps.unshift(rowStep(input, ready));
    input = input.input;
  }
  const step: Step = (first, number) => {
    let row: Row | undefined = first;
    for (const next of steps) {
      row = next(row, number);
      if (row === undefined) return undefined;
    }
    return row;
  };
  return { input, step };
}

function rowStep(plan: RowStepPlan, ready: Ready): Step {
  switch (plan.kind) {
    case 'filter': {
      const condition = ready(plan.condition, [plan.input]);
      return (row) => (condition(row) === true ? row : undefined);
    }
    case 'project': {
      const exprs = plan.exprs.map((expr) => ready(expr, [plan.input]));
      return (row) => exprs.map((expr) => expr(row));
    }
    case 'sample': {
      const { lowerBound, upperBound, seed } = plan;
      return (row, number) => {
        const drawn = draw(seed, number);
        return drawn >= lowerBound && drawn < upperBound ? row : undefined;
      };
    }
    default:
      return unreachable(plan);
  }
}

const PRIME = 0x9e3779b185ebca87n;
const GOLDEN = 0x9e3779b97f4a7c15n;
const MIX_1 = 0xff51afd7ed558ccdn;
const MIX_2 = 0xc4ceb9fe1a85ec53n;

/** A number in [0, 1) for a row's number: the same in every run of the same query. */
function draw(seed: number, number: number): number {
  let h = BigInt.asUintN(64, BigInt(number) ^ (BigInt(seed) * GOLDEN) ^ PRIME);
  h = BigInt.asUintN(64, (h ^ (h >> 33n)) * MIX_1);
  h = BigInt.asUintN(64, (h ^ (h >> 33n)) * MIX_2);
  h ^= h >> 33n;
  return Number(h >> 11n) * 2 ** -53;
}
