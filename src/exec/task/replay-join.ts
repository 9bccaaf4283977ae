import type { Scalar, SharedHeap } from '../../base/index.js';
import type { Prepared } from '../../functions/evaluate.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { canonical, keysText } from '../row-key.js';
import { JOIN_HEADER } from '../row-layout.js';
import { keptRowReader } from './read-rows.js';
import type { JoinTable, ProbeStep } from './spec.js';

type Row = readonly Scalar[];

/** A probe by the reference meaning, for replay: every row that comes out of it goes to `next`. */
export function replayProbe(
  heap: SharedHeap,
  step: ProbeStep,
  table: JoinTable,
  ready: (expr: PhysicalExpr) => Prepared,
  next: (row: Row) => void,
): (row: Row) => void {
  const keys = step.keys.map(ready);
  const types = step.keys.map((key) => key.type);
  const residual = step.residual === undefined ? undefined : ready(step.residual);
  let partners: Map<string, Row[]> | undefined;
  const joined = (probe: Row, build: Row): Row => (step.buildFirst ? [...build, ...probe] : [...probe, ...build]);
  return (row) => {
    const text = keyOf(
      step,
      types,
      keys.map((key) => key(row)),
    );
    partners ??= buildRows(heap, step, table);
    let found = false;
    for (const build of text === undefined ? [] : (partners.get(text) ?? [])) {
      const pair = joined(row, build);
      if (residual !== undefined && residual(pair) !== true) continue;
      found = true;
      if (step.how === 'semi' || step.how === 'anti' || step.how === 'exists') break;
      if (step.how !== 'mark') next(pair);
    }
    if (step.how === (found ? 'semi' : 'anti')) next(row);
    if (step.how === 'exists') next([...row, found]);
    if (step.how === 'probe_outer' && !found)
      next(
        joined(
          row,
          step.payload.map(() => null),
        ),
      );
  };
}

/** Undefined when a null among the keys matches nothing. */
function keyOf(step: ProbeStep, types: readonly PhysicalExpr['type'][], values: Row): string | undefined {
  if (values.some((value, k) => value === null && step.nullSafe[k] !== true)) return undefined;
  const plain = values.map((value, k) => canonical(types[k] as PhysicalExpr['type'], value));
  return keysText(types, plain);
}

/** What a join table holds, by key: the columns of each row, rows of one key in their order. */
function buildRows(heap: SharedHeap, step: ProbeStep, table: JoinTable): Map<string, Row[]> {
  const read = keptRowReader(heap, step.layout);
  const types = step.keys.map((_, k) => (step.layout.fields[k] as ProbeStep['layout']['fields'][number]).type);
  const all = new Map<string, Row[]>();
  const slots = table.addressing === 'hash' ? table.size + 1 : table.addressing === 'all' ? 1 : table.size;
  for (let slot = 0; slot < slots; slot++) {
    let address = heap.u32[(table.heads >>> 2) + slot] as number;
    for (; address !== 0; address = heap.u32[(address + JOIN_HEADER.NEXT) >>> 2] as number) {
      const fields = read(address);
      const text = keyOf(step, types, fields.slice(0, types.length));
      if (text === undefined) continue;
      const row = step.payload.map((field) => fields[field] as Scalar);
      const known = all.get(text);
      if (known === undefined) all.set(text, [row]);
      else known.push(row);
    }
  }
  return all;
}
