import type { Batch } from '../../base/index.js';
import type { PhysicalRecursion } from '../physical.js';
import { tooDeep } from '../recursion-limit.js';
import { type Flow, outputSink } from './flow.js';
import type { Runner } from './runner.js';

/** Runs the step over the rows of the round before until it gives none. */
export async function openRecursion(executor: Runner, plan: PhysicalRecursion): Promise<Flow> {
  const all: Batch[] = [];
  let round = await rowsOf(executor, await executor.open(plan.anchor));
  let rows = 0;
  for (let level = 1; round.length > 0; level++) {
    all.push(...round);
    for (const batch of round) rows += batch.rows;
    if (rows >= plan.rowsAsked) break;
    if (level > plan.maxLevel) throw tooDeep(plan.maxLevel);
    plan.last.batches = round;
    plan.all.batches = all;
    round = await rowsOf(executor, await executor.open(plan.step));
  }
  return [executor.batchPart(plan.columns, all)];
}

async function rowsOf(executor: Runner, flow: Flow): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const done of executor.results(flow, (part) => outputSink(part.columns))) {
    if (done.output.kind === 'batches') batches.push(...done.output.batches.filter((batch) => batch.rows > 0));
  }
  return batches;
}
