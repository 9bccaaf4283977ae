import type { QueryEngine } from '../api/engine.js';
import { engineFor } from '../api/engine-loader.js';
import { Session } from '../api/session.js';

/** A session whose queries, all that run at the time, one call ends. */
export interface CancellableSession {
  readonly session: Session;
  cancel(): void;
}

/** At a prompt nobody passes an AbortSignal to his actions: this session gives each query one. */
export async function cancellableSession(): Promise<CancellableSession> {
  let controller = new AbortController();
  const session: Session = await Session.create({}, async (options) => {
    const start = engineFor({});
    return withSignal(await start(options), () => controller.signal);
  });
  const cancel = (): void => {
    const running = controller;
    controller = new AbortController();
    running.abort();
  };
  return { session, cancel };
}

function withSignal(engine: QueryEngine, current: () => AbortSignal): QueryEngine {
  return {
    get heap() {
      return engine.heap;
    },
    analyze: (plan, settings) => engine.analyze(plan, settings),
    run: (plan, options) => {
      const signal = options.signal === undefined ? current() : AbortSignal.any([options.signal, current()]);
      return engine.run(plan, { ...options, signal });
    },
    explain: (plan, mode, settings) => engine.explain(plan, mode, settings),
    inputFiles: (plan, settings) => engine.inputFiles(plan, settings),
    cache: (level) => engine.cache(level),
    uncache: (id) => engine.uncache(id),
    stop: () => engine.stop(),
  };
}
