import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import type { WindowSpecCall } from '../physical.js';
import type { RowLayout } from '../row-layout.js';
import type { Pipe } from './pipe.js';

/** Marks in the last word of an entry: it begins a group of peers, and perhaps a partition. */
export const BEGINS = { PEERS: 1, PARTITION: 2 } as const;
export const ROW_AT = 8;

/** What the emission of one call's loop works with. */
export interface WindowEmission {
  readonly pipe: Pipe;
  /** Of the rows behind the entries. */
  readonly layout: RowLayout;
  readonly call: WindowSpecCall;
  readonly entries: Local;
  /** Whole partitions. */
  readonly from: Local;
  readonly to: Local;
  /** The value of argument `a` in the row at an address. */
  arg(a: number, row: Local): Value;
  /** Pushes the marks of entry `at`. */
  pushMarks(at: Local): void;
  rowAt(at: Local): Local;
  /** Stores the result of row `at`: nothing for null. */
  store(at: Local, value: Value): void;
}

/** Runs `body` for each partition: entries start…end. */
export function eachPartition(e: WindowEmission, body: (start: Local, end: Local) => void): void {
  const { code } = e.pipe;
  const start = code.local('i32');
  const end = code.local('i32');
  code.get(e.from).set(start);
  code.block((exit) => {
    code.loop((again) => {
      code.get(start).get(e.to).op('i32.ge_u').brIf(exit);
      nextMark(e, start, e.to, BEGINS.PARTITION, end);
      body(start, end);
      code.get(end).set(start);
      code.br(again);
    });
  });
}

/** Sets `found` to the first entry behind `at` that has the mark, or to `end`. */
export function nextMark(e: WindowEmission, at: Local, end: Local, mark: number, found: Local): void {
  const { code } = e.pipe;
  code.get(at).set(found);
  code.block((stop) => {
    code.loop((search) => {
      code.get(found).i32(1).op('i32.add').tee(found).get(end).op('i32.ge_u').brIf(stop);
      e.pushMarks(found);
      code.i32(mark).op('i32.and').brIf(stop);
      code.br(search);
    });
  });
}
