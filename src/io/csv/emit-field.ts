import type { Code, Label, Local, WasmModule } from '../../wasm/index.js';
import { ESCAPED, MISSING, POSITION } from './emit-index.js';
import type { Locals } from './locals.js';
import type { CsvDialect } from './options.js';

const BLANK = 32;

/** Where kernels leave what they counted: u32 nulls, u32 slow rows, i64 least, i64 greatest value, powers of ten. */
export const COUNTERS = { nulls: 0, slow: 4, min: 8, max: 16, powers: 32, bytes: 32 + 23 * 8 } as const;

/** Typed kernels without parameters of their own. */
export type ValueKernelName =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'instant'
  | 'slow4'
  | 'slow8';

/** What the body of a typed kernel works with. */
export interface Field {
  readonly code: Code;
  /** First byte of the value; may be moved. */
  readonly at: Local;
  /** Behind its last byte. */
  readonly end: Local;
  readonly counters: Local;
  /** The least and the greatest value so far. */
  readonly min: Local;
  readonly max: Local;
  /** Leaves the value to JavaScript. */
  readonly slow: Label;
}

/** How a typed kernel stores values. */
export interface Store {
  readonly bytes: number;
  /** Address on the stack, then the value: stores it. Null and slow rows become zero. */
  readonly zero: (code: Code, target: Local) => void;
}

export type Body = (field: Field, store: (value: () => void) => void, target: Local) => void;

/** Where the values of a column lie. */
export interface FieldLayout {
  /** Entries of an index: the words of a field, as a power of two in bytes. */
  readonly shift: 2 | 3;
  /** Sets `at` and `end` to the content of a field; branches away when it is null, or no kernel can read it. */
  readonly bounds: (code: Code, b: Bounds, isNull: Label, slow: Label) => void;
}

/** Fields as the index of a CSV dialect has them. */
export const csvLayout = (dialect: CsvDialect): FieldLayout => ({
  shift: 2,
  bounds: (code, b, isNull, escaped) => bounds(code, dialect, b, isNull, escaped),
});

const PARAMS = Array.from({ length: 9 }, () => 'i32' as const);

/**
 * `name(text, index, stride, column, rows, data, validity, slowRows, counters)`: one column of an index, typed. Rows
 * the fast path cannot tell (odd spellings, escapes, errors) are listed in `slowRows`; they are null until someone says
 * otherwise. `validity` is written only where there are nulls or slow rows.
 */
export function typedKernel(module: WasmModule, name: string, layout: FieldLayout, store: Store, body: Body): void {
  module.function(name, PARAMS, [], (code, ...params) => {
    const [text, index, stride, column, rows, data, validity, slowRows, counters] = params as Locals<9>;
    const i32 = (): Local => code.local('i32');
    const [at, end, row, absent, slowCount] = [i32(), i32(), i32(), i32(), i32()];
    const [min, max] = [code.local('i64'), code.local('i64')];
    code.get(counters).op('i64.load', COUNTERS.min, 0).set(min);
    code.get(counters).op('i64.load', COUNTERS.max, 0).set(max);
    code.get(index).get(column).i32(layout.shift).op('i32.shl').op('i32.add').set(index);
    code.forRange(
      row,
      () => code.i32(0),
      rows,
      () => {
        code.block((next) => {
          code.block((isNull) => {
            code.block((slow) => {
              layout.bounds(code, { text, index, at, end }, isNull, slow);
              body(
                { code, at, end, counters, min, max, slow },
                (value) => {
                  value();
                  code.br(next);
                },
                data,
              );
            });
            code.get(slowRows).get(slowCount).i32(2).op('i32.shl').op('i32.add').get(row).op('i32.store', 0, 0);
            code.get(slowCount).i32(1).op('i32.add').set(slowCount);
          });
          store.zero(code, data);
          clearBit(code, { validity, rows, row, absent });
        });
        code.get(data).i32(store.bytes).op('i32.add').set(data);
        code.get(index).get(stride).op('i32.add').set(index);
      },
    );
    code.get(counters).get(min).op('i64.store', COUNTERS.min, 0);
    code.get(counters).get(max).op('i64.store', COUNTERS.max, 0);
    code.get(counters).get(absent).get(slowCount).op('i32.sub').op('i32.store', COUNTERS.nulls, 0);
    code.get(counters).get(slowCount).op('i32.store', COUNTERS.slow, 0);
  });
}

/** A bitmap of rows, and how many of them are absent so far. */
interface Validity {
  readonly validity: Local;
  readonly rows: Local;
  readonly row: Local;
  readonly absent: Local;
}

/** The row at hand is absent. Before the first that is, nothing was written. */
export function clearBit(code: Code, { validity, rows, row, absent }: Validity): void {
  const [byte, bit] = [code.local('i32'), code.local('i32')];
  code.get(absent).op('i32.eqz');
  code.if(() => {
    code.get(validity).i32(255).get(rows).i32(3).op('i32.shr_u').tee(byte).op('memory.fill');
    code.get(validity).get(byte).op('i32.add');
    code.i32(1).get(rows).i32(7).op('i32.and').op('i32.shl').i32(1).op('i32.sub').op('i32.store8');
  });
  code.get(absent).i32(1).op('i32.add').set(absent);
  code.get(validity).get(row).i32(3).op('i32.shr_u').op('i32.add').tee(bit).get(bit).op('i32.load8_u');
  code.i32(-2).get(row).i32(7).op('i32.and').op('i32.rotl').op('i32.and').op('i32.store8');
}

export interface Bounds {
  readonly text: Local;
  /** Address of the field's entry; in CSV of the word before it. */
  readonly index: Local;
  readonly at: Local;
  readonly end: Local;
}

/** Sets `at` and `end` to the content of a field; branches away when it is null or needs unescaping. */
function bounds(code: Code, dialect: CsvDialect, b: Bounds, isNull: Label, escaped: Label): void {
  const { text, index, at, end } = b;
  const [before, word] = [code.local('i32'), code.local('i32')];
  const place = (): void => {
    code.get(before).i32(dialect.delimiter.length).op('i32.add').get(text).op('i32.add').set(at);
    code.get(word).get(text).op('i32.add').set(end);
  };
  const unquoted = (): void => {
    trim(code, dialect, at, end);
    code.get(at).get(end).op('i32.eq').brIf(isNull);
  };
  code.get(index).op('i32.load', 0, 0).tee(before);
  code.get(index).op('i32.load', 4, 0).tee(word).op('i32.or').i32(MISSING).op('i32.lt_u');
  // Two positions are the rule: one test tells them from the rest.
  code.if(
    () => {
      place();
      unquoted();
    },
    () => {
      code.get(word).i32(MISSING).op('i32.eq').brIf(isNull);
      const flags = code.local('i32');
      code.get(word).i32(~POSITION).op('i32.and').set(flags);
      code.get(word).i32(POSITION).op('i32.and').set(word);
      // The first record of a text starts a delimiter before it.
      code.get(before).i32(dialect.delimiter.length).op('i32.add').i32(POSITION).op('i32.and');
      code.i32(dialect.delimiter.length).op('i32.sub').set(before);
      place();
      code.get(flags);
      code.if(() => {
        betweenQuotes(code, dialect, at, end);
        code.get(flags).i32(ESCAPED).op('i32.and').brIf(escaped);
      }, unquoted);
    },
  );
  const nullText = [...Buffer.from(dialect.nullValue, 'utf8')];
  code.get(end).get(at).op('i32.sub').i32(nullText.length).op('i32.eq');
  if (nullText.length === 0) {
    code.brIf(isNull);
    return;
  }
  code.if(() => {
    nullText.forEach((byte, i) => {
      code.get(at).op('i32.load8_u', i).i32(byte).op('i32.eq');
      if (i > 0) code.op('i32.and');
    });
    code.brIf(isNull);
  });
}

/** Blanks may stand before the opening quote and behind the closing one. */
function betweenQuotes(code: Code, dialect: CsvDialect, at: Local, end: Local): void {
  const atQuote = (local: Local) => code.get(local).op('i32.load8_u').i32(dialect.quote).op('i32.ne');
  code.loop((next) => {
    atQuote(at);
    code.get(at).i32(1).op('i32.add').set(at).brIf(next);
  });
  code.loop((next) => {
    code.get(end).i32(1).op('i32.sub').set(end);
    atQuote(end);
    code.brIf(next);
  });
}

function trim(code: Code, dialect: CsvDialect, at: Local, end: Local): void {
  if (dialect.trimLeading) {
    code.loop((next) => {
      code.get(at).get(end).op('i32.lt_u').get(at).op('i32.load8_u').i32(BLANK).op('i32.le_u').op('i32.and');
      code.if(() => code.get(at).i32(1).op('i32.add').set(at).br(next));
    });
  }
  if (dialect.trimTrailing) {
    const last = code.local('i32');
    code.loop((next) => {
      code.get(end).i32(1).op('i32.sub').set(last);
      code.get(at).get(end).op('i32.lt_u').get(last).op('i32.load8_u').i32(BLANK).op('i32.le_u').op('i32.and');
      code.if(() => code.get(last).set(end).br(next));
    });
  }
}

/** The bytes `at`…`end` to `position`, which goes behind them: 16 at a time, up to 16 too many. */
export function copyTo(code: Code, at: Local, end: Local, position: Local): void {
  const behind = code.local('i32');
  code.get(position).get(end).op('i32.add').get(at).op('i32.sub').set(behind);
  code.loop((next) => {
    code.get(position).get(at).op('v128.load', 0, 0).op('v128.store', 0, 0);
    code.get(at).i32(16).op('i32.add').set(at);
    code.get(position).i32(16).op('i32.add').tee(position).get(behind).op('i32.lt_u').brIf(next);
  });
  code.get(behind).set(position);
}

/**
 * `textBytes(text, index, stride, column, rows)`: no fewer bytes than the column's strings have.
 * `strings(text, index, stride, column, rows, offsets, data, validity, counters, empty)`: writes them; `empty` is the
 * address of the text that stands for an empty quoted field.
 */
export function emitStrings(module: WasmModule, dialect: CsvDialect): void {
  const emptyBytes = Buffer.byteLength(dialect.emptyValue);
  module.function('textBytes', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [, index, stride, column, rows] = params as Locals<5>;
    const [word, row, total] = [code.local('i32'), code.local('i32'), code.local('i32')];
    code.get(index).get(column).i32(2).op('i32.shl').op('i32.add').set(index);
    code.forRange(
      row,
      () => code.i32(0),
      rows,
      () => {
        code.get(index).op('i32.load', 4, 0).tee(word).i32(MISSING).op('i32.ne');
        code.if(() => {
          code.get(total).get(word).i32(POSITION).op('i32.and').op('i32.add').i32(emptyBytes).op('i32.add');
          code.get(index).op('i32.load', 0, 0).i32(dialect.delimiter.length).op('i32.add').i32(POSITION).op('i32.and');
          code.op('i32.sub').set(total);
        });
        code.get(index).get(stride).op('i32.add').set(index);
      },
    );
    code.get(total);
  });
  module.function('strings', [...PARAMS, 'i32'], [], (code, ...params) => {
    const [text, index, stride, column, rows, offsets, data, validity, counters, empty] = params as Locals<10>;
    const i32 = (): Local => code.local('i32');
    const [at, end, row, absent, position] = [i32(), i32(), i32(), i32(), i32()];
    code.get(index).get(column).i32(2).op('i32.shl').op('i32.add').set(index);
    code.get(offsets).i32(0).op('i32.store', 0, 0);
    code.get(data).set(position);
    code.forRange(
      row,
      () => code.i32(0),
      rows,
      () => {
        code.block((next) => {
          code.block((isNull) => {
            code.block((escaped) => {
              bounds(code, dialect, { text, index, at, end }, isNull, escaped);
              if (emptyBytes > 0) {
                code.get(at).get(end).op('i32.eq');
                code.if(() => code.get(empty).tee(at).i32(emptyBytes).op('i32.add').set(end));
              }
              copyTo(code, at, end, position);
              code.br(next);
            });
            unescapeInto(code, dialect, at, end, position);
            code.br(next);
          });
          clearBit(code, { validity, rows, row, absent });
        });
        code.get(offsets).i32(4).op('i32.add').tee(offsets).get(position).get(data).op('i32.sub').op('i32.store', 0, 0);
        code.get(index).get(stride).op('i32.add').set(index);
      },
    );
    code.get(counters).get(absent).op('i32.store', COUNTERS.nulls, 0);
  });
}

/** The bytes `at`…`end` to `position` without the first of each escaped pair. */
function unescapeInto(code: Code, dialect: CsvDialect, at: Local, end: Local, position: Local): void {
  const { quote, escape: escapeWith } = dialect;
  const [byte, after] = [code.local('i32'), code.local('i32')];
  code.loop((next) => {
    code.get(at).get(end).op('i32.lt_u');
    code.if(() => {
      code.get(at).op('i32.load8_u').set(byte);
      code.get(at).i32(1).op('i32.add').set(at);
      code.get(byte).i32(quote).op('i32.eq').get(byte).i32(escapeWith).op('i32.eq').op('i32.or');
      code.get(at).get(end).op('i32.lt_u').op('i32.and');
      code.if(() => {
        code.get(at).op('i32.load8_u').tee(after).i32(quote).op('i32.eq');
        code.get(byte).i32(escapeWith).op('i32.eq').get(after).i32(escapeWith).op('i32.eq').op('i32.and').op('i32.or');
        code.if(() => {
          code.get(after).set(byte);
          code.get(at).i32(1).op('i32.add').set(at);
        });
      });
      code.get(position).get(byte).op('i32.store8');
      code.get(position).i32(1).op('i32.add').set(position);
      code.br(next);
    });
  });
}
