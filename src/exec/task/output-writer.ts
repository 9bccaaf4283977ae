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
import { gatherRows } from './gather.js';
import type { OutputParts } from './output-parts.js';
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

interface OutputOptions {
  readonly expectedRows: number;
  /** Takes each batch at once; its memory is then used again. */
  readonly take?: ((batch: Batch) => void) | undefined;
  /** Of a batch that is taken: a power of two. */
  readonly mostRows?: number | undefined;
  /** Of texts in a column of it. */
  readonly mostBytes?: number | undefined;
  /** Cuts the batches that are given into parts. */
  readonly parts?: OutputParts | undefined;
  /** So many rows are left out first. */
  readonly given?: number | undefined;
}

/** Gives compiled code its output buffers and makes batches of them. */
export class OutputWriter {
  batches: Batch[] = [];
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
  /** Of each column of texts, what holds them. */
  #texts: (Buffer | undefined)[] = [];
  /** The batch is full before its rows are as many as may be. */
  #isFull = false;
  readonly #take;
  readonly #mostRows;
  readonly #mostBytes;
  readonly #parts;
  /** Rows that are still to be left out. */
  #given;

  constructor(
    private arena: Arena,
    private readonly state: number,
    private readonly layout: StateLayout,
    private readonly columns: readonly SourceColumn[],
    { expectedRows, take, mostRows = BATCH_ROWS, mostBytes = MOST_TEXT_BYTES, parts, given = 0 }: OutputOptions,
  ) {
    this.#heap = arena.heap;
    this.#take = take;
    this.#mostRows = mostRows;
    this.#mostBytes = mostBytes;
    this.#parts = parts;
    this.#given = given;
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
      this.#setWord(PIPE.OUT_ROWS, 0);
      if (!this.#give(batch) && again && (this.#isFull || this.#capacity === this.#mostRows)) {
        this.#reset();
        return;
      }
      if (again) this.#capacity = Math.min(this.#capacity * 4, this.#mostRows);
    }
    if (again) this.#allocate();
  }

  /** False where nobody has the batch any more. */
  #give(batch: Batch): boolean {
    if (this.#take !== undefined) {
      this.rows += batch.rows;
      this.#take(batch);
      return false;
    }
    const left = Math.min(this.#given, batch.rows);
    this.#given -= left;
    const rows = batch.rows - left;
    if (rows === 0) return false;
    const more = Array.from({ length: left > 0 ? rows : 0 }, (_, i) => left + i);
    this.batches.push(left === 0 ? batch : gatherRows(batch, more, this.arena));
    this.rows += rows;
    return true;
  }

  /** What was given so far may be a part of its own. */
  #cut(): void {
    const next = this.#parts?.cut(this.arena, { batches: this.batches, rows: this.rows });
    if (next === undefined) return;
    this.arena = next;
    this.batches = [];
    this.rows = 0;
    this.#copied.clear();
    this.#spare = [];
  }

  /** Output column `index` is short of bytes by what the code left at PIPE.ENTRY_NEXT. */
  growBytes(index: number): void {
    const at = this.layout.outputs + index * OUT_BYTES;
    const need = this.#word(PIPE.ENTRY_NEXT);
    const used = this.#word(at + OUT.BYTES);
    const passes = this.#forms?.some((form) => form.passed !== undefined) === true;
    this.#isFull ||= !passes && used + need > this.#mostBytes;
    // Where no row is left to be written, the next one finds the batch full; this one still goes into it.
    if (this.#isFull) this.#setWord(PIPE.OUT_CAPACITY, 0);
    const old = this.#texts[index] as Buffer;
    if (old.bytes >= used + need) {
      this.#setWord(at + OUT.CAPACITY, old.bytes);
      return;
    }
    const twice = old.bytes * 2;
    const grown = this.#isFull ? 0 : passes ? twice : Math.min(this.#mostBytes, twice);
    const text = this.#alloc(Math.max(grown, used + need, 1024));
    this.#heap.copy(text.address, old.address, used);
    this.#useText(index, text);
    // It is no part of the batch any more.
    this.#used = this.#used.filter(({ address }) => address !== old.address);
    this.#spare.push(old);
  }

  #useText(index: number, text: Buffer): void {
    const at = this.layout.outputs + index * OUT_BYTES;
    this.#texts[index] = text;
    this.#setWord(at + OUT.DATA, text.address);
    this.#setWord(at + OUT.CAPACITY, this.#isFull ? text.bytes : Math.min(text.bytes, this.#mostBytes));
  }

  /** Empties the buffers for the next rows. */
  #reset(): void {
    this.#setWord(PIPE.OUT_CAPACITY, this.#capacity);
    this.#isFull = false;
    this.#forms?.forEach((form, i) => {
      const at = this.layout.outputs + i * OUT_BYTES;
      this.#setWord(at + OUT.NULLS, 0);
      this.#setWord(at + OUT.BYTES, 0);
      // A row that did not fit made it larger: the next batch is full as early as this one.
      const text = this.#texts[i];
      if (text !== undefined) this.#setWord(at + OUT.CAPACITY, Math.min(text.bytes, this.#mostBytes));
      const validity = this.#word(at + OUT.VALIDITY);
      if (form.nullable) this.#heap.fill(0, validity, (this.#capacity >>> 3) + 8);
    });
  }

  /** A buffer of so many bytes, or of more. */
  #alloc(bytes: number): Buffer {
    // A much larger one is for texts, which need it.
    const fits = this.#spare.findIndex((spare) => spare.bytes >= bytes && spare.bytes <= bytes * MOST_ROOMY);
    const [buffer = { address: this.arena.alloc(bytes), bytes }] = fits < 0 ? [] : this.#spare.splice(fits, 1);
    if (this.#take !== undefined) this.#used.push(buffer);
    return buffer;
  }

  #allocate(): void {
    this.#cut();
    // The smallest first: none is taken for less than what it has room for, where another would do.
    this.#spare = [...this.#spare, ...this.#used].sort((a, b) => a.bytes - b.bytes);
    this.#used = [];
    const capacity = this.#capacity;
    this.#isFull = false;
    this.#texts = [];
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
        this.#setWord(at + OUT.OFFSETS, offsets);
        this.#useText(i, this.#alloc(capacity * 16));
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
    if (this.#take !== undefined) return dictionary;
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
