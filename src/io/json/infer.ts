import {
  arrayType,
  booleanType,
  type DataType,
  decimalType,
  type Field,
  field,
  float64Type,
  int64Type,
  MAX_PRECISION,
  nullType,
  type Platform,
  parseScalar,
  type StructType,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
} from '../../base/index.js';
import { isPlain } from '../byte-stream.js';
import type { DataFile } from '../paths.js';
import { JsonFault } from './fault.js';
import type { JsonReadOptions } from './options.js';
import { chunksOf, DocumentRecords, firstByte, LineRecords, type RecordHandler } from './records.js';
import { JsonScanner, MAX_DEPTH, TOKEN } from './scanner.js';

/** Files are looked at in full up to this many bytes together, beyond it in pieces of all parts. */
const FULL_BYTES = 16 << 20;
const PIECE_BYTES = 1 << 20;
/** Where types are found out there is no memory of a session yet: records longer than this need a schema. */
const MOST_RECORD_BYTES = 128 << 20;
/** The caller's thread gives way to other work after so long. */
const SLICE_MS = 20;
const CLOSE_ARRAY = 93;
const CLOSE_OBJECT = 125;
const MAX_INT64 = 2n ** 63n;
/** The digits of numbers that fit 64 bits whatever they are. */
const SAFE_DIGITS = 18;

export interface Inferred {
  readonly fields: readonly Field[];
  /** Not all records were looked at, though the user did not ask for a sample. */
  readonly sampled: boolean;
  readonly malformed: JsonFault | undefined;
  /** There are objects, and none has a field. */
  readonly onlyEmpty: boolean;
}

/** What was seen of the values at one place. */
class Shape {
  strings = 0;
  booleans = 0;
  /** Integers of at most 64 bits. */
  integers = 0;
  doubles = 0;
  /** Digits before and behind the point of the numbers that are decimals. */
  decimalDigits = 0;
  decimalScale = 0;
  decimals = 0;
  /** Fractions without an exponent: decimals beside an integer of more than 64 bits, else doubles. */
  fractions = 0;
  timestamps = 0;
  localTimestamps = 0;
  fields: Map<string, Shape> | undefined;
  element: Shape | undefined;
}

/** The schema of JSON files, as Spark infers it. */
export async function inferSchema(
  files: readonly DataFile[],
  options: JsonReadOptions,
  platform: Platform,
): Promise<Inferred> {
  const total = files.reduce((bytes, file) => bytes + file.size, 0);
  const ratio = options.samplingRatio ?? Math.min(1, FULL_BYTES / Math.max(1, total));
  const seen = new ShapeHandler(options);
  let sliceStart = platform.clock.monotonic();
  const rest = async (): Promise<void> => {
    if (platform.clock.monotonic() - sliceStart < SLICE_MS) return;
    await new Promise<void>((resume) => setImmediate(resume));
    sliceStart = platform.clock.monotonic();
  };
  let debt = 0;
  for (const file of files) {
    debt += file.size * ratio;
    if (debt <= 0 && file.size > 0) continue;
    const readable = platform.files.open(file.path);
    try {
      for (const [start, end] of ranges(file, options, ratio)) {
        debt -= Math.min(end, file.size) - start;
        const scanner = new JsonScanner(options.syntax);
        const source = { path: file.path, mostBytes: MOST_RECORD_BYTES };
        const finder = options.multiLine
          ? new DocumentRecords(source, scanner, seen)
          : new LineRecords(source, start, end, scanner, seen);
        for await (const chunk of chunksOf(readable, options, firstByte(start))) {
          for (const _ of finder.feed(chunk)) await rest();
          if (finder.done) break;
          await rest();
        }
        if (!finder.done) for (const _ of finder.feed(undefined)) await rest();
      }
    } finally {
      readable.close();
    }
  }
  return {
    fields: seen.fields(),
    sampled: ratio < 1 && options.samplingRatio === undefined,
    malformed: seen.fault,
    onlyEmpty: seen.objects === 'empty',
  };
}

/** The parts of a file that are looked at: all of it, or pieces spread over it evenly. */
function ranges(file: DataFile, options: JsonReadOptions, ratio: number): [start: number, end: number][] {
  const pieces = Math.ceil((file.size * ratio) / PIECE_BYTES);
  const distance = file.size / Math.max(1, pieces);
  const plain = isPlain(file.path, options.encoding);
  // What is unpacked may be any number of times as long as its file.
  if (ratio === 1 && !plain) return [[0, Number.POSITIVE_INFINITY]];
  if (ratio === 1 || distance <= PIECE_BYTES || options.multiLine || !plain) return [[0, file.size]];
  return Array.from({ length: pieces }, (_, i) => {
    const start = Math.floor(i * distance);
    return [start, Math.min(file.size, start + PIECE_BYTES)];
  });
}

/** Records between two looks at the clock. */
const PAUSE_RECORDS = 200;

class ShapeHandler implements RecordHandler {
  readonly #root: Shape = new Shape();
  fault: JsonFault | undefined;
  objects: 'empty' | 'with fields' | undefined;
  /** Fields that are there for values that are no objects. */
  #others = 0;
  #records = 0;

  constructor(private readonly options: JsonReadOptions) {
    this.#root.fields = new Map();
  }

  get full(): boolean {
    return ++this.#records % PAUSE_RECORDS === 0;
  }

  value(scanner: JsonScanner): void {
    const start = scanner.at;
    // Nothing of a record counts that goes on, or that is malformed.
    scanner.skip();
    const end = scanner.at;
    scanner.at = start;
    if (scanner.peek() === 123) {
      look(scanner, this.#root, this.options, 0);
      if ((this.#root.fields as Map<string, Shape>).size > this.#others) this.objects = 'with fields';
      else this.objects ??= 'empty';
    } else if (this.options.valueColumn !== undefined) {
      const fields = this.#root.fields as Map<string, Shape>;
      if (fields.size === 0) this.#others = 1;
      look(scanner, childOf(fields, this.options.valueColumn), this.options, 0);
    } else this.fault ??= JsonFault.of('a record is no object', start);
    scanner.at = end;
  }

  commit(): void {}

  malformed(fault: JsonFault): void {
    this.fault ??= fault;
  }

  fields(): Field[] {
    const root = structOf(this.#root.fields as Map<string, Shape>, this.options);
    return root.fields.map((f) => field(f.name, withoutNull(f.type), true));
  }
}

function childOf(fields: Map<string, Shape>, name: string): Shape {
  let child = fields.get(name);
  if (child === undefined) {
    child = new Shape();
    fields.set(name, child);
  }
  return child;
}

/** Notes what the value the scanner stands before is. Not deeper than the scanner allows. */
function look(scanner: JsonScanner, shape: Shape, options: JsonReadOptions, depth: number): void {
  if (depth > MAX_DEPTH) throw JsonFault.of(`values are nested more than ${MAX_DEPTH} deep`, scanner.at);
  switch (scanner.token()) {
    case TOKEN.null:
      return;
    case TOKEN.true:
    case TOKEN.false:
      if (options.primitivesAsString) shape.strings++;
      else shape.booleans++;
      return;
    case TOKEN.number:
      if (options.primitivesAsString) shape.strings++;
      else lookAtNumber(scanner, shape, options);
      return;
    case TOKEN.string:
      lookAtString(scanner, shape, options);
      return;
    case TOKEN.array: {
      shape.element ??= new Shape();
      if (scanner.closes(CLOSE_ARRAY)) return;
      do look(scanner, shape.element, options, depth + 1);
      while (scanner.nextElement());
      return;
    }
    default: {
      shape.fields ??= new Map();
      if (scanner.closes(CLOSE_OBJECT)) return;
      do {
        scanner.key();
        look(scanner, childOf(shape.fields, scanner.text()), options, depth + 1);
      } while (scanner.nextField());
    }
  }
}

function lookAtNumber(scanner: JsonScanner, shape: Shape, options: JsonReadOptions): void {
  const { from, to, integral } = scanner;
  if (integral && to - from <= SAFE_DIGITS) {
    shape.integers++;
    return;
  }
  if (!integral && !options.prefersDecimal) {
    lookAtFraction(scanner, shape);
    return;
  }
  const text = scanner.bytes.latin1Slice(from, to);
  if (!integral) {
    if (!lookAtDecimal(text, shape)) shape.doubles++;
    return;
  }
  const digits = text.replace('-', '').length;
  if (digits > MAX_PRECISION) {
    shape.doubles++;
    return;
  }
  const value = BigInt(text);
  if (value < MAX_INT64 && value >= -MAX_INT64) {
    shape.integers++;
    return;
  }
  shape.decimals++;
  shape.decimalDigits = Math.max(shape.decimalDigits, digits);
}

const [POINT, SMALL_E, MINUS] = [46, 101, 45];

function lookAtFraction({ bytes, from, to }: JsonScanner, shape: Shape): void {
  let point = to;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === POINT) point = at;
    // Either case.
    if ((byte | 32) !== SMALL_E) continue;
    shape.doubles++;
    return;
  }
  shape.fractions++;
  shape.decimalDigits = Math.max(shape.decimalDigits, point - from - (bytes[from] === MINUS ? 1 : 0));
  shape.decimalScale = Math.max(shape.decimalScale, to - point - 1);
}

/** A fraction that 38 digits hold exactly. */
function lookAtDecimal(text: string, shape: Shape): boolean {
  const parts = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return false;
  const [, whole = '', fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent);
  const scale = Math.max(0, fraction.length - shift);
  const before = Math.max(whole === '0' ? 0 : whole.length, whole.length + shift);
  if (before + scale > MAX_PRECISION) return false;
  shape.decimals++;
  shape.decimalDigits = Math.max(shape.decimalDigits, before);
  shape.decimalScale = Math.max(shape.decimalScale, scale);
  return true;
}

function lookAtString(scanner: JsonScanner, shape: Shape, options: JsonReadOptions): void {
  if (options.inferTimestamp && scanner.to - scanner.from >= 10 && !scanner.escaped) {
    const text = scanner.text();
    if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) {
      const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
      if (parseScalar(zoned ? timestampType : timestampNtzType, text, options.timeZone) !== undefined) {
        if (zoned) shape.timestamps++;
        else shape.localTimestamps++;
        return;
      }
    }
  }
  shape.strings++;
}

/** The type of all values seen at a place; undefined when there were none but nulls. */
function typeOf(shape: Shape, options: JsonReadOptions): DataType | undefined {
  const numbers = shape.integers + shape.doubles + shape.decimals + shape.fractions > 0;
  const clocks = shape.timestamps + shape.localTimestamps > 0;
  const kinds = [shape.strings > 0, shape.booleans > 0, numbers, clocks, shape.fields, shape.element].filter(Boolean);
  if (kinds.length === 0) return undefined;
  if (kinds.length > 1 || shape.strings > 0) return stringType;
  if (shape.booleans > 0) return booleanType;
  if (numbers) return numberType(shape);
  if (clocks) return shape.timestamps > 0 ? timestampType : timestampNtzType;
  if (shape.element !== undefined) {
    const element = typeOf(shape.element, options);
    if (element === undefined && options.dropFieldIfAllNull) return undefined;
    return arrayType(element ?? nullType, true);
  }
  const fields = shape.fields as Map<string, Shape>;
  // Objects without any field are kept as the text they are: a struct without fields would lose them.
  return fields.size === 0 ? stringType : structOf(fields, options);
}

function numberType(shape: Shape): DataType {
  if (shape.doubles > 0) return float64Type;
  if (shape.decimals === 0) return shape.fractions > 0 ? float64Type : int64Type;
  const digits = Math.max(shape.decimalDigits, shape.integers > 0 ? 20 : 1);
  const precision = digits + shape.decimalScale;
  return precision > MAX_PRECISION ? float64Type : decimalType(precision, shape.decimalScale);
}

function structOf(children: Map<string, Shape>, options: JsonReadOptions): StructType {
  const entries = [...children];
  if (options.sortFields) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const fields: Field[] = [];
  for (const [name, child] of entries) {
    const type = typeOf(child, options);
    if (type === undefined && options.dropFieldIfAllNull) continue;
    fields.push(field(name, type ?? nullType, true));
  }
  return structType(fields);
}

/** What was null wherever it was seen is taken as text. */
function withoutNull(type: DataType): DataType {
  switch (type.kind) {
    case 'null':
      return stringType;
    case 'array':
      return arrayType(withoutNull(type.element), true);
    case 'struct':
      return structType(type.fields.map((f) => field(f.name, withoutNull(f.type), true)));
    default:
      return type;
  }
}
