import type { Int32Type } from '../base/index.js';
import type { Column, ColumnBase, Operand, TypeOf } from './column.js';
import type { NotNull, UnknownType } from './row-types.js';
import type { Op, Ref } from './type-algebra.js';

/** The type of an argument: a string names a column. */
type Of<C> = C extends string ? Ref<C> : TypeOf<C>;
type Item<C> = Column<Op<'item', [Of<C>]>, string>;
type Position = Column<NotNull<Int32Type>, string>;
type Some = Column<UnknownType, string>;

/** A condition on an element and, if it likes, its position from 0. */
type ItemTest<C> = (item: Item<C>, position: Position) => ColumnBase | boolean;

/** Functions that take a lambda function: a TypeScript function from columns to a column. */
export interface LambdaCalls {
  readonly transform: <const C extends Operand, const R extends Operand>(
    array: C,
    f: (item: Item<C>, position: Position) => R,
  ) => Column<Op<'mapped', [Of<C>, TypeOf<R>]>, string>;
  readonly filter: <const C extends Operand>(array: C, f: ItemTest<C>) => Column<Op<'filter', [Of<C>]>, string>;
  readonly exists: <const C extends Operand>(
    array: C,
    f: (item: Item<C>) => ColumnBase | boolean,
  ) => Column<Op<'exists', [Of<C>]>, string>;
  readonly forall: <const C extends Operand>(
    array: C,
    f: (item: Item<C>) => ColumnBase | boolean,
  ) => Column<Op<'forall', [Of<C>]>, string>;
  readonly aggregate: <const C extends Operand>(
    array: C,
    start: Operand,
    merge: (state: Some, item: Item<C>) => Operand,
    finish?: (state: Some) => Operand,
  ) => Some;
  readonly zipWith: <const A extends Operand, const B extends Operand>(
    left: A,
    right: B,
    f: (left: Item<A>, right: Item<B>) => Operand,
  ) => Some;
  readonly arraySort: <const C extends Operand>(
    array: C,
    comparator?: (left: Item<C>, right: Item<C>) => Operand,
  ) => Column<Op<'arraySort', [Of<C>]>, string>;
  readonly mapFilter: <const C extends Operand>(
    map: C,
    f: (key: Some, value: Some) => ColumnBase | boolean,
  ) => Column<Op<'mapFilter', [Of<C>]>, string>;
  readonly transformKeys: EntryCall;
  readonly transformValues: EntryCall;
  readonly mapZipWith: (left: Operand, right: Operand, f: (key: Some, left: Some, right: Some) => Operand) => Some;
}
type EntryCall = (map: Operand, f: (key: Some, value: Some) => Operand) => Some;
