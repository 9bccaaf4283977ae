import type { Scalar } from '../../base/index.js';
import type { Prepared } from '../../functions/evaluate.js';
import type { PhysicalJoin } from '../physical.js';
import { canonical, keysText } from '../row-key.js';
import type { Pace } from './pace.js';
import { type Pages, PageWriter, type Row } from './page.js';
import type { Ready } from './row-steps.js';

/** One row of the build side and whether it found a partner. */
interface BuildRow {
  readonly row: Row;
  matched: boolean;
}

/**
 * Rows in the order the compiled join has: for each row of the probe side its partners in the order of the build
 * side (or nulls, where the probe side is an outer one), then what is left to say about build rows.
 */
export async function* joinRows(
  plan: PhysicalJoin,
  build: readonly Row[],
  probe: Pages,
  ready: Ready,
  pace: Pace,
): Pages {
  const buildLeft = plan.build === 'left';
  const [buildPlan, probePlan] = buildLeft ? [plan.left, plan.right] : [plan.right, plan.left];
  const buildKeys = plan.keys.map((key) => ready(buildLeft ? key.left : key.right, [buildPlan]));
  const probeKeys = plan.keys.map((key) => ready(buildLeft ? key.right : key.left, [probePlan]));
  const all: BuildRow[] = [];
  const table = new Map<string, BuildRow[]>();
  for (const row of build) {
    const entry = { row, matched: false };
    all.push(entry);
    const text = keyOf(plan, buildKeys, row);
    const chain = text === undefined ? undefined : table.get(text);
    if (chain !== undefined) chain.push(entry);
    else if (text !== undefined) table.set(text, [entry]);
    if (pace.due()) await pace.rest();
  }
  const pair = (buildRow: Row, probeRow: Row): Row =>
    buildLeft ? [...buildRow, ...probeRow] : [...probeRow, ...buildRow];
  const residual = plan.residual === undefined ? undefined : ready(plan.residual, [plan.left, plan.right]);
  const role = roleOf(plan);
  const page = new PageWriter();
  for await (const { rows } of probe) {
    for (const row of rows) {
      const text = keyOf(plan, probeKeys, row);
      let found = false;
      for (const entry of text === undefined ? [] : (table.get(text) ?? [])) {
        if (pace.due()) await pace.rest();
        const joined = pair(entry.row, row);
        if (residual !== undefined && residual(joined) !== true) continue;
        found = true;
        entry.matched = true;
        if (role.pairs) page.push(joined);
        if (page.isFull) yield page.take();
        // One partner decides about a row that only asks whether there is any.
        if (role.probeRows !== undefined || role.marks === true) break;
      }
      if (role.probeRows === found) page.push(row);
      else if (role.marks === true) page.push([...row, found]);
      else if (role.outerProbe && !found)
        page.push(
          pair(
            buildPlan.columns.map(() => null),
            row,
          ),
        );
      if (page.isFull) yield page.take();
      if (pace.due()) await pace.rest();
    }
  }
  for (const { row, matched } of role.buildRows === undefined ? [] : all) {
    if (matched !== role.buildRows) continue;
    page.push(
      role.outerBuild
        ? pair(
            row,
            probePlan.columns.map(() => null),
          )
        : row,
    );
    if (page.isFull) yield page.take();
    if (pace.due()) await pace.rest();
  }
  yield page.take();
}

/** The key text of a row; undefined when a null in it matches nothing. */
function keyOf(plan: PhysicalJoin, keys: readonly Prepared[], row: Row): string | undefined {
  const types = plan.keys.map((key) => key.left.type);
  const values: Scalar[] = keys.map((key, k) => canonical(types[k] as (typeof types)[number], key(row)));
  if (values.some((value, k) => value === null && plan.keys[k]?.nullSafe !== true)) return undefined;
  return keysText(types, values);
}

interface Role {
  /** Pairs come out. */
  readonly pairs: boolean;
  /** Probe rows come out that found a partner (true) or none (false). */
  readonly probeRows?: boolean;
  /** Probe rows come out with whether they found a partner. */
  readonly marks?: boolean;
  /** Build rows come out, at the end, that found a partner (true) or none (false). */
  readonly buildRows?: boolean;
  /** Probe rows without a partner come out with nulls. */
  readonly outerProbe: boolean;
  /** Build rows that come out are filled up with nulls. */
  readonly outerBuild: boolean;
}

function roleOf({ how, build }: PhysicalJoin): Role {
  if (how === 'exists') return { pairs: false, marks: true, outerProbe: false, outerBuild: false };
  if (how === 'semi' || how === 'anti') {
    const wanted = how === 'semi';
    const none = { pairs: false, outerProbe: false, outerBuild: false };
    return build === 'left' ? { ...none, buildRows: wanted } : { ...none, probeRows: wanted };
  }
  const probe = build === 'left' ? 'right' : 'left';
  const outerBuild = how === 'full' || how === build;
  const outerProbe = how === 'full' || how === probe;
  return { pairs: true, outerProbe, outerBuild, ...(outerBuild ? { buildRows: false } : {}) };
}
