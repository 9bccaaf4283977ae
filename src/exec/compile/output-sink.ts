import { type Carrier, engineBug, type Storage } from '../../base/index.js';
import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import type { SourceColumn } from '../task/spec.js';
import type { ColumnValue } from './load.js';
import { type Columns, MORE, type Pipe } from './pipe.js';
import type { OutputForm, Sink, SinkForm } from './sink-form.js';
import { OUT, OUT_BYTES, PIPE } from './state-layout.js';

/** Writes rows into output batches. */
export class OutputSink implements Sink {
  #forms: OutputForm[] = [];
  readonly #rows: Local;

  constructor(
    private readonly pipe: Pipe,
    private readonly spec: { readonly columns: readonly SourceColumn[]; readonly views?: boolean },
    private readonly dictionaryOf: (c: ColumnValue) => number | undefined,
    /** The source columns that some columns are. */
    private readonly passed: readonly (number | undefined)[] = [],
  ) {
    this.#rows = pipe.code.local('i32');
  }

  get form(): SinkForm {
    return { kind: 'output', columns: this.#forms };
  }

  prologue(): void {
    this.pipe.loadWord(PIPE.OUT_ROWS, this.#rows);
  }

  epilogue(): void {
    this.pipe.storeWord(PIPE.OUT_ROWS, this.#rows);
  }

  consume(columns: Columns): void {
    const { pipe } = this;
    const { code } = pipe;
    const values = this.spec.columns.map((_, i) => (this.passed[i] === undefined ? columns(i) : undefined));
    code
      .get(this.#rows)
      .get(pipe.state)
      .op('i32.load', PIPE.OUT_CAPACITY)
      .op('i32.ge_u')
      .if(() => {
        pipe.storeWord(PIPE.OUT_ROWS, this.#rows);
        pipe.callMore(MORE.FLUSH, () => code.i32(0));
        code.i32(0).set(this.#rows);
      });
    for (const [i, value] of values.entries()) {
      if (value !== undefined) this.#write(i, value);
      else this.#forms[i] = { storage: 'none', nullable: false, passed: this.passed[i] as number };
    }
    code.get(this.#rows).i32(1).op('i32.add').set(this.#rows);
  }

  #write(index: number, value: ColumnValue): void {
    const column = this.spec.columns[index] as SourceColumn;
    const { code, state, layout } = this.pipe;
    const base = layout.outputs + index * OUT_BYTES;
    const dictionaryOf = this.dictionaryOf(value);
    const storage: Storage = dictionaryOf === undefined ? this.#storage(column, value.carrier) : 'i32';
    this.#forms[index] = {
      storage,
      nullable: value.isNull !== undefined,
      ...(dictionaryOf === undefined ? {} : { dictionaryOf }),
    };
    if (value.isNull !== undefined) this.#writeValidity(base, value.isNull);
    if (storage === 'none') return;
    if (storage === 'utf8') return this.#writeBytes(base, index, value);
    const data = code.local('i32');
    code
      .get(state)
      .op('i32.load', base + OUT.DATA)
      .set(data);
    const at = (shift: number): void => {
      code.get(data).get(this.#rows);
      if (shift > 0) code.i32(shift).op('i32.shl');
      code.op('i32.add');
    };
    const [first, second] = dictionaryOf === undefined ? value.parts : [value.dictionaryCode];
    if (first === undefined) throw engineBug(`output column ${index} has no value`);
    switch (storage) {
      case 'u8':
      case 'i8':
        at(0);
        code.get(first).op('i32.store8', 0);
        return;
      case 'i16':
        at(1);
        code.get(first).op('i32.store16', 0);
        return;
      case 'i32':
        at(2);
        code.get(first).op('i32.store', 0);
        return;
      case 'i64':
        at(3);
        code.get(first).op('i64.store', 0);
        return;
      case 'f32':
        at(2);
        code.get(first).op('f32.store', 0);
        return;
      case 'f64':
        at(3);
        code.get(first).op('f64.store', 0);
        return;
      case 'view':
        at(3);
        code.get(first).op('i32.store', 0);
        at(3);
        code.get(this.#length(value)).op('i32.store', 4);
        return;
      case 'i128': {
        at(4);
        code.get(first).op('i64.store', 0);
        at(4);
        code.get(second as Local).op('i64.store', 8);
        return;
      }
      default:
        throw engineBug(`output storage ${storage}`);
    }
  }

  #storage(column: SourceColumn, carrier: Carrier): Storage {
    return carrier === 'bytes' && this.spec.views === true ? 'view' : outputStorage(column, carrier);
  }

  /** Of a text; a null has none. */
  #length({ parts, isNull }: Value): Local {
    const [, length] = parts as readonly [Local, Local];
    if (isNull === undefined) return length;
    const { code } = this.pipe;
    const size = code.local('i32');
    code.i32(0).get(length).get(isNull).select().set(size);
    return size;
  }

  /** Bitmaps start zeroed: sets the bit of a valid row. */
  #writeValidity(base: number, isNull: Local): void {
    const { code, state } = this.pipe;
    code.get(isNull).if(
      () => {
        code
          .get(state)
          .get(state)
          .op('i32.load', base + OUT.NULLS)
          .i32(1)
          .op('i32.add')
          .op('i32.store', base + OUT.NULLS);
      },
      () => {
        const at = code.local('i32');
        code
          .get(state)
          .op('i32.load', base + OUT.VALIDITY)
          .get(this.#rows)
          .i32(3)
          .op('i32.shr_u')
          .op('i32.add')
          .tee(at);
        code.get(at).op('i32.load8_u', 0).i32(1).get(this.#rows).i32(7).op('i32.and').op('i32.shl').op('i32.or');
        code.op('i32.store8', 0);
      },
    );
  }

  #writeBytes(base: number, index: number, value: Value): void {
    const { pipe } = this;
    const { code, state } = pipe;
    const [address] = value.parts as readonly [Local, Local];
    const size = this.#length(value);
    const used = code.local('i32');
    code
      .get(state)
      .op('i32.load', base + OUT.BYTES)
      .tee(used);
    code
      .get(size)
      .op('i32.add')
      .get(state)
      .op('i32.load', base + OUT.CAPACITY)
      .op('i32.gt_u')
      .if(() => {
        pipe.storeWord(PIPE.ENTRY_NEXT, size);
        pipe.callMore(MORE.OUT_BYTES, () => code.i32(index));
      });
    const to = code.local('i32');
    code
      .get(state)
      .op('i32.load', base + OUT.DATA)
      .get(used)
      .op('i32.add')
      .set(to);
    pipe.copyText(to, address, size);
    const end = code.local('i32');
    code.get(used).get(size).op('i32.add').set(end);
    code
      .get(state)
      .get(end)
      .op('i32.store', base + OUT.BYTES);
    code
      .get(state)
      .op('i32.load', base + OUT.OFFSETS)
      .get(this.#rows)
      .i32(2)
      .op('i32.shl')
      .op('i32.add');
    code.get(end).op('i32.store', 4);
  }
}

/** How an output column is stored, from its type and the carrier of its values. */
function outputStorage(column: SourceColumn, carrier: Carrier): Storage {
  if (carrier === 'none') return 'none';
  if (carrier === 'bytes') return 'utf8';
  switch (column.type.kind) {
    case 'boolean':
      return 'u8';
    case 'int8':
      return 'i8';
    case 'int16':
      return 'i16';
    default:
      return carrier;
  }
}
