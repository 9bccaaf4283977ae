/** What a module may import from "env" besides its memory. */
export type HostFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The exports of an instance of which nothing more precise is said. */
export type AnyExports = Readonly<Record<string, (...args: (number | bigint)[]) => unknown>>;

/** Compiled modules by key; beyond `limit` the one not used for longest is forgotten. */
export class ModuleCache {
  // A Map keeps the order of insertion, so the first key is the one not used for longest.
  private readonly modules = new Map<string, WebAssembly.Module>();

  constructor(private readonly limit = 256) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`module cache limit ${limit} is not 1 or more`);
  }

  get size(): number {
    return this.modules.size;
  }

  /** The module of this key, built and compiled if it is not there. */
  get(key: string, build: () => Uint8Array): WebAssembly.Module {
    const known = this.modules.get(key);
    const module = known ?? new WebAssembly.Module(build());
    this.modules.delete(key);
    this.modules.set(key, module);
    for (const oldest of this.modules.keys()) {
      if (this.modules.size <= this.limit) break;
      this.modules.delete(oldest);
    }
    return module;
  }
}

/** An instance of the module over a memory (none: leave it out) with host functions; `E` says what it exports. */
export function instantiate<E extends object = AnyExports>(
  module: WebAssembly.Module,
  memory?: WebAssembly.Memory,
  imports: HostFunctions = {},
): WebAssembly.Instance & { readonly exports: E } {
  const env = memory === undefined ? imports : { ...imports, memory };
  return new WebAssembly.Instance(module, { env }) as WebAssembly.Instance & { readonly exports: E };
}
