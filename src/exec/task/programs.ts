import type { SharedHeap } from '../../base/index.js';
import type { Call } from '../../functions/define.js';
import { callJsHost, type TaskMemory } from '../../functions/js-call.js';
import { instantiate, ModuleCache } from '../../wasm/index.js';
import { compileRowKernels, type RowKernels } from '../compile/kernels.js';
import type { LinkedModule } from '../compile/linked-module.js';
import { type CompiledPipeline, compilePipeline, type PipelineVariant } from '../compile/pipeline.js';
import type { PipelineSpec } from './spec.js';

/** What compiled code may ask of the task it runs for; found by the address of its state block. */
export interface TaskHost {
  moreHeap(bytes: number): void;
  more(what: number, detail: number): void;
  /** What its calls remember from row to row; absent where rows are only merged. */
  readonly memory?: TaskMemory;
}

export type Run = (state: number, from: number, to: number) => void;

/** A compiled pipeline ready to run in this thread. */
export interface Program extends Omit<CompiledPipeline, 'bytes'> {
  readonly run: Run;
  /** Distinguishes programs, for what is kept per program (memos). */
  readonly id: number;
}

interface Linked<E> {
  readonly exports: E;
  readonly literals: Uint8Array;
}

/** The compiled pipelines of one thread, by the shape of the pipeline and of its input. */
export class Programs {
  readonly #hosts = new Map<number, TaskHost>();
  readonly #modules = new ModuleCache();
  /** By the spec's key, then by the variant's. */
  readonly #programs = new Map<string, Map<string, Program>>();
  readonly #generated = new Map<string, object>();
  #kernels: RowKernels | undefined;
  #nextId = 1;

  constructor(readonly heap: SharedHeap) {}

  attach(state: number, host: TaskHost): void {
    this.#hosts.set(state, host);
  }

  detach(state: number): void {
    this.#hosts.delete(state);
  }

  /** Whether a pipeline has few variants so far: which columns of a batch have nulls is only told apart as long as it has. */
  mayVary(specKey: string | undefined): boolean {
    return specKey === undefined || (this.#programs.get(specKey)?.size ?? 0) < MOST_VARIANTS;
  }

  /** `specKey` is the spec's planKey, where whoever sent it has it already. */
  pipeline(spec: PipelineSpec, variant: PipelineVariant, specKey = planKey(spec)): Program {
    let variants = this.#programs.get(specKey);
    if (variants === undefined) {
      variants = new Map();
      forgetOldest(this.#programs);
      this.#programs.set(specKey, variants);
    }
    const key = variantKey(variant);
    let program = variants.get(key);
    if (program === undefined) {
      const { bytes, ...compiled } = compilePipeline(spec, variant);
      const exports = this.#instantiate<{ run: Run }>(new WebAssembly.Module(bytes), compiled.callSites);
      program = { ...compiled, run: exports.run, id: this.#nextId++ };
      forgetOldest(variants);
      variants.set(key, program);
    }
    return program;
  }

  /** Another generated module: `merge`, `sort`. It keeps no state between calls, so one instance serves all tasks. */
  generated<E extends object>(key: string, build: () => Uint8Array): E {
    let made = this.#generated.get(key);
    if (made === undefined) {
      made = this.#instantiate<E>(this.#modules.get(key, build), []);
      forgetOldest(this.#generated);
      this.#generated.set(key, made);
    }
    return made as E;
  }

  /** A generated module whose code calls into JavaScript or refers to literals, which its state block has to point to. */
  linked<E extends object>(key: string, build: () => LinkedModule): Linked<E> {
    let made = this.#generated.get(key);
    if (made === undefined) {
      const { bytes, callSites, literals } = build();
      made = { exports: this.#instantiate<E>(new WebAssembly.Module(bytes), callSites), literals };
      forgetOldest(this.#generated);
      this.#generated.set(key, made);
    }
    return made as Linked<E>;
  }

  get kernels(): RowKernels {
    this.#kernels ??= this.#instantiate<RowKernels>(this.#modules.get('row-kernels', compileRowKernels), []);
    return this.#kernels;
  }

  #instantiate<E extends object>(module: WebAssembly.Module, callSites: readonly Call[]): E {
    const host = (state: number): TaskHost => this.#hosts.get(state >>> 0) as TaskHost;
    const words = this.heap.u32;
    const alloc = (bytes: number, state: number): number => {
      const next = (state >>> 2) + 1;
      if ((words[next + 1] as number) - (words[next] as number) < bytes) host(state).moreHeap(bytes);
      const address = words[next] as number;
      words[next] = address + bytes;
      return address;
    };
    return instantiate<E>(module, this.heap.memory, {
      more_heap: (state: number, bytes: number) => host(state).moreHeap(bytes >>> 0),
      more: (state: number, what: number, detail: number) => host(state).more(what, detail >>> 0),
      call_js: callJsHost(this.heap, callSites, alloc, (state) => this.#hosts.get(state >>> 0)?.memory),
    }).exports as E;
  }
}

const MOST_KEPT = 256;
const MOST_VARIANTS = 16;

function forgetOldest(kept: Map<string, unknown>): void {
  if (kept.size < MOST_KEPT) return;
  const [oldest] = kept.keys();
  if (oldest !== undefined) kept.delete(oldest);
}

/** What tells variants of one spec apart: types and bounds are the spec's. */
function variantKey({ forms, addressing, list, partial, passing }: PipelineVariant): string {
  let key = `${list ? 'list' : ''}${passing === true ? ' passing' : ''}`;
  for (const { storage, dictionary, nullable } of forms)
    key += `,${storage}${dictionary ? ' coded' : ''}${nullable ? ' nullable' : ''}`;
  key += `|${addressing.kind}`;
  if (addressing.kind === 'dense') key += `${addressing.slots}${addressing.byCode.join()}`;
  return partial === undefined ? key : `${key}|${planKey(partial)}`;
}

/** A text that two plans share exactly when they are the same: bigint and -0, NaN included. */
export function planKey(plan: unknown): string {
  switch (typeof plan) {
    case 'string':
      // With its length no text can pass for something else.
      return `"${plan.length}:${plan}`;
    case 'number':
      return Object.is(plan, -0) ? '-0' : `${plan}`;
    case 'bigint':
      return `${plan}n`;
    case 'object':
      return plan === null ? 'null' : objectKey(plan);
    default:
      return `${plan as undefined}`;
  }
}

function objectKey(plan: object): string {
  if (plan instanceof Uint8Array) return `x${Buffer.from(plan).toString('hex')}`;
  if (plan instanceof Map) return `m${planKey([...plan])}`;
  let text = '';
  if (Array.isArray(plan)) {
    for (const item of plan) text += `${planKey(item)},`;
    return `[${text}]`;
  }
  for (const key in plan) {
    const part = (plan as Record<string, unknown>)[key];
    if (part !== undefined) text += `${key}:${planKey(part)},`;
  }
  return `{${text}}`;
}
