// One engine in a process of its own: told what to load and what to run, it answers with times.
import { setImmediate } from 'node:timers/promises';
import { type Engine, type OpenEngine, type Setting, UnavailableError } from './contract.js';
import type { Reply, Request } from './engine-process.js';
import { peakRssMb, resetPeakRss, rssMb } from './memory.js';

const { module, setting } = JSON.parse(process.argv[2] ?? '{}') as { module: string; setting: Setting };

let engine: Engine | undefined;

async function open(): Promise<Engine> {
  if (engine) return engine;
  const program = (await import(module)) as { open: OpenEngine };
  engine = await program.open(setting);
  return engine;
}

async function answerTo(request: Request): Promise<Reply> {
  if (request.kind === 'close') {
    await engine?.close();
    return { kind: 'closed' };
  }
  const ready = await open();
  if (request.kind === 'load') {
    const start = performance.now();
    await ready.load();
    const { version, note = '', relativeTolerance } = ready;
    return { kind: 'loaded', ms: performance.now() - start, rssMb: rssMb(), version, note, relativeTolerance };
  }
  resetPeakRss();
  const start = performance.now();
  const raw = await ready.run(request.item);
  const ms = performance.now() - start;
  const peak = peakRssMb();
  const answer = request.wantsAnswer ? await ready.answer(raw, request.item) : undefined;
  return { kind: 'ran', ms, peakRssMb: peak, answer };
}

function whatFailed(error: unknown): Reply {
  if (error instanceof UnavailableError) return { kind: 'unavailable', message: error.message };
  return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

process.on('message', async (request: Request) => {
  const reply = await answerTo(request).catch(whatFailed);
  // Some engines free what they hold only when the event loop turns.
  await setImmediate();
  process.send?.(reply);
  if (reply.kind === 'closed') process.disconnect();
});
