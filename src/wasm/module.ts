import { ByteWriter } from './byte-writer.js';
import { Code, type CodeContext, type Func, type Local, typeCodes } from './code.js';
import type { ValType } from './opcodes.js';

/** The one memory of a module, in pages of 64 KiB; it is shared between threads. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum: number;
}

/** A module without `memory: false` imports its memory as "memory" from "env". */
export interface ModuleOptions {
  readonly memory?: MemoryLimits | false;
}

/** Functions are exported under their name unless told otherwise. */
export interface FuncOptions {
  readonly export?: boolean;
}

const defaultMemory: MemoryLimits = { initial: 1, maximum: 65536 };
const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A Wasm module under construction; the same calls always give the same bytes. */
export class WasmModule {
  private readonly memory: MemoryLimits | false;
  private readonly typeIndexes = new Map<string, number>();
  private readonly types: Pick<Func, 'params' | 'results'>[] = [];
  private readonly funcs: Func[] = [];
  private readonly bodies: (Uint8Array | 'building' | undefined)[] = [];
  private readonly exported = new Map<string, Func>();
  private readonly context: CodeContext;
  private importCount = 0;

  constructor(options: ModuleOptions = {}) {
    this.memory = options.memory ?? defaultMemory;
    this.context = { hasMemory: this.memory !== false, owns: (f) => this.funcs[f.index] === f };
  }

  /** A function from "env". Asking again for the same one gives the same one. */
  import(name: string, params: readonly ValType[], results: readonly ValType[]): Func {
    const known = this.funcs.slice(0, this.importCount).find((f) => f.name === name);
    if (known !== undefined) {
      if (signature(known.params, known.results) === signature(params, results)) return known;
      return fail(`import '${name}' has two signatures`);
    }
    if (this.funcs.length > this.importCount) fail(`import '${name}' after '${this.funcs.at(-1)?.name}' was declared`);
    this.importCount++;
    return this.add(name, params, results);
  }

  /** A function that is defined later. */
  declare(name: string, params: readonly ValType[], results: readonly ValType[], options: FuncOptions = {}): Func {
    const isExported = options.export ?? true;
    if (isExported && this.exported.has(name)) fail(`two exported functions '${name}'`);
    const f = this.add(name, params, results);
    if (isExported) this.exported.set(name, f);
    return f;
  }

  /** Gives a declared function its body. */
  define(f: Func, build: (code: Code, ...params: Local[]) => void): void {
    if (!this.context.owns(f)) fail(`'${f.name}' is not a function of this module`);
    if (f.index < this.importCount) fail(`'${f.name}' is imported and cannot be defined`);
    if (this.bodies[f.index] !== undefined) fail(`'${f.name}' is defined twice`);
    this.bodies[f.index] = 'building';
    const code = new Code(f.name, f.params, f.results, this.context);
    build(code, ...code.params());
    this.bodies[f.index] = code.finish();
  }

  /** Declares and defines. */
  function<const P extends readonly ValType[]>(
    name: string,
    params: P,
    results: readonly ValType[],
    build: (code: Code, ...params: { -readonly [K in keyof P]: Local }) => void,
    options: FuncOptions = {},
  ): Func {
    const f = this.declare(name, params, results, options);
    // As many locals as there are parameters.
    this.define(f, build as (code: Code, ...params: Local[]) => void);
    return f;
  }

  /** The module in the binary format. */
  bytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(4096);
    out.bytes(header);
    section(out, 1, this.types, (to, type) => {
      to.byte(0x60);
      typeList(to, type.params);
      typeList(to, type.results);
    });
    this.importSection(out);
    const defined = this.funcs.slice(this.importCount);
    section(out, 3, defined, (to, f) => to.u32(this.typeIndex(f.params, f.results)));
    section(out, 7, [...this.exported], (to, [name, f]) => {
      to.name(name);
      to.byte(0x00);
      to.u32(f.index);
    });
    section(out, 10, defined, (to, f) => {
      const body = this.bodies[f.index];
      if (!(body instanceof Uint8Array)) return fail(`'${f.name}' is declared but not defined`);
      to.sized(body);
    });
    return out.view().slice();
  }

  private importSection(out: ByteWriter): void {
    const entries: (Func | MemoryLimits)[] = this.funcs.slice(0, this.importCount);
    if (this.memory !== false) entries.unshift(this.memory);
    section(out, 2, entries, (to, entry) => {
      to.name('env');
      if ('maximum' in entry) {
        to.name('memory');
        to.bytes([0x02, 0x03]);
        to.u32(entry.initial);
        to.u32(entry.maximum);
      } else {
        to.name(entry.name);
        to.byte(0x00);
        to.u32(this.typeIndex(entry.params, entry.results));
      }
    });
  }

  private add(name: string, params: readonly ValType[], results: readonly ValType[]): Func {
    const f: Func = { name, index: this.funcs.length, params: [...params], results: [...results] };
    this.typeIndex(params, results);
    this.funcs.push(f);
    this.bodies.push(undefined);
    return f;
  }

  private typeIndex(params: readonly ValType[], results: readonly ValType[]): number {
    const key = signature(params, results);
    let index = this.typeIndexes.get(key);
    if (index === undefined) {
      index = this.types.push({ params, results }) - 1;
      this.typeIndexes.set(key, index);
    }
    return index;
  }
}

function section<T>(out: ByteWriter, id: number, items: readonly T[], write: (to: ByteWriter, item: T) => void): void {
  if (items.length === 0) return;
  const content = new ByteWriter();
  content.u32(items.length);
  for (const item of items) write(content, item);
  out.byte(id);
  out.sized(content.view());
}

function typeList(to: ByteWriter, types: readonly ValType[]): void {
  to.u32(types.length);
  for (const type of types) to.byte(typeCodes[type]);
}

function signature(params: readonly ValType[], results: readonly ValType[]): string {
  return `${params.join(' ')} -> ${results.join(' ')}`;
}

function fail(message: string): never {
  throw new Error(`engine bug: wasm module: ${message}`);
}
