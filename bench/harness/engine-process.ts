import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Answer, type Setting, UnavailableError } from './contract.js';

export type Request =
  | { readonly kind: 'load' }
  | { readonly kind: 'run'; readonly item: string; readonly wantsAnswer: boolean }
  | { readonly kind: 'close' };

export type Reply =
  | {
      readonly kind: 'loaded';
      readonly ms: number;
      readonly rssMb: number;
      readonly version: string;
      readonly note: string;
      readonly relativeTolerance: number | undefined;
    }
  | { readonly kind: 'ran'; readonly ms: number; readonly peakRssMb: number; readonly answer: Answer | undefined }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

type Answering<K extends Reply['kind']> = Extract<Reply, { kind: K }>;

const limitMs = { load: 20 * 60_000, run: 10 * 60_000, close: 10_000 };

/** The parent's end of one engine's process. A process that died is started and loaded again for the next item. */
export class EngineProcess {
  readonly name: string;
  #child: ChildProcess | undefined;
  #loaded: Answering<'loaded'> | undefined;

  constructor(
    readonly setting: Setting,
    readonly module: URL,
  ) {
    this.name = setting.engine;
  }

  async load(): Promise<Answering<'loaded'>> {
    if (this.#child && this.#loaded) return this.#loaded;
    this.#loaded = await this.#ask({ kind: 'load' }, 'loaded');
    return this.#loaded;
  }

  async run(item: string, wantsAnswer: boolean): Promise<Answering<'ran'>> {
    await this.load();
    return this.#ask({ kind: 'run', item, wantsAnswer }, 'ran');
  }

  async close(): Promise<void> {
    if (this.#child) await this.#ask({ kind: 'close' }, 'closed').catch(() => {});
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const { engine, threads } = this.setting;
    const child = fork(
      fileURLToPath(new URL('./engine-child.js', import.meta.url)),
      [JSON.stringify({ module: this.module.href, setting: this.setting })],
      {
        serialization: 'advanced',
        execArgv: ['--max-old-space-size=8192'],
        env: { ...process.env, POLARS_MAX_THREADS: String(threads), POLARS_ENGINE_AFFINITY: affinityOf(engine) },
      },
    );
    child.on('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  #ask<K extends Reply['kind']>(request: Request, kind: K): Promise<Answering<K>> {
    this.#child ??= this.#start();
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const limit = limitMs[request.kind];
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        settle(() => reject(new Error(`${this.name}: no answer within ${limit / 1000} s`)));
      }, limit);
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        end();
      };
      const onExit = (code: number | null, signal: string | null): void =>
        settle(() => reject(new Error(`${this.name}: its process ended (${signal ?? `status ${code}`})`)));
      const onMessage = (reply: Reply): void =>
        settle(() => {
          if (reply.kind === kind) resolve(reply as Answering<K>);
          else if (reply.kind === 'unavailable') reject(new UnavailableError(reply.message));
          else reject(new Error(reply.kind === 'failed' ? reply.message : `${this.name}: unexpected ${reply.kind}`));
        });
      child.on('message', onMessage).on('exit', onExit);
      child.send(request);
    });
  }
}

const affinityOf = (engine: string): string => (engine === 'polars-streaming' ? 'streaming' : 'in-memory');
