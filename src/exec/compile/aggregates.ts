import { type Carrier, carrierOf, type DataType, engineBug } from '../../base/index.js';
import type { AggregateFunction, Call, Range } from '../../functions/define.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { aggregateFunction } from '../../functions/registry.js';
import type { StateAccess } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import type { AggregateSpec } from '../physical.js';
import { fieldAt, GROUP_HEADER, type RowLayout, rowLayout } from '../row-layout.js';
import type { SourceColumn, StateCarriers } from '../task/spec.js';
import { canonicalFloat } from './keys.js';
import { type ColumnValue, loadField, storeParts } from './load.js';
import type { Columns, Pipe } from './pipe.js';

/** An aggregate of one stage with everything its emission needs. */
export interface PreparedAggregate {
  readonly spec: AggregateSpec;
  readonly entry: AggregateFunction;
  readonly call: Call;
  readonly state: readonly DataType[];
}

export function prepareAggregate(spec: AggregateSpec, settings: EvalSettings): PreparedAggregate {
  const entry = aggregateFunction(spec.fn);
  const args = spec.args.map((a) => ({
    type: a.type,
    nullable: a.kind === 'literal' ? a.value === null : a.nullable,
    ...(a.kind === 'literal' ? { literal: a.value } : {}),
  }));
  const resolved = entry.resolve(args, settings);
  if ('mismatch' in resolved) throw engineBug(`${spec.fn}: ${resolved.mismatch}`);
  const call: Call = {
    fn: spec.fn,
    argTypes: spec.args.map((a) => a.type),
    literals: spec.args.map((a) => (a.kind === 'literal' ? a.value : undefined)),
    returns: spec.type,
    settings,
  };
  return { spec, entry, call, state: resolved.state };
}

export const fullCarriers = (aggregates: readonly PreparedAggregate[]): StateCarriers =>
  aggregates.map((a) => a.state.map(carrierOf));

/** Layout of group rows: keys, then the state fields of each aggregate. */
export function groupLayout(keys: readonly SourceColumn[], carriers: StateCarriers): RowLayout {
  return rowLayout(GROUP_HEADER.bytes, [
    ...keys.map((k) => ({ carrier: carrierOf(k.type), nullable: k.nullable })),
    ...carriers.flat().map((carrier) => ({ carrier, nullable: false })),
  ]);
}

/** First field of aggregate `index`'s state in a group row. */
export function stateField(keys: number, carriers: StateCarriers, index: number): number {
  return keys + carriers.slice(0, index).reduce((n, c) => n + c.length, 0);
}

/** Where in a group row a chain of records is that an aggregate keeps: offsets of its state's fields. */
export interface ChainFields {
  readonly first: number;
  readonly last: number;
  readonly records: number;
  readonly bytes: number;
}

/** The chains that group rows of this form point to. */
export function chainsOf(
  layout: RowLayout,
  carriers: StateCarriers,
  aggregates: readonly PreparedAggregate[],
): ChainFields[] {
  const keys = layout.fields.length - carriers.flat().length;
  return aggregates.flatMap(({ entry }, a) => {
    if (entry.collect === undefined) return [];
    const from = stateField(keys, carriers, a);
    const [first, last, records, bytes] = [0, 1, 2, 3].map((i) => fieldAt(layout, from + i).offset) as Four;
    return [{ first, last, records, bytes }];
  });
}

type Four = [number, number, number, number];

/** The state of one aggregate in the group row at `row`. */
export function stateAccess(
  pipe: Pipe,
  layout: RowLayout,
  row: Local,
  from: number,
  types: readonly DataType[],
): StateAccess {
  return {
    keep: (address, length) => pipe.persist(address, length),
    carrier: (i) => fieldAt(layout, from + i).carrier,
    load: (i) => loadField(pipe.code, row, fieldAt(layout, from + i), types[i] as DataType),
    store: (i, parts) => {
      const field = fieldAt(layout, from + i);
      if (field.carrier !== 'bytes') return storeParts(pipe.code, row, field, parts);
      const [address, length] = parts as readonly [Local, Local];
      return storeParts(pipe.code, row, field, [pipe.persist(address, length), length]);
    },
  };
}

/** Ranges of an aggregate's arguments as compiled, for narrow states. */
export function narrowCarriers(
  aggregate: PreparedAggregate,
  ranges: readonly (Range | undefined)[],
  rows: number,
): readonly Carrier[] {
  return aggregate.entry.narrowState?.(ranges, BigInt(rows), aggregate.call) ?? aggregate.state.map(carrierOf);
}

/** Compiles keys with floats made canonical, so that equal keys are equal bits. `byCode` says of which the code is enough. */
export function compileKeys(
  pipe: Pipe,
  keys: readonly PhysicalExpr[],
  columns: Columns,
  byCode: readonly boolean[] = [],
): ColumnValue[] {
  return keys.map((key, k) => {
    const code = byCode[k] === true && key.kind === 'column' ? columns.code?.(key.index) : undefined;
    if (code !== undefined) return code;
    const value = pipe.compile(key, columns);
    return value.carrier === 'f32' || value.carrier === 'f64'
      ? { ...value, ...canonicalFloat(pipe.code, value) }
      : value;
  });
}

/** The compiled form of an aggregate. */
export function emitOf(a: PreparedAggregate): NonNullable<PreparedAggregate['entry']['emit']> {
  if (a.entry.emit === undefined) throw engineBug(`aggregate ${a.spec.fn} has no compiled form`);
  return a.entry.emit;
}

/** Type and nullability of a key expression. */
export const keyColumn = (key: { type: SourceColumn['type']; kind: string }): SourceColumn => ({
  type: key.type,
  nullable:
    key.kind === 'literal'
      ? (key as { value?: unknown }).value === null
      : Boolean((key as { nullable?: boolean }).nullable),
});
