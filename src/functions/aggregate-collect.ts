import {
  binaryType,
  carrierOf,
  type DataType,
  decodeNested,
  int32Type,
  int64Type,
  type Scalar,
} from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { storeZero } from './aggregate-emit.js';
import type { AggregateFunction, ArgType, Call, FunctionDocs, Mismatch, Resolution } from './define.js';
import { part, value, widen } from './emit.js';
import type { Emitter, StateAccess, Value } from './value.js';

/*
 * Aggregates that need all values of a group at once (percentiles, mode, lists). Their state is a chain of blocks in
 * memory that lives as long as the groups: adding a row appends a record to the last block or begins another, merging joins
 * two chains, and finishing hands all records to JavaScript. A block is the address of the next one, the length of its
 * data, and records: the length of each, then for each argument a null flag and the raw value; doubles that cannot be null
 * lie side by side without either. In the word before a
 * block that a task fills stands how long its data may become; nothing is appended to blocks that were on disk.
 */

/** State fields: the addresses of the first and last block, how many there are, and their bytes with their headers. */
const FIRST = 0;
const LAST = 1;
const COUNT = 2;
const BYTES = 3;
const stateTypes: readonly DataType[] = [int32Type, int32Type, int64Type, int64Type];

const HEADER = 8;
const CAPACITY = 4;
/** Blocks grow to this many bytes: groups of few rows take little, and the records of others lie together. */
const MOST_BLOCK = 2048;
/** The first block of doubles that lie side by side. */
const FIRST_DOUBLES = 32;
const FIXED: Readonly<Record<string, number>> = { i32: 4, f32: 4, i64: 8, f64: 8, i128: 16, none: 0 };

interface Collecting extends FunctionDocs {
  readonly resolve: (args: readonly ArgType[], settings: { readonly ansi: boolean }) => Resolution | Mismatch;
  /** Rows where one of these arguments is null do not count. */
  readonly required: readonly number[];
  readonly ordered?: boolean;
  /** Leaves out what later rows cannot need, or combines them: called on the rows of one task. */
  readonly finish: (rows: Scalar[][], call: Call) => Scalar;
}

/** An aggregate over the list of its arguments' values. */
export function collecting(entry: Collecting): AggregateFunction {
  const { resolve, required, finish } = entry;
  return {
    kind: 'aggregate',
    name: entry.name,
    sql: entry.sql,
    summary: entry.summary,
    examples: entry.examples,
    ...(entry.ordered === undefined ? {} : { ordered: entry.ordered }),
    resolve: (args, settings) => {
      const resolution = resolve(args, settings);
      return 'mismatch' in resolution ? resolution : { ...resolution, state: stateTypes };
    },
    collect: { finish, required },
    stateBytes: recordsOf,
    eval: {
      init: () => [[]],
      update: (state, args) => {
        if (required.every((i) => args[i] !== null)) (state[0] as Scalar[][]).push([...args]);
      },
      merge: (state, other) => void (state[0] as Scalar[][]).push(...(other[0] as Scalar[][])),
      finish: ([rows], call) => finish(rows as Scalar[][], call),
    },
    emit: {
      init: (e, state) => stateTypes.forEach((_, i) => void storeZero(e, state, i)),
      update: (e, state, args, call) => emitUpdate(e, state, args, call, required),
      merge: (e, state, other) => emitMerge(e, state, other),
      finish: (e, state, call) => emitFinish(e, state, call),
    },
  };
}

const constant = (e: Emitter, n: number): Local => {
  const local = e.code.local('i32');
  e.code.i32(n).set(local);
  return local;
};

function emitUpdate(
  e: Emitter,
  state: StateAccess,
  args: readonly Value[],
  call: Call,
  required: readonly number[],
): void {
  const { code } = e;
  const flags = required.map((i) => args[i]?.isNull).filter((flag) => flag !== undefined);
  if (flags.length === 0) return append(e, state, args, call, required);
  for (const [i, flag] of flags.entries()) {
    code.get(flag);
    if (i > 0) code.op('i32.or');
  }
  code.op('i32.eqz').if(() => e.scoped(() => append(e, state, args, call, required)));
}

/** Constants behind the first argument are known to the call; the others are kept. */
const kept = (call: Call): number[] =>
  call.argTypes.flatMap((_, i) => (i === 0 || call.literals[i] === undefined ? [i] : []));

/** Whether records are doubles and nothing else. */
export function areDoubles(call: Call, required: readonly number[]): boolean {
  const [only, ...others] = kept(call);
  return (
    only !== undefined && others.length === 0 && required.includes(only) && call.argTypes[only]?.kind === 'float64'
  );
}

function append(e: Emitter, state: StateAccess, args: readonly Value[], call: Call, required: readonly number[]): void {
  const { code } = e;
  const values = kept(call).map((i) => widen(e, args[i] as Value));
  if (areDoubles(call, required)) {
    const double = constant(e, 8);
    code.get(room(e, state, double, constant(e, FIRST_DOUBLES)));
    code.get(part(values[0] as Value)).op('f64.store', 0, 0);
    return addBytes(e, state, () => code.get(double));
  }
  const size = constant(e, 4);
  for (const v of values) {
    code
      .get(size)
      .i32(1 + (v.carrier === 'bytes' ? 4 : (FIXED[v.carrier] as number)))
      .op('i32.add');
    if (v.carrier === 'bytes') code.get(lengthOf(e, v)).op('i32.add');
    code.set(size);
  }
  const at = room(e, state, size);
  code.get(at).get(size).i32(4).op('i32.sub').op('i32.store', 0, 0);
  code.get(at).i32(4).op('i32.add').set(at);
  for (const v of values) write(e, at, v);
  addBytes(e, state, () => code.get(size));
}

/** Where a record of so many bytes goes: behind those of the last block, or into a new one of at least `least`. */
function room(e: Emitter, state: StateAccess, size: Local, least = size): Local {
  const { code } = e;
  const count = part(state.load(COUNT));
  const last = part(state.load(LAST));
  const [at, used, most] = [code.local('i32'), code.local('i32'), code.local('i32')];
  code.i32(0).set(used).i32(0).set(most);
  code
    .get(count)
    .op('i64.eqz')
    .op('i32.eqz')
    .if(() => {
      code.get(last).op('i32.load', 4, 0).set(used);
      code.get(last).i32(CAPACITY).op('i32.sub').op('i32.load', 0, 0).set(most);
    });
  code
    .get(used)
    .get(size)
    .op('i32.add')
    .get(most)
    .op('i32.le_u')
    .if(
      () => {
        code.get(last).get(used).get(size).op('i32.add').op('i32.store', 4, 0);
        code.get(last).i32(HEADER).op('i32.add').get(used).op('i32.add').set(at);
      },
      () => e.scoped(() => newBlock(e, state, { size, least, count, last, most, at })),
    );
  return at;
}

interface NewBlock {
  readonly size: Local;
  readonly least: Local;
  readonly count: Local;
  readonly last: Local;
  /** The capacity of the block before, then of the new one. */
  readonly most: Local;
  readonly at: Local;
}

/** Begins a block twice as large as the last, with one record of `size` bytes whose place is set. */
function newBlock(e: Emitter, state: StateAccess, { size, least, count, last, most, at }: NewBlock): void {
  const { code } = e;
  code.get(most).i32(1).op('i32.shl').set(most);
  code.i32(MOST_BLOCK).get(most).get(most).i32(MOST_BLOCK).op('i32.gt_u').select().set(most);
  code.get(least).get(most).get(least).get(most).op('i32.gt_u').select().set(most);
  const length = code.local('i32');
  code
    .get(most)
    .i32(CAPACITY + HEADER)
    .op('i32.add')
    .set(length);
  const made = e.allocBytes(length);
  code.get(made).get(most).op('i32.store', 0, 0);
  code.get(made).i32(0).op('i32.store', 4, 0);
  code.get(made).get(size).op('i32.store', 8, 0);
  const address = code.local('i32');
  code.get(state.keep(made, length)).i32(CAPACITY).op('i32.add').set(address);
  code
    .get(count)
    .op('i64.eqz')
    .if(
      () => state.store(FIRST, [address]),
      () => void code.get(last).get(address).op('i32.store', 0, 0),
    );
  state.store(LAST, [address]);
  store64(e, state, COUNT, () => code.get(count).i64(1).op('i64.add'));
  addBytes(e, state, () => code.i32(HEADER));
  code.get(address).i32(HEADER).op('i32.add').set(at);
}

const addBytes = (e: Emitter, state: StateAccess, push: () => void): void =>
  store64(e, state, BYTES, () => {
    e.code.get(part(state.load(BYTES)));
    push();
    e.code.op('i64.extend_i32_u').op('i64.add');
  });

function store64(e: Emitter, state: StateAccess, field: number, push: () => void): void {
  const local = e.code.local('i64');
  push();
  e.code.set(local);
  state.store(field, [local]);
}

/** The length of a text, 0 where it is null. */
function lengthOf(e: Emitter, v: Value): Local {
  if (v.isNull === undefined) return part(v, 1);
  const length = e.code.local('i32');
  e.code.i32(0).get(part(v, 1)).get(v.isNull).select().set(length);
  return length;
}

/** Writes a null flag and the raw value, and moves on. */
function write(e: Emitter, at: Local, v: Value): void {
  const { code } = e;
  code.get(at);
  if (v.isNull === undefined) code.i32(0);
  else code.get(v.isNull);
  code.op('i32.store8', 0);
  if (v.carrier === 'bytes') {
    const length = lengthOf(e, v);
    code.get(at).get(length).op('i32.store', 1, 0);
    code.get(at).i32(5).op('i32.add').get(part(v)).get(length).op('memory.copy');
    code.get(at).i32(5).op('i32.add').get(length).op('i32.add').set(at);
    return;
  }
  for (const [i, local] of v.parts.entries()) {
    code
      .get(at)
      .get(local)
      .op(`${local.type as 'i32' | 'i64' | 'f32' | 'f64'}.store`, 1 + i * 8, 0);
  }
  code
    .get(at)
    .i32(1 + (FIXED[v.carrier] as number))
    .op('i32.add')
    .set(at);
}

/** Joins the later chain to the earlier one; doing it again changes nothing, so a task that died may be repeated. */
function emitMerge(e: Emitter, state: StateAccess, other: readonly Value[]): void {
  const { code } = e;
  const [first, last, count, bytes] = other.map((v) => part(v)) as [Local, Local, Local, Local];
  code
    .get(count)
    .op('i64.eqz')
    .op('i32.eqz')
    .if(() => {
      const known = part(state.load(COUNT));
      code
        .get(known)
        .op('i64.eqz')
        .if(
          () => state.store(FIRST, [first]),
          () =>
            void code
              .get(part(state.load(LAST)))
              .get(first)
              .op('i32.store', 0, 0),
        );
      state.store(LAST, [last]);
      store64(e, state, COUNT, () => code.get(known).get(count).op('i64.add'));
      store64(e, state, BYTES, () =>
        code
          .get(part(state.load(BYTES)))
          .get(bytes)
          .op('i64.add'),
      );
    });
}

/** All records one after the other, each with its length before it, for JavaScript. */
function emitFinish(e: Emitter, state: readonly Value[], call: Call): Value {
  const { code } = e;
  const [first, , count, bytes] = state.map((v) => part(v)) as [Local, Local, Local, Local];
  const total = code.local('i32');
  code.get(bytes).op('i32.wrap_i64').set(total);
  const blob = e.allocBytes(total);
  const [at, from, left, length] = [code.local('i32'), code.local('i32'), code.local('i64'), code.local('i32')];
  code.get(blob).set(at).get(first).set(from).get(count).set(left);
  code.block((done) => {
    code.loop((again) => {
      code.get(left).op('i64.eqz').brIf(done);
      code.get(from).op('i32.load', 4, 0).set(length);
      code.get(at).get(from).i32(HEADER).op('i32.add').get(length).op('memory.copy');
      code.get(at).get(length).op('i32.add').set(at);
      code.get(from).op('i32.load', 0, 0).set(from);
      code.get(left).i64(1).op('i64.sub').set(left).br(again);
    });
  });
  code.get(at).get(blob).op('i32.sub').set(total);
  const inner: Call = {
    fn: call.fn,
    argTypes: [binaryType],
    literals: [undefined],
    returns: call.returns,
    settings: call.settings,
    collected: call,
  };
  return e.js(inner, [value(binaryType, 'bytes', [blob, total])]);
}

/** What `emitFinish` makes of a chain: its records one after the other, each with its length before it. */
function recordsOf(memory: Uint8Array, [first, , count]: readonly Scalar[]): Uint8Array {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const records: Uint8Array[] = [];
  let at = (first as number) >>> 0;
  for (let left = count as bigint; left > 0n; left--) {
    records.push(memory.slice(at + HEADER, at + HEADER + view.getUint32(at + 4, true)));
    at = view.getUint32(at, true);
  }
  return new Uint8Array(Buffer.concat(records));
}

/** The rows of a blob of records, constants put in where they belong. */
export function readRecords(blob: Uint8Array, call: Call, required: readonly number[]): Scalar[][] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const positions = kept(call);
  const constants = call.literals.map((literal) => literal ?? null);
  const rows: Scalar[][] = [];
  if (areDoubles(call, required))
    return Array.from({ length: blob.length / 8 }, (_, i) =>
      constants.with(positions[0] as number, view.getFloat64(i * 8, true)),
    );
  for (let at = 0; at < blob.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    at += 4;
    const row = [...constants];
    for (const i of positions) {
      const type = call.argTypes[i] as DataType;
      const isNull = view.getUint8(at) !== 0;
      const [scalar, next] = readValue(view, blob, at + 1, type);
      row[i] = isNull ? null : scalar;
      at = next;
    }
    rows.push(row);
    at = end;
  }
  return rows;
}

function readValue(view: DataView, blob: Uint8Array, at: number, type: DataType): readonly [Scalar, number] {
  switch (carrierOf(type)) {
    case 'i32': {
      const word = view.getInt32(at, true);
      return [type.kind === 'boolean' ? word !== 0 : word, at + 4];
    }
    case 'f32':
      return [view.getFloat32(at, true), at + 4];
    case 'i64':
      return [view.getBigInt64(at, true), at + 8];
    case 'f64':
      return [view.getFloat64(at, true), at + 8];
    case 'i128':
      return [(view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true), at + 16];
    case 'bytes': {
      const end = at + 4 + view.getUint32(at, true);
      return [textOrBytes(type, blob.slice(at + 4, end)), end];
    }
    default:
      return [null, at];
  }
}

function textOrBytes(type: DataType, bytes: Uint8Array): Scalar {
  if (type.kind === 'string') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return type.kind === 'binary' || bytes.length === 0 ? bytes : decodeNested(type, bytes);
}

/** The result of an aggregate over a blob of its records. */
export function finishRecords(entry: AggregateFunction, blob: Uint8Array, call: Call): Scalar {
  if (entry.finishBytes !== undefined) return entry.finishBytes(blob, call);
  const { collect } = entry;
  return collect?.finish(readRecords(blob, call, collect.required), call) ?? null;
}
