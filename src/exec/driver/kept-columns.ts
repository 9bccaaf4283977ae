import { KEPT_ENTRY_BYTES, type KeptColumns, type TableSource } from '../../base/index.js';
import type { PhysicalPlan } from '../physical.js';
import type { Query } from './query.js';
import { eachPlan } from './shared-groups.js';

type Scan = Extract<PhysicalPlan, { kind: 'scan' }>;

/** The share of the memory that kept columns may take, if every value has 8 bytes. */
const MOST_SHARE = 0.125;
const VALUE_BYTES = 8;

/** For the sources that a plan reads several times, where columns are kept that more than one scan wants whole. */
export function keptColumns(plan: PhysicalPlan, query: Query): ReadonlyMap<TableSource, KeptColumns> {
  const scans = new Map<TableSource, Scan[]>();
  eachPlan(plan, (node) => {
    if (node.kind === 'scan' && isWhole(node)) scans.set(node.source, [...(scans.get(node.source) ?? []), node]);
  });
  const kept = new Map<TableSource, KeptColumns>();
  let room = query.heap.limitBytes * MOST_SHARE;
  for (const [source, reads] of scans) {
    const { pieces = 0, statistics } = source;
    const times = new Map<string, number>();
    for (const { request } of reads) for (const name of request.columns) times.set(name, (times.get(name) ?? 0) + 1);
    const entries: Record<string, number> = {};
    for (const [name, count] of times) {
      const bytes = (statistics.rows ?? Number.POSITIVE_INFINITY) * VALUE_BYTES;
      if (count < 2 || pieces === 0 || bytes > room) continue;
      room -= bytes;
      entries[name] = query.arena.allocZeroed(pieces * KEPT_ENTRY_BYTES);
    }
    if (Object.keys(entries).length > 0) kept.set(source, { arena: query.newArena('kept columns').id, entries });
  }
  return kept;
}

/** Which rows a predicate or a limit leaves out is another matter for each scan. */
const isWhole = ({ request }: Scan): boolean => request.predicate === undefined && request.limit === undefined;

/** What is asked of a scan's source. */
export function requestOf(scan: Scan, kept: ReadonlyMap<TableSource, KeptColumns>): Scan['request'] {
  const columns = isWhole(scan) ? kept.get(scan.source) : undefined;
  return columns === undefined ? scan.request : { ...scan.request, kept: columns };
}
