// Promise R6: a full disk, or any call of the file system that fails, is a clear error; nothing partial is seen or left.
import { expect, test } from 'vitest';
import { simulateFault } from '../support/simulator/simulate.js';
import { works } from '../support/simulator/works.js';
import { tell } from './harness.js';

/** Every so-manieth call, of a write every other; all of them: SPARROW_CALLS=1. */
const STEP = Number(process.env.SPARROW_CALLS ?? 100);
/** A write as users do it, and what puts its rows on disk for want of memory. */
const chosen = works.filter(({ name }) => ['write', 'groups', 'sort', 'join', 'window'].includes(name));

test.each(['refused', 'full'] as const)('calls one after the other: %s', { timeout: 1_500_000 }, async (kind) => {
  for (const work of chosen) {
    const mode = work.name === 'write' ? 'compiled' : 'spill';
    const step = work.name === 'write' ? Math.min(STEP, 2) : STEP;
    let failed = 0;
    let last = 0;
    for (let at = 1; ; at += step) {
      const { happened, result } = await simulateFault(work, { kind, at }, mode);
      if (happened.length === 0) break;
      if (result.startsWith('error')) failed++;
      last = at;
    }
    expect(last, `${work.name} has calls that ${kind} can strike`).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    tell(`${work.name}: ${kind} at ${last} calls, ${failed} errors`);
  }
});
