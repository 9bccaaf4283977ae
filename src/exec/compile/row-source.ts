import { carrierOf, engineBug } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import type { Local } from '../../wasm/index.js';
import { fieldAt, JOIN_HEADER, type RowLayout } from '../row-layout.js';
import type { RowSourceSpec, StateCarriers } from '../task/spec.js';
import { emitOf, fullCarriers, groupLayout, prepareAggregate, stateField } from './aggregates.js';
import { extend } from './keys.js';
import { type ColumnForm, ColumnLoader, type ColumnValue, loadField } from './load.js';
import type { Columns, Pipe } from './pipe.js';

/** How the states of group rows are carried: as one task narrowed them, or in full. */
export interface PartialForm {
  readonly carriers: StateCarriers;
}

/** Columns of group rows: keys, then finished aggregates. */
export function groupRowColumns(
  source: Extract<RowSourceSpec, { kind: 'groups' }>,
  partial: PartialForm | undefined,
  settings: EvalSettings,
  stable: boolean,
): { layout: RowLayout; columns: (pipe: Pipe, row: Local) => Columns } {
  const aggregates = source.aggregates.map((a) => prepareAggregate(a, settings));
  const carriers = partial?.carriers ?? fullCarriers(aggregates);
  const layout = groupLayout(source.keys, carriers);
  const columns = (pipe: Pipe, row: Local): Columns => {
    const loaded = new Map<number, ColumnValue>();
    return (index) => {
      const known = loaded.get(index);
      if (known !== undefined) return known;
      const key = source.keys[index];
      let value: ColumnValue;
      if (key !== undefined)
        value = { ...loadField(pipe.code, row, fieldAt(layout, index), key.type, key.range), stable };
      else {
        const a = aggregates[index - source.keys.length];
        if (a === undefined) throw engineBug(`group column ${index}`);
        const from = stateField(source.keys.length, carriers, index - source.keys.length);
        const states = a.state.map((type, i) => {
          const narrow = loadField(pipe.code, row, fieldAt(layout, from + i), type);
          return { ...narrow, carrier: carrierOf(type), parts: extend(pipe.code, narrow, carrierOf(type)) };
        });
        value = { ...emitOf(a).finish(pipe.emitter, states, a.call), stable: false };
      }
      loaded.set(index, value);
      return value;
    };
  };
  return { layout, columns };
}

/** Pushes 1 for build rows whose mark is (not) set. */
export function unmatchedCondition(pipe: Pipe, row: Local, only: 'matched' | 'unmatched'): () => void {
  return () => {
    pipe.code.get(row).op('i32.load8_u', JOIN_HEADER.MARK);
    if (only === 'unmatched') pipe.code.op('i32.eqz');
  };
}

/** Columns that lie beside the rows, each loaded once a row. */
export function columnLoaders(pipe: Pipe, forms: readonly ColumnForm[]): (row: Local) => Columns {
  const loaders = forms.map((form, i) => new ColumnLoader(pipe.code, pipe.state, pipe.layout.columns, i, form));
  return (row) => {
    const loaded = new Map<number, ColumnValue>();
    return (index) => {
      const value = loaded.get(index) ?? (loaders[index] as ColumnLoader).load(row);
      loaded.set(index, value);
      return value;
    };
  };
}

export const withAdded =
  (fields: Columns, width: number, added: Columns): Columns =>
  (index) =>
    index < width ? fields(index) : added(index - width);
