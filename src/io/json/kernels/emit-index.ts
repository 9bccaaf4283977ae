import type { Code, Func, Label, Local, WasmModule } from '../../../wasm/index.js';
import type { Locals } from '../../csv/locals.js';
import { isNumber, nextByte, type ValueFunctions } from './emit-values.js';
import { FIELD, FIELDS, FOUND, HASH_FACTOR, KIND, KIND_SHIFT } from './layout.js';

const LINE_FEED = 10;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** What the parts of the kernel share. */
interface Scan {
  readonly code: Code;
  readonly functions: ValueFunctions;
  readonly text: Local;
  readonly fields: Local;
  readonly tables: Local;
  /** The record of the index that is filled. */
  readonly out: Local;
  readonly at: Local;
  readonly byte: Local;
  /** The field read last, and the one at work. */
  readonly last: Local;
  readonly entry: Local;
  readonly slot: Local;
  /** Where a value begins and ends, and its kind. */
  readonly from: Local;
  readonly to: Local;
  readonly kind: Local;
}

/**
 * `index(text, from, end, out, stride, maxRows, fields, tables, counters)`: an index of the records in lines `from`…`end`,
 * the last of which must be whole. Gives the address of the first line that is not in it: after `maxRows` records, or
 * where a record is not the plain JSON object that this knows (escapes in names, fields twice, any mistake).
 */
export function emitIndex(module: WasmModule, functions: ValueFunctions): void {
  const find = emitFind(module);
  module.function('index', new Array(9).fill('i32'), ['i32'], (code, ...params) => {
    const [text, from, end, out, stride, maxRows, fields, tables, counters] = params as Locals<9>;
    const i32 = (): Local => code.local('i32');
    const [line, row, last, recordEnd] = [i32(), i32(), i32(), i32()];
    const [byte, entry, slot, start, to, kind] = [i32(), i32(), i32(), i32(), i32(), i32()];
    const places = { text, fields, tables, out, at: from, byte, last, entry, slot, from: start, to, kind };
    const scan: Scan = { code, functions, ...places };
    code.get(counters).i32(0).op('i32.store', FOUND.left, 0);
    code.block((done) => {
      code.loop((nextLine) => {
        code.get(from).get(end).op('i32.ge_u').get(row).get(maxRows).op('i32.ge_u').op('i32.or').brIf(done);
        code.get(from).set(line);
        code.block((left) => {
          nextByte(code, from, byte);
          code.get(byte).i32(LINE_FEED).op('i32.eq');
          code.if(() => code.get(from).i32(1).op('i32.add').set(from).br(nextLine));
          code.get(byte).i32(OPEN_OBJECT).op('i32.ne').brIf(left);
          step(scan);
          clear(code, out, stride, recordEnd);
          code.get(fields).op('i32.load', FIELDS.start, 0).set(last);
          record(scan, find, left);
          nextByte(code, from, byte);
          code.get(byte).i32(LINE_FEED).op('i32.ne').brIf(left);
          step(scan);
          code.get(row).i32(1).op('i32.add').set(row);
          code.get(out).get(stride).op('i32.add').set(out);
          code.br(nextLine);
        });
        code.get(line).set(from);
        code.get(counters).i32(1).op('i32.store', FOUND.left, 0);
      });
    });
    code.get(counters).get(row).op('i32.store', FOUND.rows, 0);
    code.get(from);
  });
}

function step({ code, at }: Scan): void {
  code.get(at).i32(1).op('i32.add').set(at);
}

/** No field has a value yet. */
function clear(code: Code, out: Local, stride: Local, end: Local): void {
  const at = code.local('i32');
  code.get(out).tee(at).get(stride).op('i32.add').set(end);
  code.block((done) => {
    code.loop((next) => {
      code.get(at).get(end).op('i32.ge_u').brIf(done);
      code.get(at).i64(0).op('i64.store', 0, 0).get(at).i32(8).op('i32.add').set(at).br(next);
    });
  });
}

/** The fields of an object and its closing brace. */
function record(scan: Scan, find: Func, left: Label): void {
  const { code, at, byte } = scan;
  code.block((closed) => {
    nextByte(code, at, byte);
    code.get(byte).i32(CLOSE_OBJECT).op('i32.eq').brIf(closed);
    code.loop((next) => {
      name(scan, find, left);
      nextByte(code, at, byte);
      value(scan, left);
      note(scan, left);
      nextByte(code, at, byte);
      code.get(byte).i32(COMMA).op('i32.eq');
      code.if(() => {
        step(scan);
        nextByte(code, at, byte);
        code.br(next);
      });
      code.get(byte).i32(CLOSE_OBJECT).op('i32.ne').brIf(left);
    });
  });
  step(scan);
}

/** A field's name and colon; sets `slot`. As a rule it is the field that came after the last one before, too. */
function name(scan: Scan, find: Func, left: Label): void {
  const { code, at, byte, last, entry, slot, to, kind, fields, tables, functions } = scan;
  const [piece, nameEnd, text] = [code.local('i32'), code.local('i32'), code.local('i32')];
  code.block((known) => {
    code.block((other) => {
      code.get(last).op('i32.load', FIELD.next, 0).tee(entry).op('i32.eqz').brIf(other);
      matches(code, { entry, at, piece, nameEnd, text }, other);
      code.get(at).get(entry).op('i32.load', FIELD.length, 0).op('i32.add').set(at);
      code.get(entry).tee(last).op('i32.load', FIELD.slot, 0).set(slot);
      code.br(known);
    });
    code.get(byte).i32(QUOTE).op('i32.ne').brIf(left);
    code.get(at).i32(1).op('i32.add').get(tables).call(functions.string).set(kind).tee(to).op('i32.eqz');
    code.get(kind).op('i32.or').brIf(left);
    code.get(at).get(to).i32(1).op('i32.add').tee(to).get(fields).call(find).tee(entry);
    code.if(
      () => {
        code.get(last).get(entry).op('i32.store', FIELD.next, 0);
        code.get(entry).tee(last).op('i32.load', FIELD.slot, 0).set(slot);
      },
      () => {
        code.get(fields).op('i32.load', FIELDS.strict, 0).brIf(left);
        code.i32(-1).set(slot);
      },
    );
    code.get(to).set(at);
  });
  nextByte(code, at, byte);
  code.get(byte).i32(COLON).op('i32.ne').brIf(left);
  step(scan);
}

interface NamePlaces {
  readonly entry: Local;
  readonly at: Local;
  readonly piece: Local;
  readonly nameEnd: Local;
  readonly text: Local;
}

/** Branches away unless the name of `entry`, in quotes, stands at `at`. */
function matches(code: Code, { entry, at, piece, nameEnd, text }: NamePlaces, other: Label): void {
  code.get(entry).op('i32.load', FIELD.name, 0).set(piece);
  code.get(entry).op('i32.load', FIELD.nameEnd, 0).set(nameEnd);
  code.get(at).set(text);
  code.loop((next) => {
    code.get(text).op('v128.load', 0, 0).get(piece).op('v128.load', 0, 0).op('v128.xor');
    code.get(piece).op('v128.load', 16, 0).op('v128.and').op('v128.any_true').brIf(other);
    code.get(text).i32(16).op('i32.add').set(text);
    code.get(piece).i32(32).op('i32.add').tee(piece).get(nameEnd).op('i32.lt_u').brIf(next);
  });
}

/** `find(from, to, fields)`: the entry of a name with its quotes, or 0. */
function emitFind(module: WasmModule): Func {
  return module.function(
    'find',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [from, to, fields] = params as [Local, Local, Local];
      const i32 = (): Local => code.local('i32');
      const [hash, at, entry, piece, nameEnd, text] = [i32(), i32(), i32(), i32(), i32(), i32()];
      code.forRange(
        at,
        () => code.get(from),
        to,
        () => code.get(hash).i32(HASH_FACTOR).op('i32.mul').get(at).op('i32.load8_u').op('i32.add').set(hash),
      );
      code.loop((next) => {
        code.get(hash).get(fields).op('i32.load', FIELDS.mask, 0).op('i32.and').i32(2).op('i32.shl');
        code.get(fields).op('i32.load', FIELDS.hashes, 0).op('i32.add').op('i32.load', 0, 0).tee(entry).op('i32.eqz');
        code.if(() => code.i32(0).return());
        code.block((other) => {
          code.get(entry).op('i32.load', FIELD.length, 0).get(to).get(from).op('i32.sub').op('i32.ne').brIf(other);
          matches(code, { entry, at: from, piece, nameEnd, text }, other);
          code.get(entry).return();
        });
        code.get(hash).i32(1).op('i32.add').set(hash).br(next);
      });
      code.unreachable();
    },
    { export: false },
  );
}

/** Any value: sets `from`, `to` and `kind`, and goes behind it. */
function value(scan: Scan, left: Label): void {
  const { code, at, byte, from, to, kind, tables, functions } = scan;
  code.get(at).set(from);
  code.get(byte).i32(QUOTE).op('i32.eq');
  code.if(
    () => {
      code.get(at).i32(1).op('i32.add').tee(from).get(tables).call(functions.string).set(kind);
      code.tee(to).op('i32.eqz').brIf(left);
      code.get(kind).i32(KIND.string).op('i32.add').set(kind);
      code.get(to).i32(1).op('i32.add').set(at);
    },
    () => {
      isNumber(code, byte);
      code.if(
        () => {
          code.i32(KIND.number).set(kind);
          code.get(at).call(functions.number).set(to);
        },
        () => {
          code.get(byte).i32(32).op('i32.or').i32(OPEN_OBJECT).op('i32.eq');
          code.if(
            () => {
              code.i32(KIND.nested).set(kind);
              code.get(at).get(tables).call(functions.nested).set(to);
            },
            () => {
              code.i32(KIND.none).i32(KIND.word).get(byte).i32(110).op('i32.eq').select().set(kind);
              code.get(at).call(functions.word).set(to);
            },
          );
        },
      );
      code.get(to).tee(at).op('i32.eqz').brIf(left);
    },
  );
}

/** Writes the value down where its field is wanted. One that has a value already is for JavaScript. */
function note({ code, text, out, slot, from, to, kind }: Scan, left: Label): void {
  code.get(slot).i32(0).op('i32.ge_s');
  code.if(() => {
    code.get(out).get(slot).op('i32.add').tee(slot).op('i32.load', 0, 0).brIf(left);
    code.get(kind);
    code.if(() => {
      code.get(slot).get(from).get(text).op('i32.sub').get(kind).i32(KIND_SHIFT).op('i32.shl').op('i32.or');
      code.op('i32.store', 0, 0);
      code.get(slot).get(to).get(text).op('i32.sub').op('i32.store', 4, 0);
    });
  });
}
