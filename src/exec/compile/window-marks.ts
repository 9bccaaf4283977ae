import type { Local } from '../../wasm/index.js';
import { fieldAt, type RowLayout } from '../row-layout.js';
import type { SourceColumn, WindowTaskSpec } from '../task/spec.js';
import { pushSameKey } from './keys.js';
import { loadField } from './load.js';
import type { Pipe } from './pipe.js';
import { ENTRY_BYTES, MARK_AT } from './sort-entry.js';
import { prefixIsExact, prefixMask } from './sort-key.js';
import { BEGINS, ROW_AT } from './window-emission.js';

/** Writes into the entries from…to where partitions and peers begin. */
export function emitMarks(
  pipe: Pipe,
  spec: WindowTaskSpec,
  layout: RowLayout,
  entries: Local,
  from: Local,
  to: Local,
): void {
  const { code } = pipe;
  const at = code.local('i32');
  const entry = code.local('i32');
  const marks = code.local('i32');
  const here = { row: code.local('i32'), prefix: code.local('i64') };
  const before = { row: code.local('i32'), prefix: code.local('i64') };
  const load = ({ row, prefix }: Position): void => {
    code.get(entry).op('i32.load', ROW_AT).set(row).get(entry).op('i64.load', 0).set(prefix);
  };
  const address = (): void => {
    code.get(entries).get(at).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(entry);
  };
  code.get(from).if(() => {
    code.get(from).i32(1).op('i32.sub').set(at);
    address();
    load(before);
  });
  const begins = BEGINS.PARTITION | BEGINS.PEERS;
  const compare = (): void => {
    pushSame(pipe, spec, layout, here, before, 'partition');
    code.if(
      () => {
        pushSame(pipe, spec, layout, here, before, 'peers');
        code.i32(BEGINS.PEERS).op('i32.xor').set(marks);
      },
      () => code.i32(begins).set(marks),
    );
  };
  code.forRange(
    at,
    () => code.get(from),
    to,
    () => {
      address();
      load(here);
      code
        .get(at)
        .op('i32.eqz')
        .if(() => code.i32(begins).set(marks), compare);
      code.get(entry).get(marks).op('i32.store', MARK_AT);
      code.get(here.row).set(before.row).get(here.prefix).set(before.prefix);
    },
  );
}

interface Position {
  readonly row: Local;
  readonly prefix: Local;
}

/** Pushes 1 when two rows have the same partition, or (being of one partition) the same order. */
function pushSame(
  pipe: Pipe,
  spec: WindowTaskSpec,
  layout: RowLayout,
  a: Position,
  b: Position,
  what: 'partition' | 'peers',
): void {
  const { code } = pipe;
  const { keyColumns, keyFields, partitions } = spec;
  if (prefixIsExact(keyColumns)) {
    code.get(a.prefix).get(b.prefix).op('i64.xor');
    if (what === 'partition') code.i64(prefixMask(keyColumns.slice(0, partitions))).op('i64.and');
    code.op('i64.eqz');
    return;
  }
  const end = what === 'partition' ? partitions : keyColumns.length;
  const check = (k: number): void => {
    if (k >= end) {
      code.i32(1);
      return;
    }
    const at = keyFields[k] as number;
    const { type } = spec.layout.fields[at] as SourceColumn;
    const field = fieldAt(layout, at);
    pushSameKey(pipe.emitter, loadField(code, a.row, field, type), loadField(code, b.row, field, type));
    code.if(
      () => check(k + 1),
      () => code.i32(0),
      ['i32'],
    );
  };
  check(what === 'partition' ? 0 : partitions);
}
