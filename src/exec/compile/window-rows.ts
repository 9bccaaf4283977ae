import { engineBug } from '../../base/index.js';
import type { Code, Local } from '../../wasm/index.js';
import type { WindowSpecCall } from '../physical.js';
import { BEGINS, eachPartition, nextMark, type WindowEmission } from './window-emission.js';

/** Where a row stands: its partition's entries, and those of its peers. */
interface Place {
  readonly at: Local;
  readonly start: Local;
  readonly end: Local;
  readonly peers: Local;
  readonly peersEnd: Local;
  /** Groups of peers so far. */
  readonly dense: Local;
}

type Emit = (e: WindowEmission, place: Place) => void;

/** The functions of ordered rows that have a compiled form. */
const rowCalls: Readonly<Record<string, Emit>> = {
  rowNumber: (e, { at, start }) =>
    storeInt(e, at, (code) => code.get(at).get(start).op('i32.sub').i32(1).op('i32.add')),
  rank: (e, { at, start, peers }) =>
    storeInt(e, at, (code) => code.get(peers).get(start).op('i32.sub').i32(1).op('i32.add')),
  denseRank: (e, { at, dense }) => storeInt(e, at, (code) => code.get(dense)),
  percentRank: (e, { at, start, end, peers }) =>
    storeDouble(e, at, (code) => {
      code.get(end).get(start).op('i32.sub').i32(1).op('i32.le_u');
      code.if(() => code.f64(0), () => {
        code.get(peers).get(start).op('i32.sub').op('f64.convert_i32_u');
        code.get(end).get(start).op('i32.sub').i32(1).op('i32.sub').op('f64.convert_i32_u').op('f64.div');
      }, ['f64']);
    }),
  cumeDist: (e, { at, start, end, peersEnd }) =>
    storeDouble(e, at, (code) => {
      code.get(peersEnd).get(start).op('i32.sub').op('f64.convert_i32_u');
      code.get(end).get(start).op('i32.sub').op('f64.convert_i32_u').op('f64.div');
    }),
  ntile: emitNtile,
  lag: (e, place) => emitNeighbour(e, place, -1),
  lead: (e, place) => emitNeighbour(e, place, 1),
  nthValue: emitNth,
};

/** Whether such a call has a compiled form: with constants where they are needed. */
export function isCompiledRowCall(call: WindowSpecCall): boolean {
  if (!(call.fn in rowCalls)) return false;
  switch (call.fn) {
    case 'ntile':
      return call.args.length === 0 || (constantOf(call, 0, 0) > 0 && constantOf(call, 0, 0) < 2 ** 31);
    case 'lag':
    case 'lead':
      if (call.args.length > 3) return false;
      return call.args.length < 2 || Math.abs(constantOf(call, 1, 2 ** 31)) < 2 ** 31;
    case 'nthValue':
      return (
        call.args.length === 2 && isRunning(call) && constantOf(call, 1, 0) > 0 && constantOf(call, 1, 0) < 2 ** 31
      );
    default:
      return true;
  }
}

/** From the first row of the partition to the row's last peer. */
const isRunning = ({ frame }: WindowSpecCall): boolean =>
  frame === undefined || (frame.unit === 'range' && frame.start === undefined && frame.end === 0);

/** A constant argument as a number; `otherwise` where it is none. */
function constantOf(call: WindowSpecCall, index: number, otherwise: number): number {
  const arg = call.args[index];
  if (arg?.kind !== 'literal' || (typeof arg.value !== 'number' && typeof arg.value !== 'bigint')) return otherwise;
  const value = Number(arg.value);
  return Number.isInteger(value) ? value : otherwise;
}

export function emitRowCall(e: WindowEmission): void {
  const emit = rowCalls[e.call.fn];
  if (emit === undefined) throw engineBug(`${e.call.fn} has no compiled form over rows`);
  const { code } = e.pipe;
  const [at, peers, peersEnd, dense] = ['i32', 'i32', 'i32', 'i32'].map(() => code.local('i32')) as [
    Local,
    Local,
    Local,
    Local,
  ];
  eachPartition(e, (start, end) => {
    code.get(start).set(peersEnd).i32(0).set(dense);
    code.forRange(
      at,
      () => code.get(start),
      end,
      () => {
        code
          .get(at)
          .get(peersEnd)
          .op('i32.eq')
          .if(() => {
            code.get(at).set(peers).get(dense).i32(1).op('i32.add').set(dense);
            nextMark(e, at, end, BEGINS.PEERS, peersEnd);
          });
        emit(e, { at, start, end, peers, peersEnd, dense });
      },
    );
  });
}

function storeInt(e: WindowEmission, at: Local, push: (code: Code) => void): void {
  const { code } = e.pipe;
  const value = code.local('i32');
  push(code);
  code.set(value);
  e.store(at, { type: e.call.type, carrier: 'i32', parts: [value], isNull: undefined });
}

function storeDouble(e: WindowEmission, at: Local, push: (code: Code) => void): void {
  const { code } = e.pipe;
  const value = code.local('f64');
  push(code);
  code.set(value);
  e.store(at, { type: e.call.type, carrier: 'f64', parts: [value], isNull: undefined });
}

/** The first rows % buckets buckets have one row more. */
function emitNtile(e: WindowEmission, { at, start, end }: Place): void {
  const buckets = e.call.args.length === 0 ? 1 : constantOf(e.call, 0, 1);
  const { code } = e.pipe;
  const row = code.local('i32');
  const size = code.local('i32');
  const larger = code.local('i32');
  const inLarger = code.local('i32');
  code.get(end).get(start).op('i32.sub').i32(buckets).op('i32.div_u').set(size);
  code.get(end).get(start).op('i32.sub').i32(buckets).op('i32.rem_u').set(larger);
  code.get(larger).get(size).i32(1).op('i32.add').op('i32.mul').set(inLarger);
  code.get(at).get(start).op('i32.sub').set(row);
  storeInt(e, at, () => {
    code.get(row).get(inLarger).op('i32.lt_u');
    code.if(
      () => code.get(row).get(size).i32(1).op('i32.add').op('i32.div_u'),
      () => code.get(row).get(inLarger).op('i32.sub').get(size).op('i32.div_u').get(larger).op('i32.add'),
      ['i32'],
    );
    code.i32(1).op('i32.add');
  });
}

function emitNeighbour(e: WindowEmission, { at, start, end }: Place, direction: 1 | -1): void {
  const { code } = e.pipe;
  const offset = (e.call.args.length < 2 ? 1 : constantOf(e.call, 1, 1)) * direction;
  const other = code.local('i32');
  code.get(at).i32(offset).op('i32.add').set(other);
  // Signed: positions before the first are negative.
  code.get(other).get(start).op('i32.ge_s').get(other).get(end).op('i32.lt_s').op('i32.and');
  code.if(
    () => e.store(at, e.arg(0, e.rowAt(other))),
    () => {
      if (e.call.args.length > 2) e.store(at, e.arg(2, e.rowAt(at)));
    },
  );
}

/** The default frame ends with the row's last peer. */
function emitNth(e: WindowEmission, { at, start, peersEnd }: Place): void {
  const { code } = e.pipe;
  const position = code.local('i32');
  code
    .get(start)
    .i32(constantOf(e.call, 1, 1) - 1)
    .op('i32.add')
    .tee(position)
    .get(peersEnd)
    .op('i32.lt_u');
  code.if(() => e.store(at, e.arg(0, e.rowAt(position))));
}
