import { SparrowError } from './errors.js';

export const PAGE_BYTES = 65536;
/** One less than 4 GiB: from that length on, Node 24 ends the process where a text is written to the beginning of a Buffer. */
export const MAX_PAGES = 65535;
/** A fixed block of rows: no batch holds more, and floating sums are merged in the order of these blocks. */
export const BATCH_ROWS = 65536;
/** Vector loads may read this far past the end of a buffer. */
export const SLACK_BYTES = 16;

/** Where 64 Ki one-bits live: the validity bitmap of every column without nulls, so code needs no branch for it. */
export const ALL_VALID_ADDRESS = 4096;
const FIRST_FREE_PAGE = 1;
/** Most bytes in one piece. */
const MAX_ALLOC_BYTES = 2 ** 31 - 64;
/** Pages an arena takes at a time, so claiming is rare. */
const RUN_PAGES = 16;

/** Slots of the shared control words. */
const USED_PAGES = 0;
const NEXT_ARENA = 1;
const SEARCH_FROM = 2;
/** Beyond this page none was ever claimed: what looks through the owners stops here. */
const PAGES_EVER_USED = 3;
const NEXT_DICTIONARY = 4;
const CONTROL_WORDS = 16;
/** Behind the control words: for the arena with number n, in slot n % BOUND_SLOTS, its number and the pages it lies between. */
const BOUND_SLOTS = 4096;
const BOUNDS_AT = CONTROL_WORDS;
const BOUND_WORDS = 3;

/** Fewer bytes are copied sooner without a call of native code. */
const LEAST_FILL_BYTES = 256;
const FILL_BYTES = 16_384;
const ZEROS = Buffer.alloc(FILL_BYTES);
const ONES = Buffer.alloc(FILL_BYTES, 0xff);

/** Memory of its own with whatever was in it before: for what is written whole at once. Zeros would be written for nothing. */
export const unfilled = (bytes: number): ArrayBuffer => Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;

/** A typed array over memory. */
export interface MemoryView<T> {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  subarray(from: number, to: number): T;
}

/** What another thread needs to see the same heap: sent once, when a worker starts. */
export interface HeapHandle {
  readonly memory: WebAssembly.Memory;
  readonly owners: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly limitPages: number;
}

/**
 * Shared memory for column data, off the JS heap and seen by every worker. Pages of 64 KiB belong to numbered
 * arenas; a page is claimed by one atomic store of the arena's number, so a worker that dies leaves nothing
 * locked: its arena is simply released. Pages are recycled, never handed back (the first touch of memory is dear).
 */
export class SharedHeap {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  /** node's Buffer over the same bytes, for UTF-8 reading and writing. */
  readonly buffer: Buffer;
  readonly #owners: Int32Array;
  readonly #control: Int32Array;
  readonly limitPages: number;
  readonly handle: HeapHandle;
  /** What keys in tables over this memory are hashed with: who does not know it cannot make them collide. */
  hashSeed = 0n;

  private constructor(handle: HeapHandle) {
    const { buffer } = handle.memory;
    this.handle = handle;
    this.memory = handle.memory;
    this.limitPages = handle.limitPages;
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.buffer = Buffer.from(buffer as unknown as ArrayBuffer);
    this.#owners = new Int32Array(handle.owners);
    this.#control = new Int32Array(handle.control);
  }

  /** A new heap of at most `limitBytes`; the address space is reserved at once, memory is used as it is touched. */
  static create(limitBytes: number): SharedHeap {
    const limitPages = Math.min(MAX_PAGES, Math.max(64, Math.floor(limitBytes / PAGE_BYTES)));
    const memory = reserve(limitPages);
    const handle: HeapHandle = {
      memory,
      owners: new SharedArrayBuffer(MAX_PAGES * 4),
      control: new SharedArrayBuffer((BOUNDS_AT + BOUND_SLOTS * BOUND_WORDS) * 4),
      limitPages: memory.buffer.byteLength / PAGE_BYTES,
    };
    const heap = new SharedHeap(handle);
    heap.fill(0xff, ALL_VALID_ADDRESS, BATCH_ROWS / 8 + SLACK_BYTES);
    Atomics.store(heap.#control, NEXT_ARENA, 1);
    Atomics.store(heap.#control, SEARCH_FROM, FIRST_FREE_PAGE);
    // Vector loads may read a little past the end of any buffer: the last page is nobody's.
    heap.#owners[heap.limitPages - 1] = -1;
    Atomics.store(heap.#control, USED_PAGES, FIRST_FREE_PAGE + 1);
    return heap;
  }

  /** The same heap in another thread. */
  static attach(handle: HeapHandle): SharedHeap {
    return new SharedHeap(handle);
  }

  /**
   * Sets bytes to 0 or 255. Of a shared memory, `fill` of a typed array stores byte by byte; that of a Buffer copies what
   * it is given block by block, fourteen times as fast.
   */
  fill(byte: 0 | 0xff, address: number, bytes: number): void {
    if (bytes > 0) this.buffer.fill(byte === 0 ? ZEROS : ONES, address, address + bytes);
  }

  /**
   * Copies bytes to where they do not overlap. `copyWithin` of a shared memory goes word by word; filling a Buffer with what
   * is as long as the place takes a thirtieth of the time, from some hundred bytes on.
   */
  copy(to: number, from: number, bytes: number): void {
    if (bytes < LEAST_FILL_BYTES) this.u8.copyWithin(to, from, from + bytes);
    else this.buffer.fill(this.u8.subarray(from, from + bytes), to, to + bytes);
  }

  /** Copies part of a view of this memory out, for the same reason. */
  copyOut<T extends MemoryView<T>>(view: T, from: number, to: number): T {
    const { buffer, byteOffset, byteLength } = view.subarray(from, to);
    const part = new Uint8Array(buffer, byteOffset, byteLength);
    const out = unfilled(byteLength);
    if (byteLength < LEAST_FILL_BYTES) new Uint8Array(out).set(part);
    else Buffer.from(out).fill(part);
    return new (view.constructor as new (buffer: ArrayBuffer) => T)(out);
  }

  get usedBytes(): number {
    return Atomics.load(this.#control, USED_PAGES) * PAGE_BYTES;
  }

  get limitBytes(): number {
    return this.limitPages * PAGE_BYTES;
  }

  newArena(label: string): Arena {
    const id = Atomics.add(this.#control, NEXT_ARENA, 1);
    const slot = boundsOf(id);
    // An older arena of the same slot that still lives is looked for everywhere when it is released.
    Atomics.store(this.#control, slot, id);
    Atomics.store(this.#control, slot + 1, MAX_PAGES);
    Atomics.store(this.#control, slot + 2, 0);
    return new Arena(this, id, label);
  }

  /**
   * A number for a dictionary that no other one has, whatever thread makes it. What was made of one may outlive it, and
   * another may come to lie at its address, in an arena of the same number: no address would do.
   */
  newDictionaryId(): number {
    return Atomics.add(this.#control, NEXT_DICTIONARY, 1) >>> 0;
  }

  /** Gives every page of an arena back, also from another thread than the one that claimed them. */
  releaseArena(id: number): void {
    let freed = 0;
    let lowest = MAX_PAGES;
    const slot = boundsOf(id);
    const isKnown = Atomics.load(this.#control, slot) === id;
    const start = isKnown ? Atomics.load(this.#control, slot + 1) : FIRST_FREE_PAGE;
    const end = isKnown ? Atomics.load(this.#control, slot + 2) : Atomics.load(this.#control, PAGES_EVER_USED);
    const owners = this.#owners;
    for (let page = start; page < end; page++) {
      // A plain read suffices: nobody but the arena's former owner could have written this number here.
      if (owners[page] !== id) continue;
      Atomics.store(owners, page, 0);
      lowest = Math.min(lowest, page);
      freed++;
    }
    if (freed === 0) return;
    Atomics.sub(this.#control, USED_PAGES, freed);
    if (Atomics.load(this.#control, SEARCH_FROM) > lowest) Atomics.store(this.#control, SEARCH_FROM, lowest);
  }

  /** Counts the pages in use anew: a thread that died while it claimed some leaves the count wrong. Call it when no thread claims any. */
  recount(): void {
    let used = FIRST_FREE_PAGE;
    for (let page = FIRST_FREE_PAGE; page < this.limitPages; page++) if (this.#owners[page] !== 0) used++;
    Atomics.store(this.#control, USED_PAGES, used);
    Atomics.store(this.#control, SEARCH_FROM, FIRST_FREE_PAGE);
  }

  /** Pages an arena holds now. */
  arenaBytes(id: number): number {
    let pages = 0;
    const end = Atomics.load(this.#control, PAGES_EVER_USED);
    for (let page = FIRST_FREE_PAGE; page < end; page++) if (this.#owners[page] === id) pages++;
    return pages * PAGE_BYTES;
  }

  /** Claims a run of pages for an arena and returns its address. Reserves before it takes. */
  claim(arena: number, bytes: number, label: string): { address: number; bytes: number } {
    const wanted = Math.ceil(bytes / PAGE_BYTES);
    if (Atomics.add(this.#control, USED_PAGES, wanted) + wanted > this.limitPages) {
      Atomics.sub(this.#control, USED_PAGES, wanted);
      throw this.#exceeded(label, bytes);
    }
    const start =
      this.#findRun(arena, wanted, Atomics.load(this.#control, SEARCH_FROM)) ||
      this.#findRun(arena, wanted, FIRST_FREE_PAGE);
    if (start === 0) {
      Atomics.sub(this.#control, USED_PAGES, wanted);
      throw this.#exceeded(label, bytes);
    }
    return { address: start * PAGE_BYTES, bytes: wanted * PAGE_BYTES };
  }

  #findRun(arena: number, wanted: number, from: number): number {
    const owners = this.#owners;
    let sawFree = false;
    let page = from;
    while (page + wanted <= this.limitPages) {
      let length = 0;
      // Before the first page is taken: should this thread die now, a release still looks this far.
      this.#noteUse(page + wanted);
      this.#noteBounds(arena, page, page + wanted);
      while (length < wanted && Atomics.compareExchange(owners, page + length, 0, arena) === 0) length++;
      if (length === wanted) {
        if (!sawFree) Atomics.store(this.#control, SEARCH_FROM, page + wanted);
        return page;
      }
      if (length > 0) sawFree = true;
      for (let i = 0; i < length; i++) Atomics.store(owners, page + i, 0);
      page += length + 1;
      while (page < this.limitPages && owners[page] !== 0) page++;
    }
    return 0;
  }

  /** An arena has one owner at a time, so nobody else writes its bounds. */
  #noteBounds(arena: number, from: number, to: number): void {
    const slot = boundsOf(arena);
    if (Atomics.load(this.#control, slot) !== arena) return;
    if (from < Atomics.load(this.#control, slot + 1)) Atomics.store(this.#control, slot + 1, from);
    if (to > Atomics.load(this.#control, slot + 2)) Atomics.store(this.#control, slot + 2, to);
  }

  #noteUse(end: number): void {
    let known = Atomics.load(this.#control, PAGES_EVER_USED);
    while (known < end) {
      const seen = Atomics.compareExchange(this.#control, PAGES_EVER_USED, known, end);
      if (seen === known) return;
      known = seen;
    }
  }

  #exceeded(label: string, bytes: number): SparrowError {
    const mib = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`;
    return new SparrowError(
      'MEMORY_LIMIT_EXCEEDED',
      `${label} asked for ${mib(bytes)} but ${mib(this.usedBytes)} of ${mib(this.limitBytes)} are in use`,
      { where: label, hint: 'raise the session option `memory`, or unpersist cached frames' },
    );
  }
}

const boundsOf = (arena: number): number => BOUNDS_AT + (arena % BOUND_SLOTS) * BOUND_WORDS;

function reserve(limitPages: number): WebAssembly.Memory {
  for (let pages = limitPages; ; pages = Math.floor(pages / 2)) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (cause) {
      // An address-space limit (ulimit -v, a strict overcommit policy) refuses the reservation: live with less.
      if (pages < 512) throw new SparrowError('MEMORY_LIMIT_EXCEEDED', 'no shared memory can be reserved', { cause });
    }
  }
}

/**
 * Bump allocation for one owner (a task attempt, a query, a cached partition). Everything in it is released at
 * once with `SharedHeap.releaseArena(arena.id)`. Fresh memory is NOT zeroed.
 */
export class Arena {
  #next = 0;
  #end = 0;
  /** Pages of the last run. */
  #run = 0.5;
  /** Bytes handed out so far. */
  allocatedBytes = 0;
  /** How often what was handed out before was given up: an address of another turn is nobody's any more. */
  turns = 0;

  constructor(
    readonly heap: SharedHeap,
    readonly id: number,
    readonly label: string,
  ) {}

  /** Address of `bytes` fresh bytes (plus slack for vector loads), aligned to 16. */
  alloc(bytes: number): number {
    // Checked first: the rounding below is 32-bit, so that 4 GiB would become nothing.
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > MAX_ALLOC_BYTES) throw this.#tooLarge(bytes);
    const size = (bytes + SLACK_BYTES + 15) & ~15;
    this.allocatedBytes += size;
    if (this.#next + size > this.#end) {
      if (size > (RUN_PAGES * PAGE_BYTES) / 4) return this.heap.claim(this.id, size, this.label).address;
      // What holds little takes little: the results of many small tasks are there at once.
      this.#run = Math.min(RUN_PAGES, Math.max(this.#run * 2, Math.ceil((size * 4) / PAGE_BYTES)));
      const run = this.heap.claim(this.id, this.#run * PAGE_BYTES, this.label);
      this.#next = run.address;
      this.#end = run.address + run.bytes;
    }
    const address = this.#next;
    this.#next += size;
    return address;
  }

  /** Like `alloc`, with every byte zero. */
  allocZeroed(bytes: number): number {
    const address = this.alloc(bytes);
    this.heap.fill(0, address, bytes);
    return address;
  }

  release(): void {
    this.heap.releaseArena(this.id);
    this.#next = 0;
    this.#end = 0;
    this.allocatedBytes = 0;
  }

  #tooLarge(bytes: number): SparrowError {
    return new SparrowError('MEMORY_LIMIT_EXCEEDED', `${this.label} asked for ${bytes} bytes in one piece`, {
      where: this.label,
    });
  }
}
