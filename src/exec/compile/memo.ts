import { isDeterministic } from '../../functions/deterministic.js';
import { type CallExpr, type PhysicalExpr, referencedColumns } from '../../functions/expression.js';
import { scalarFunction } from '../../functions/registry.js';
import type { Local } from '../../wasm/index.js';
import { addressOf } from './lane-text.js';
import type { ColumnLoader, ColumnValue } from './load.js';
import { type Columns, type Pipe, pushTrue } from './pipe.js';
import { COLUMN, COLUMN_BYTES, MAX_MEMOS, MEMO_BYTES } from './state-layout.js';

/** What a memo byte says of a dictionary entry. */
const UNKNOWN = 0;
const FALSE = 1;
export const TRUE = 2;

/**
 * The dictionary-coded column a condition depends on alone, if so: then it is decided once per dictionary entry
 * instead of once per row.
 */
export function memoizable(
  condition: PhysicalExpr,
  columns: Columns,
  isSource: (code: Local) => boolean,
): ColumnValue | undefined {
  if (condition.kind !== 'call' || !isDeterministic(condition)) return undefined;
  const used = [...referencedColumns(condition)];
  const [only] = used;
  if (used.length !== 1 || only === undefined) return undefined;
  const value = columns(only);
  return value.dictionaryCode !== undefined && isSource(value.dictionaryCode) && !dependsOnNull(value, condition)
    ? value
    : undefined;
}

/** Null rows have no code; with nulls about, only conditions that are not true for null may be decided by code. */
const dependsOnNull = (value: ColumnValue, condition: PhysicalExpr): boolean =>
  value.isNull !== undefined && !isNeverTrueForNull(condition);

/** Whether a condition over one column is null or false where the column is null. */
export function isNeverTrueForNull(condition: PhysicalExpr): boolean {
  if (condition.kind === 'call' && condition.fn === 'and') return condition.args.some(isNeverTrueForNull);
  if (condition.kind === 'call' && condition.fn === 'or') return condition.args.every(isNeverTrueForNull);
  return isNullForNull(condition);
}

function isNullForNull(expr: PhysicalExpr): boolean {
  switch (expr.kind) {
    case 'column':
      return true;
    case 'literal':
      return expr.value === null;
    case 'call':
      return scalarFunction(expr.fn).nulls === 'propagate' && expr.args.some(isNullForNull);
  }
}

/** Pushes 1 when the condition is true, looking it up by the column's code. */
export function emitMemo(
  pipe: Pipe,
  memo: number,
  column: ColumnValue,
  condition: PhysicalExpr,
  columns: Columns,
): void {
  const { code, state } = pipe;
  if (memo >= MAX_MEMOS) return pushTrue(pipe, pipe.compile(condition, columns));
  const at = code.local('i32');
  const known = code.local('i32');
  const decide = (): void => {
    code
      .get(state)
      .op('i32.load', pipe.layout.memos + memo * MEMO_BYTES)
      .get(column.dictionaryCode as Local)
      .op('i32.add')
      .set(at);
    code
      .get(at)
      .op('i32.load8_u', 0)
      .tee(known)
      .i32(UNKNOWN)
      .op('i32.eq')
      .if(() => {
        pipe.expressions(columns).scoped(() => pushTrue(pipe, pipe.compile(condition, columns)));
        code
          .if(
            () => code.i32(TRUE),
            () => code.i32(FALSE),
            ['i32'],
          )
          .set(known);
        code.get(at).get(known).op('i32.store8', 0);
      });
    code.get(known).i32(TRUE).op('i32.eq');
  };
  if (column.isNull === undefined) return decide();
  code.get(column.isNull).if(() => code.i32(0), decide, ['i32']);
}

/** A memo with nothing unknown left in it: its address, and how many entries it has. */
export interface FilledMemo {
  readonly address: Local;
  readonly entries: Local;
}

/** A memo of a dictionary's column. */
export interface MemoOf {
  readonly memo: number;
  readonly index: number;
  readonly loader: ColumnLoader;
}

function loadMemo(pipe: Pipe, { memo, index }: MemoOf): FilledMemo {
  const { code, layout } = pipe;
  const [address, entries] = [code.local('i32'), code.local('i32')];
  pipe.loadWord(layout.memos + memo * MEMO_BYTES, address);
  pipe.loadWord(layout.columns + index * COLUMN_BYTES + COLUMN.DICT_COUNT, entries);
  return { address, entries };
}

/** Computes an integer that is never null for every entry of a dictionary, once; the word behind them says that it was. */
export function emitNumbers(pipe: Pipe, of: MemoOf, call: CallExpr): FilledMemo {
  const { code } = pipe;
  const { address, entries } = loadMemo(pipe, of);
  const [done, entry] = [addressOf(code, address, entries, 2), code.local('i32')];
  code
    .get(done)
    .op('i32.load')
    .op('i32.eqz')
    .if(() => {
      code.forRange(
        entry,
        () => code.i32(0),
        entries,
        () => {
          const value = of.loader.loadEntry(entry);
          const columns: Columns = () => value;
          pipe.expressions(columns).scoped(() => {
            const [number] = pipe.compile(call, columns).parts;
            code
              .get(addressOf(code, address, entry, 2))
              .get(number as Local)
              .op('i32.store');
          });
        },
      );
      code.get(done).i32(1).op('i32.store');
    });
  return { address, entries };
}

/** Decides a condition for every entry of a column's dictionary that was not met before. */
export function emitFilledMemo(pipe: Pipe, of: MemoOf, condition: PhysicalExpr): FilledMemo {
  const { code } = pipe;
  const { address, entries } = loadMemo(pipe, of);
  const [entry, at] = [code.local('i32'), code.local('i32')];
  code.forRange(
    entry,
    () => code.i32(0),
    entries,
    () => {
      code.get(address).get(entry).op('i32.add').tee(at).op('i32.load8_u', 0).i32(UNKNOWN).op('i32.eq');
      code.if(() => {
        const value = of.loader.loadEntry(entry);
        const columns: Columns = () => value;
        code.get(at);
        pipe.expressions(columns).scoped(() => pushTrue(pipe, pipe.compile(condition, columns)));
        code.if(
          () => code.i32(TRUE),
          () => code.i32(FALSE),
          ['i32'],
        );
        code.op('i32.store8', 0);
      });
    },
  );
  return { address, entries };
}
