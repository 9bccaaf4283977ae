import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  type Column,
  type Dictionary,
  type SharedHeap,
  storageBytes,
} from '../../base/index.js';
import type { OutputForm } from '../compile/sink-form.js';
import { OUT, OUT_BYTES, PIPE, type StateLayout } from '../compile/state-layout.js';
import type { SourceColumn } from './spec.js';

/** A batch with so many bytes of texts in a column is full. */
const MOST_TEXT_BYTES = 1 << 24;
/** A buffer that was used before has at most so many times the room. */
const MOST_ROOMY = 4;
/** Room that is taken for the rows of a small batch. */
const LEAST_ROWS = 1024;

interface Buffer {
  readonly address: number;
  readonly bytes: number;
}

/** Gives compiled code its output buffers and makes batches of them. */
export class OutputWriter {
  readonly batches: Batch[] = [];
  rows = 0;
  readonly #heap: SharedHeap;
  #capacity: number;
  #forms: readonly OutputForm[] | undefined;
  readonly #copied = new Map<number, Dictionary>();
  #dictionaries: readonly (Dictionary | undefined)[] = [];
  #source: Batch | undefined;
  /** Buffers of the batch at hand, where it will be taken, and those that no batch has any more. */
  #used: Buffer[] = [];
  #spare: Buffer[] = [];
  /** The batch is full before its rows are as many as may be. */
  #isFull = false;

  constructor(
    private readonly arena: Arena,
    private readonly state: number,
    private readonly layout: StateLayout,
    private readonly columns: readonly SourceColumn[],
    expectedRows: number,
    /** Takes each batch at once; its memory is then used again. */
    private readonly take?: (batch: Batch) => void,
    /** Of a batch that is taken: a power of two. */
    private readonly mostRows = BATCH_ROWS,
  ) {
    this.#heap = arena.heap;
    this.#capacity = 64;
    while (this.#capacity < expectedRows && this.#capacity < mostRows) this.#capacity *= 2;
  }

  /** Before a run: the forms its program writes, and the batch whose dictionaries and columns it passes on. */
  use(forms: readonly OutputForm[], source: Batch | undefined): void {
    const dictionaries = forms.map((f) =>
      f.dictionaryOf === undefined ? undefined : source?.columns[f.dictionaryOf]?.dictionary,
    );
    const passes = forms.some((f) => f.passed !== undefined);
    const same =
      !passes &&
      this.#forms !== undefined &&
      forms.every((f, i) => {
        const old = this.#forms?.[i];
        return (
          old?.storage === f.storage && old.nullable === f.nullable && dictionaries[i]?.id === this.#dictionaries[i]?.id
        );
      });
    if (same) return;
    this.flush(false);
    // Another form for every few rows must not take room for many each time.
    if (this.#forms !== undefined && source !== undefined)
      this.#capacity = Math.min(this.#capacity, Math.max(LEAST_ROWS, 2 ** Math.ceil(Math.log2(source.rows + 1))));
    this.#source = source;
    // Columns that are passed on need others of just their rows.
    while (passes && this.#capacity < (source?.rows ?? 0)) this.#capacity *= 2;
    this.#forms = forms;
    this.#dictionaries = dictionaries;
    this.#allocate();
  }

  /** Makes a batch of what was written; with `again`, gives fresh buffers for more. */
  flush(again: boolean): void {
    const rows = this.#word(PIPE.OUT_ROWS);
    if (this.#forms !== undefined && rows > 0) {
      const batch: Batch = { rows, columns: this.#forms.map((form, i) => this.#column(form, i, rows)) };
      this.rows += rows;
      this.#setWord(PIPE.OUT_ROWS, 0);
      if (this.take === undefined) this.batches.push(batch);
      else {
        this.take(batch);
        if (again && (this.#isFull || this.#capacity === this.mostRows)) {
          this.#reset();
          return;
        }
      }
      if (again) this.#capacity = Math.min(this.#capacity * 4, this.mostRows);
    }
    if (again) this.#allocate();
  }

  /** Output column `index` is short of bytes by what the code left at PIPE.ENTRY_NEXT. */
  growBytes(index: number): void {
    const at = this.layout.outputs + index * OUT_BYTES;
    const need = this.#word(PIPE.ENTRY_NEXT);
    const used = this.#word(at + OUT.BYTES);
    const passes = this.#forms?.some((form) => form.passed !== undefined) === true;
    this.#isFull ||= !passes && used + need > MOST_TEXT_BYTES;
    // Where no row is left to be written, the next one finds the batch full; this one still goes into it.
    if (this.#isFull) this.#setWord(PIPE.OUT_CAPACITY, 0);
    const grown = Math.min(MOST_TEXT_BYTES, this.#word(at + OUT.CAPACITY) * 2);
    const capacity = Math.max(this.#isFull ? 0 : grown, used + need, 1024);
    const { address: data, bytes } = this.#alloc(capacity);
    const old = this.#word(at + OUT.DATA);
    this.#heap.copy(data, old, used);
    if (this.take === undefined) this.#spare.push({ address: old, bytes: this.#word(at + OUT.CAPACITY) });
    this.#setWord(at + OUT.DATA, data);
    this.#setWord(at + OUT.CAPACITY, bytes);
  }

  /** Empties the buffers for the next rows. */
  #reset(): void {
    this.#setWord(PIPE.OUT_CAPACITY, this.#capacity);
    this.#isFull = false;
    this.#forms?.forEach((form, i) => {
      const at = this.layout.outputs + i * OUT_BYTES;
      this.#setWord(at + OUT.NULLS, 0);
      this.#setWord(at + OUT.BYTES, 0);
      const validity = this.#word(at + OUT.VALIDITY);
      if (form.nullable) this.#heap.fill(0, validity, (this.#capacity >>> 3) + 8);
    });
  }

  /** A buffer of so many bytes, or of more. */
  #alloc(bytes: number): Buffer {
    const { take } = this;
    // A much larger one is for texts, which need it.
    const fits = this.#spare.findIndex((spare) => spare.bytes >= bytes && spare.bytes <= bytes * MOST_ROOMY);
    const [buffer = { address: this.arena.alloc(bytes), bytes }] = fits < 0 ? [] : this.#spare.splice(fits, 1);
    if (take !== undefined) this.#used.push(buffer);
    return buffer;
  }

  #allocate(): void {
    // The smallest first: none is taken for less than what it has room for, where another would do.
    this.#spare = [...this.#spare, ...this.#used].sort((a, b) => a.bytes - b.bytes);
    this.#used = [];
    const capacity = this.#capacity;
    this.#isFull = false;
    this.#setWord(PIPE.OUT_CAPACITY, capacity);
    this.#setWord(PIPE.OUT_ROWS, 0);
    this.#forms?.forEach((form, i) => {
      const at = this.layout.outputs + i * OUT_BYTES;
      this.#setWord(at + OUT.NULLS, 0);
      const validity = form.nullable ? this.#alloc((capacity >>> 3) + 8).address : 0;
      if (form.nullable) this.#heap.fill(0, validity, (capacity >>> 3) + 8);
      this.#setWord(at + OUT.VALIDITY, validity);
      if (form.storage === 'utf8') {
        const offsets = this.#alloc((capacity + 1) * 4).address;
        this.#heap.u32[offsets >>> 2] = 0;
        const { address, bytes } = this.#alloc(capacity * 16);
        this.#setWord(at + OUT.OFFSETS, offsets);
        this.#setWord(at + OUT.DATA, address);
        this.#setWord(at + OUT.CAPACITY, bytes);
        this.#setWord(at + OUT.BYTES, 0);
      } else {
        this.#setWord(at + OUT.DATA, this.#alloc(capacity * (storageBytes(form.storage) ?? 0)).address);
      }
    });
  }

  #column(form: OutputForm, index: number, rows: number): Column {
    const at = this.layout.outputs + index * OUT_BYTES;
    const nullCount = form.storage === 'none' ? rows : this.#word(at + OUT.NULLS);
    const dictionary = this.#dictionaries[index];
    const column = this.columns[index] as SourceColumn;
    const passed = form.passed === undefined ? undefined : this.#source?.columns[form.passed];
    if (passed !== undefined) return { ...passed, type: column.type };
    return {
      type: column.type,
      storage: form.storage,
      length: rows,
      nullCount,
      validity: nullCount === 0 ? 0 : this.#word(at + OUT.VALIDITY),
      data: this.#word(at + OUT.DATA),
      offsets: form.storage === 'utf8' ? this.#word(at + OUT.OFFSETS) : 0,
      ...(dictionary === undefined ? {} : { dictionary: this.#keep(dictionary) }),
    };
  }

  /** The dictionary in this task's own output, so that it outlives what it was read from, unless the batch is taken now. */
  #keep(dictionary: Dictionary): Dictionary {
    if (this.take !== undefined) return dictionary;
    let kept = this.#copied.get(dictionary.id);
    if (kept === undefined) {
      const { u32 } = this.#heap;
      const from = dictionary.offsets >>> 2;
      const bytes = u32[from + dictionary.count] as number;
      const data = this.arena.alloc(bytes);
      this.#heap.copy(data, dictionary.data, bytes);
      const offsets = this.arena.alloc((dictionary.count + 2) * 4);
      u32.copyWithin(offsets >>> 2, from, from + dictionary.count + 1);
      u32[(offsets >>> 2) + dictionary.count + 1] = bytes;
      kept = { id: this.#heap.newDictionaryId(), count: dictionary.count, offsets, data };
      this.#copied.set(dictionary.id, kept);
    }
    return kept;
  }

  #word(offset: number): number {
    return this.#heap.u32[(this.state + offset) >>> 2] as number;
  }

  #setWord(offset: number, value: number): void {
    this.#heap.u32[(this.state + offset) >>> 2] = value;
  }
}
