import { booleanType, engineBug } from '../../base/index.js';
import { referencedColumns } from '../../functions/expression.js';
import type { Local } from '../../wasm/index.js';
import { fieldAt, JOIN_HEADER, type RowLayout } from '../row-layout.js';
import type { ProbeStep, SourceColumn } from '../task/spec.js';
import { compileKeys } from './aggregates.js';
import { pushRank, pushWord } from './kernels.js';
import { extend, hashKeys, pushEqual, pushSameKey } from './keys.js';
import { type ColumnValue, loadField, newParts } from './load.js';
import { type Columns, type Pipe, pushTrue } from './pipe.js';
import { keptLayout, storedCarrier } from './rows.js';
import { TABLE, TABLE_BYTES } from './state-layout.js';

/** Looks the current row up in a join table and goes on with what the join gives. */
export function emitProbe(pipe: Pipe, step: ProbeStep, columns: Columns, next: (columns: Columns) => void): void {
  new Probe(pipe, step, columns).emit(next);
}

class Probe {
  readonly #layout: RowLayout;
  readonly #row: Local;
  /** Of the current row's keys, where they are looked up by it. */
  #hash: Local | undefined;

  constructor(
    private readonly pipe: Pipe,
    private readonly step: ProbeStep,
    private readonly columns: Columns,
  ) {
    this.#layout = keptLayout(step.layout);
    this.#row = pipe.code.local('i32');
  }

  emit(next: (columns: Columns) => void): void {
    const { pipe, step, columns } = this;
    const { code } = pipe;
    const keys = compileKeys(pipe, step.keys, columns);
    this.#touchResidual();
    switch (step.how) {
      case 'pairs':
        return this.#eachMatch(keys, () => {
          this.#mark();
          next(this.#joined(this.#row));
        });
      case 'mark':
        return this.#eachMatch(keys, () => this.#mark());
      case 'semi':
      case 'anti':
      case 'exists': {
        const found = code.local('i32');
        code.i32(0).set(found);
        code.block((decided) => {
          this.#eachMatch(keys, () => {
            code.i32(1).set(found);
            code.br(decided);
          });
        });
        if (step.how === 'exists') return next(this.#withMark(found));
        code.get(found);
        if (step.how === 'anti') code.op('i32.eqz');
        code.if(() => next(columns));
        return;
      }
      case 'probe_outer':
        return this.#outer(keys, next);
    }
  }

  /** The probe side's columns and whether there is a match. */
  #withMark(found: Local): Columns {
    const { columns, step } = this;
    const mark: ColumnValue = { type: booleanType, carrier: 'i32', parts: [found], isNull: undefined, stable: false };
    const marked: Columns = (index) => (index < step.probeColumns ? columns(index) : mark);
    marked.code = (index) => (index < step.probeColumns ? columns.code?.(index) : undefined);
    return marked;
  }

  /** Loads what the residual condition reads of the probe side: inside the search it would not be loaded for every row. */
  #touchResidual(): void {
    const { step, columns } = this;
    if (step.residual === undefined) return;
    for (const index of referencedColumns(step.residual)) {
      const own = step.buildFirst ? index - step.payload.length : index;
      if (own >= 0 && own < step.probeColumns) columns(own);
    }
  }

  /**
   * Every match, then once more with nulls when there was none: one loop, so that what follows is emitted once.
   * `row` is 0 in the turn for the unmatched.
   */
  #outer(keys: readonly ColumnValue[], next: (columns: Columns) => void): void {
    const { code } = this.pipe;
    const found = code.local('i32');
    const row = this.#row;
    const last = code.local('i32');
    code.i32(0).set(found).i32(0).set(last);
    this.#pushHead(keys);
    code.set(row);
    code.block((done) => {
      code.loop((again) => {
        code.block((emit) => {
          code.loop((search) => {
            code
              .get(row)
              .op('i32.eqz')
              .if(() => {
                code.get(found).brIf(done);
                code.i32(1).tee(found).set(last);
                code.br(emit);
              });
            this.#pushMatches(keys);
            code.if(() => {
              code.i32(1).set(found);
              this.#mark();
              code.br(emit);
            });
            code.get(row).op('i32.load', JOIN_HEADER.NEXT).set(row);
            code.br(search);
          });
        });
        next(this.#joined(row, last));
        code.get(last).brIf(done);
        code.get(row).op('i32.load', JOIN_HEADER.NEXT).set(row);
        code.br(again);
      });
    });
  }

  #eachMatch(keys: readonly ColumnValue[], body: () => void): void {
    const { code } = this.pipe;
    const row = this.#row;
    this.#pushHead(keys);
    code.set(row);
    code.block((done) => {
      code.loop((again) => {
        code.get(row).op('i32.eqz').brIf(done);
        this.#pushMatches(keys);
        code.if(body);
        code.get(row).op('i32.load', JOIN_HEADER.NEXT).set(row);
        code.br(again);
      });
    });
  }

  /** Pushes the first row of the chain that may hold matches, 0 for none. */
  #pushHead(keys: readonly ColumnValue[]): void {
    const { step, pipe } = this;
    const { code } = pipe;
    const strict = keys.flatMap((key, k) =>
      key.isNull !== undefined && step.nullSafe[k] !== true ? [key.isNull] : [],
    );
    if (strict.length === 0) return this.#pushSlot(keys);
    code.i32(0);
    for (const isNull of strict) code.get(isNull).op('i32.or');
    code.if(
      () => code.i32(0),
      () => this.#pushSlot(keys),
      ['i32'],
    );
  }

  #pushSlot(keys: readonly ColumnValue[]): void {
    const { pipe, step } = this;
    const { code } = pipe;
    const at = pipe.layout.tables + step.table * TABLE_BYTES;
    const word = (offset: number, type: 'i32' | 'i64' = 'i32'): void => {
      code.get(pipe.state).op(`${type}.load`, at + offset);
    };
    if (step.addressing === 'all') {
      word(TABLE.HEADS);
      code.op('i32.load', 0);
      return;
    }
    if (step.addressing === 'hash') {
      word(TABLE.HEADS);
      this.#hash = step.isHashed === true ? this.#keptHash() : hashKeys(pipe, keys);
      code.get(this.#hash);
      word(TABLE.SIZE);
      code.op('i32.and').i32(2).op('i32.shl').op('i32.add').op('i32.load', 0);
      return;
    }
    const key = keys[0];
    if (key === undefined) throw engineBug('direct addressing without a key');
    const slot = code.local('i64');
    const [wide] = extend(code, key, 'i64');
    code.get(wide as Local);
    word(TABLE.BASE, 'i64');
    code.op('i64.sub').tee(slot);
    word(step.addressing === 'ranked' ? TABLE.BITS_SIZE : TABLE.SIZE);
    code
      .op('i64.extend_i32_u')
      .op('i64.lt_u')
      .if(
        () => {
          if (step.addressing === 'ranked') return this.#pushRanked(slot, word);
          word(TABLE.HEADS);
          code.get(slot).op('i32.wrap_i64').i32(2).op('i32.shl').op('i32.add').op('i32.load', 0);
        },
        () => code.i32(0),
        ['i32'],
      );
  }

  /** Rows that were kept for a join by the same keys have their hash. */
  #keptHash(): Local {
    const { code, keptRow } = this.pipe;
    const hash = code.local('i32');
    code
      .get(keptRow as Local)
      .op('i32.load', JOIN_HEADER.HASH)
      .set(hash);
    return hash;
  }

  /** The head that is as far from the first as bits are set before the key's, if that is set. */
  #pushRanked(slot: Local, word: (offset: number) => void): void {
    const { code } = this.pipe;
    const load = (offset: number): Local => {
      const local = code.local('i32');
      word(offset);
      code.set(local);
      return local;
    };
    const [place, bits] = [code.local('i32'), code.local('i64')];
    code.get(slot).op('i32.wrap_i64').set(place);
    pushWord(code, load(TABLE.BITS), place);
    code.tee(bits).get(slot).op('i64.shr_u').op('i32.wrap_i64').i32(1).op('i32.and');
    code.if(
      () => {
        word(TABLE.HEADS);
        pushRank(code, bits, place, load(TABLE.RANKS));
        code.i32(2).op('i32.shl').op('i32.add').op('i32.load', 0);
      },
      () => code.i32(0),
      ['i32'],
    );
  }

  /** Pushes 1 when the row at hand really matches: keys equal and the residual condition true. */
  #pushMatches(keys: readonly ColumnValue[]): void {
    const { pipe, step } = this;
    const { code } = pipe;
    const checks: (() => void)[] = [];
    // Texts lie elsewhere: a hash that differs saves the way.
    const hash = this.#hash;
    if (hash !== undefined && keys.some((key) => key.carrier === 'bytes'))
      checks.push(() => code.get(this.#row).op('i32.load', JOIN_HEADER.HASH).get(hash).op('i32.eq'));
    // Direct addressing finds rows whose first key is equal only.
    const found = step.addressing === 'hash' ? 0 : 1;
    for (let k = found; k < keys.length; k++) checks.push(() => this.#pushKeyEqual(keys[k] as ColumnValue, k));
    if (step.residual !== undefined) {
      const { residual } = step;
      checks.push(() => {
        const joined = this.#joined(this.#row);
        pushTrue(pipe, pipe.compile(residual, joined));
      });
    }
    const chain = (i: number): void => {
      const check = checks[i];
      if (check === undefined) {
        code.i32(1);
        return;
      }
      check();
      if (i + 1 < checks.length)
        code.if(
          () => chain(i + 1),
          () => code.i32(0),
          ['i32'],
        );
    };
    chain(0);
  }

  #pushKeyEqual(key: ColumnValue, k: number): void {
    const { pipe, step } = this;
    const field = step.layout.fields[k] as SourceColumn;
    const stored = loadField(pipe.code, this.#row, fieldAt(this.#layout, k), field.type, field.range);
    if (step.nullSafe[k] === true) return pushSameKey(pipe.emitter, key, stored);
    // Null keys are never looked up, but rows kept for an outer side may have them.
    if (stored.isNull === undefined) return pushEqual(pipe.emitter, key, stored);
    const { code } = pipe;
    code.get(stored.isNull).if(
      () => code.i32(0),
      () => pushEqual(pipe.emitter, key, stored),
      ['i32'],
    );
  }

  #mark(): void {
    if (this.step.marks) this.pipe.code.get(this.#row).i32(1).op('i32.store8', JOIN_HEADER.MARK);
  }

  /** Output columns of a match; all null on the build side where `missing` holds 1. */
  #joined(row: Local, missing?: Local): Columns {
    const { step, columns } = this;
    const loaded = new Map<number, ColumnValue>();
    const build = (position: number): ColumnValue => {
      const field = step.payload[position];
      if (field === undefined) throw engineBug(`build column ${position} of ${step.payload.length}`);
      let value = loaded.get(field);
      if (value === undefined) {
        value = this.#loadBuild(row, field, missing);
        loaded.set(field, value);
      }
      return value;
    };
    if (step.buildFirst) {
      const n = step.payload.length;
      return (index) => (index < n ? build(index) : columns(index - n));
    }
    const n = step.probeColumns;
    return (index) => (index < n ? columns(index) : build(index - n));
  }

  #loadBuild(row: Local, field: number, missing: Local | undefined): ColumnValue {
    const { pipe, step } = this;
    const { code } = pipe;
    const column = step.layout.fields[field] as SourceColumn;
    const rowField = fieldAt(this.#layout, field);
    if (missing === undefined) return { ...loadField(code, row, rowField, column.type, column.range), stable: true };
    // In the turn for the unmatched there is no row: every column is null.
    const isNull = code.local('i32');
    const parts = newParts(code, storedCarrier(column));
    code.get(missing).if(
      () => {
        code.i32(1).set(isNull);
        for (const part of parts) {
          if (part.type === 'i64') code.i64(0).set(part);
          else if (part.type === 'f64') code.f64(0).set(part);
          else if (part.type === 'f32') code.f32(0).set(part);
          else code.i32(0).set(part);
        }
      },
      () => {
        const value = loadField(code, row, rowField, column.type, column.range);
        for (const [i, part] of value.parts.entries()) code.get(part).set(parts[i] as Local);
        if (value.isNull === undefined) code.i32(0).set(isNull);
        else code.get(value.isNull).set(isNull);
      },
    );
    return { type: column.type, carrier: rowField.carrier, parts, isNull, range: column.range, stable: true };
  }
}
