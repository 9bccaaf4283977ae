import { engineBug } from '../base/index.js';
import type { Func, WasmModule } from '../wasm/index.js';
import type { Call } from './define.js';
import type { EvalSettings } from './expression.js';
import { type HelperTable, helpers } from './helpers.js';

/** The functions of runtime.ts a module imports, declared before any of its own. */
export interface ModuleImports {
  /** `more_heap(state i32, bytes i32)` */
  readonly moreHeap: Func;
  /** `call_js(state i32, site i32)` */
  readonly callJs: Func;
}

export function declareImports(module: WasmModule): ModuleImports {
  return {
    moreHeap: module.import('more_heap', ['i32', 'i32'], []),
    callJs: module.import('call_js', ['i32', 'i32'], []),
  };
}

/** Behind the literals, so that vector loads stay inside. */
const POOL_SLACK = 16;

/** What all functions of one module share: imports, constant bytes, call sites and helper functions. */
export class ModuleContext {
  readonly callSites: Call[] = [];
  /** Whether some function takes room for what it makes. */
  allocates = false;
  readonly imports: ModuleImports;
  readonly #pool: Uint8Array[] = [];
  readonly #offsets = new Map<string, number>();
  readonly #helpers = new Map<string, Func>();
  #poolBytes = 0;

  constructor(
    readonly module: WasmModule,
    readonly settings: EvalSettings,
    imports?: ModuleImports,
  ) {
    this.imports = imports ?? declareImports(module);
  }

  /** Offset of constant bytes in the literal pool. */
  literal(bytes: Uint8Array): number {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const offset = this.#poolBytes;
    this.#offsets.set(key, offset);
    this.#pool.push(bytes);
    this.#poolBytes += bytes.length;
    return offset;
  }

  /** The constant bytes of the module: copied into the heap by who runs it, their address kept at STATE.LITERALS. */
  literalPool(): Uint8Array {
    const pool = new Uint8Array(this.#poolBytes + POOL_SLACK);
    let at = 0;
    for (const bytes of this.#pool) {
      pool.set(bytes, at);
      at += bytes.length;
    }
    return pool;
  }

  /** Whether what the functions make, or those in JavaScript give, takes room. */
  get makesTexts(): boolean {
    return this.allocates || this.callSites.length > 0;
  }

  /** Number of a call site. */
  callSite(call: Call): number {
    return this.callSites.push(call) - 1;
  }

  /** A helper function by name (see helpers.ts), emitted when it is first asked for. */
  helper(name: string): Func {
    const known = this.#helpers.get(name);
    if (known !== undefined) return known;
    const helper = (helpers as HelperTable)[name];
    if (helper === undefined) throw engineBug(`no helper function '${name}'`);
    const func = this.module.declare(`$${name}`, helper.params, helper.results, { export: false });
    this.#helpers.set(name, func);
    this.module.define(func, (code, ...params) => helper.build(code, params, (other) => this.helper(other)));
    return func;
  }
}
