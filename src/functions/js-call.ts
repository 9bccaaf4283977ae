import {
  bytesDecoder,
  type Carrier,
  carrierOf,
  type DataType,
  encodeNested,
  engineBug,
  type Scalar,
  type SharedHeap,
  SparrowError,
  unreachable,
} from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { finishRecords } from './aggregate-collect.js';
import type { Call, ScalarFunction } from './define.js';
import { part, value } from './emit.js';
import { withLambdas } from './evaluate.js';
import type { ModuleContext } from './module-context.js';
import { aggregateFunction, scalarFunction } from './registry.js';
import { MAX_SLOTS, SLOT_BYTES, STATE } from './runtime.js';
import type { Emitter, Value } from './value.js';

/** Offset of a slot's value behind its null flag. */
const VALUE = 8;

/** Arguments the host does not already know from the call. */
const passed = (call: Call): number[] => call.argTypes.flatMap((_, k) => (call.literals[k] === undefined ? [k] : []));

/** Emits the slot protocol of runtime.ts around a call of JS. */
export function emitJsCall(e: Emitter, context: ModuleContext, call: Call, args: readonly Value[]): Value {
  const { code, state } = e;
  const positions = passed(call);
  const base = positions.length > MAX_SLOTS ? moreSlots(e, positions.length) : state;
  const first = positions.length > MAX_SLOTS ? 0 : STATE.SLOTS;
  for (const [slot, k] of positions.entries()) {
    const arg = args[k] as Value;
    const at = first + slot * SLOT_BYTES;
    code.get(base);
    if (arg.isNull === undefined) code.i32(0);
    else code.get(arg.isNull);
    code.op('i32.store', at);
    storeParts(e, arg, base, at + VALUE);
  }
  code.get(state).i32(context.callSite(call)).call(context.imports.callJs);
  return loadResult(e, call.returns);
}

/** Slots outside the state block, for calls of many arguments: their address is the value of slot 0. */
function moreSlots(e: Emitter, count: number): Local {
  const { code, state } = e;
  const length = code.local('i32');
  code.i32(count * SLOT_BYTES + 8).set(length);
  const address = e.allocBytes(length);
  code.get(address).i32(7).op('i32.add').i32(-8).op('i32.and').set(address);
  code
    .get(state)
    .get(address)
    .op('i32.store', STATE.SLOTS + VALUE);
  return address;
}

function storeParts(e: Emitter, arg: Value, base: Local, at: number): void {
  const { code } = e;
  const store = (i: number, offset: number, op: 'i32.store' | 'i64.store' | 'f32.store' | 'f64.store'): void => {
    code.get(base).get(part(arg, i)).op(op, offset);
  };
  switch (arg.carrier) {
    case 'i128':
      store(0, at, 'i64.store');
      store(1, at + 8, 'i64.store');
      return;
    case 'bytes':
      store(0, at, 'i32.store');
      store(1, at + 4, 'i32.store');
      return;
    case 'none':
      return;
    default:
      store(0, at, `${arg.carrier}.store`);
      return;
  }
}

function loadResult(e: Emitter, type: DataType): Value {
  const { code, state } = e;
  const carrier = carrierOf(type);
  const parts = e.newParts(carrier);
  const at = STATE.SLOTS + VALUE;
  const width = carrier === 'bytes' ? 4 : 8;
  for (const [i, local] of parts.entries()) {
    code
      .get(state)
      .op(`${local.type as 'i32' | 'i64' | 'f32' | 'f64'}.load`, at + i * width)
      .set(local);
  }
  const isNull = code.local('i32');
  code.get(state).op('i32.load', STATE.SLOTS).set(isNull);
  return value(type, carrier, parts, isNull);
}

type Decode = (heap: SharedHeap, at: number) => Scalar;
type Encode = (heap: SharedHeap, at: number, result: Scalar, state: number) => void;
/** Fresh bytes of the task's expression heap. */
export type AllocBytes = (bytes: number, state: number) => number;

/** What calls remember for the rest of a task. */
export interface TaskMemory {
  /** The task's place in its stage. */
  readonly place: number;
  readonly kept: Map<string, (args: readonly Scalar[]) => Scalar>;
}

interface Site {
  readonly perTask: ScalarFunction['perTask'];
  readonly call: Call;
  readonly eval: ScalarFunction['eval'];
  readonly positions: readonly number[];
  readonly decode: readonly Decode[];
  readonly encode: Encode;
}

/** The JS side of `call_js`: what a module with these call sites imports under that name. */
export function callJsHost(
  heap: SharedHeap,
  callSites: readonly Call[],
  allocBytes: AllocBytes,
  memoryOf: (state: number) => TaskMemory | undefined = () => undefined,
): (state: number, site: number) => void {
  const sites: (Site | undefined)[] = [];
  return (signedState, number) => {
    const state = signedState >>> 0;
    const result = state + STATE.SLOTS;
    const site = sites[number] ?? prepareSite(heap, callSites[number], allocBytes);
    sites[number] = site;
    try {
      const args = readArguments(heap, site, state);
      const scalar =
        site.perTask === undefined ? site.eval(args, site.call) : remembered(site, number, memoryOf(state))(args);
      heap.i32[result >>> 2] = scalar === null ? 1 : 0;
      if (scalar !== null) site.encode(heap, result + VALUE, scalar, state);
      else {
        // An argument still lies here, and it need not be a readable range of bytes.
        heap.f64[(result + VALUE) >>> 3] = 0;
        heap.f64[(result + VALUE + 8) >>> 3] = 0;
      }
    } catch (error) {
      // The interpreter, which needs no room for the value, would not find that there is none.
      if (error instanceof SparrowError && error.code === 'MEMORY_LIMIT_EXCEEDED') throw error;
      // The interpreter replays the morsel and raises the precise error.
      heap.i32[(state + STATE.ERROR) >>> 2] = 1;
      heap.i32[result >>> 2] = 1;
      heap.u8.fill(0, result + VALUE, result + SLOT_BYTES);
    }
  };
}

/** The call of this place of the program, as the task goes on with it; code of no task goes on for ever. */
function remembered(site: Site, number: number, memory: TaskMemory | undefined): (args: readonly Scalar[]) => Scalar {
  if (memory === undefined) return (args) => site.eval(args, site.call);
  const key = `${number}:${site.call.fn}`;
  const known = memory.kept.get(key) ?? (site.perTask as NonNullable<Site['perTask']>)(site.call, memory.place);
  memory.kept.set(key, known);
  return known;
}

function readArguments(heap: SharedHeap, site: Site, state: number): Scalar[] {
  const { positions } = site;
  const args = site.call.literals.slice() as Scalar[];
  let slot = state + STATE.SLOTS;
  if (positions.length > MAX_SLOTS) slot = heap.u32[(slot + VALUE) >>> 2] as number;
  for (let i = 0; i < positions.length; i++) {
    const isNull = heap.i32[slot >>> 2] !== 0;
    args[positions[i] as number] = isNull ? null : (site.decode[i] as Decode)(heap, slot + VALUE);
    slot += SLOT_BYTES;
  }
  return args;
}

function prepareSite(heap: SharedHeap, call: Call | undefined, allocBytes: AllocBytes): Site {
  if (call === undefined) throw engineBug('call of a site the module does not have');
  const positions = passed(call);
  return {
    call: withLambdas(call),
    perTask: call.collected === undefined ? scalarFunction(call.fn).perTask : undefined,
    eval: evaluatorOf(call),
    positions,
    decode: positions.map((k) => decoder(heap, call.argTypes[k] as DataType)),
    encode: encoder(call.returns, allocBytes),
  };
}

function evaluatorOf(call: Call): ScalarFunction['eval'] {
  const { collected } = call;
  if (collected === undefined) return scalarFunction(call.fn).eval;
  const entry = aggregateFunction(call.fn);
  return ([records]) => finishRecords(entry, records as Uint8Array, collected);
}

function decoder(heap: SharedHeap, type: DataType): Decode {
  const carrier: Carrier = carrierOf(type);
  switch (carrier) {
    case 'i32':
      if (type.kind === 'boolean') return (h, at) => h.i32[at >>> 2] !== 0;
      return (h, at) => h.i32[at >>> 2] as number;
    case 'i64':
      return (h, at) => h.i64[at >>> 3] as bigint;
    case 'i128':
      return (h, at) => ((h.i64[(at >>> 3) + 1] as bigint) << 64n) | (h.u64[at >>> 3] as bigint);
    case 'f32':
      return (h, at) => h.f32[at >>> 2] as number;
    case 'f64':
      return (h, at) => h.f64[at >>> 3] as number;
    case 'none':
      return () => null;
    case 'bytes': {
      const decode = bytesDecoder(heap, type);
      return (h, at) => {
        const start = h.u32[at >>> 2] as number;
        return decode(start, start + (h.u32[(at >>> 2) + 1] as number));
      };
    }
    default:
      return unreachable(carrier);
  }
}

function encoder(type: DataType, alloc: AllocBytes): Encode {
  const carrier = carrierOf(type);
  switch (carrier) {
    case 'i32':
      return (h, at, scalar) => {
        h.i32[at >>> 2] = Number(scalar);
      };
    case 'i64':
      return (h, at, scalar) => {
        h.i64[at >>> 3] = scalar as bigint;
      };
    case 'i128':
      return (h, at, scalar) => {
        h.i64[at >>> 3] = scalar as bigint;
        h.i64[(at >>> 3) + 1] = (scalar as bigint) >> 64n;
      };
    case 'f32':
      return (h, at, scalar) => {
        h.f32[at >>> 2] = scalar as number;
      };
    case 'f64':
      return (h, at, scalar) => {
        h.f64[at >>> 3] = scalar as number;
      };
    case 'none':
      return () => {};
    case 'bytes':
      return (h, at, scalar, state) => {
        const [start, length] = writeBytes(h, type, scalar, (bytes) => alloc(bytes, state));
        h.u32[at >>> 2] = start;
        h.u32[(at >>> 2) + 1] = length;
      };
    default:
      return unreachable(carrier);
  }
}

function writeBytes(
  heap: SharedHeap,
  type: DataType,
  scalar: Scalar,
  alloc: (bytes: number) => number,
): [number, number] {
  if (typeof scalar === 'string') {
    const length = Buffer.byteLength(scalar);
    const start = alloc(length) >>> 0;
    if (length > 0) heap.buffer.write(scalar, start, length, 'utf8');
    return [start, length];
  }
  const bytes = scalar instanceof Uint8Array ? scalar : encodeNested(type, scalar);
  const start = alloc(bytes.length) >>> 0;
  heap.u8.set(bytes, start);
  return [start, bytes.length];
}
