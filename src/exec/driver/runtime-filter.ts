import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalJoin, PhysicalPlan } from '../physical.js';
import type { JoinTable, KeptLayoutSpec } from '../task/spec.js';

/**
 * The built side of a join that drops what it does not match, asked by the other side long before it comes to the
 * join: before it groups, and before it holds rows for a join of its own (sideways information passing).
 */
export interface RuntimeFilter {
  /** Over the columns of the plan it is put on. */
  readonly keys: readonly PhysicalExpr[];
  readonly table: JoinTable;
  readonly layout: KeptLayoutSpec;
}

/** A direct table that holds this share of its slots or more leaves too little out. */
const MOST_DENSE = 0.5;
/** A hashed table is asked only where at least this many times as many rows are expected. */
const LEAST_GAIN = 4;

/** Where in a join's streamed side its built side may drop rows early, if anywhere. */
export function filterTarget(
  plan: PhysicalPlan,
  keys: readonly PhysicalExpr[],
): { plan: PhysicalPlan; keys: readonly PhysicalExpr[] } | undefined {
  switch (plan.kind) {
    case 'filter':
      return filterTarget(plan.input, keys);
    case 'project': {
      const below = mapped(keys, (index) => plan.exprs[index]);
      return below === undefined ? undefined : filterTarget(plan.input, below);
    }
    case 'aggregate': {
      const below = mapped(keys, (index) => {
        const out = plan.output[index];
        return out?.kind === 'column' ? plan.keys[out.index] : undefined;
      });
      if (below === undefined) return undefined;
      return filterTarget(plan.input, below) ?? { plan: plan.input, keys: below };
    }
    case 'join':
      return joinTarget(plan, keys);
    default:
      return undefined;
  }
}

/** Sides whose rows a join passes on only as they are: without some of them it gives just less. */
const FILTERED: Readonly<Record<PhysicalJoin['how'], readonly ('left' | 'right')[]>> = {
  inner: ['left', 'right'],
  left: ['left'],
  right: ['right'],
  full: [],
  semi: ['left'],
  anti: ['left'],
  exists: ['left'],
};

function joinTarget(plan: PhysicalJoin, keys: readonly PhysicalExpr[]): ReturnType<typeof filterTarget> {
  const width = plan.left.columns.length;
  for (const side of FILTERED[plan.how]) {
    const input = side === 'left' ? plan.left : plan.right;
    const below = mapped(keys, (index) => {
      const own = side === 'left' ? index : index - width;
      const column = input.columns[own];
      return column === undefined ? undefined : { kind: 'column', index: own, ...column };
    });
    if (below === undefined) continue;
    const deeper = filterTarget(input, below);
    return deeper ?? (side === plan.build ? { plan: input, keys: below } : undefined);
  }
  return undefined;
}

/** The keys in terms of the input; nothing but plain columns is followed. */
function mapped(
  keys: readonly PhysicalExpr[],
  source: (index: number) => PhysicalExpr | undefined,
): PhysicalExpr[] | undefined {
  const found = keys.map((key) => (key.kind === 'column' ? source(key.index) : undefined));
  return found.every((expr) => expr?.kind === 'column') ? (found as PhysicalExpr[]) : undefined;
}

/** Whether asking the table is likely to leave out enough of the target's rows. */
export function pays(target: PhysicalPlan, table: JoinTable): boolean {
  if (table.addressing === 'all') return false;
  if (table.addressing === 'direct' && table.rows >= table.size * MOST_DENSE) return false;
  return table.rows * LEAST_GAIN < (target.estimatedRows ?? 0);
}
