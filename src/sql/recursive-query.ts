import { SparrowError } from '../base/index.js';
import { toNames } from '../plan/build.js';
import { recursion } from '../plan/build-relations.js';
import { everyNode } from '../plan/nested.js';
import type { Plan } from '../plan/node.js';
import { withChildren } from '../plan/walk.js';

/** The query of one name in WITH, with its column names; under RECURSIVE one that reads itself becomes a recursion. */
export function recursive(
  body: Plan,
  name: string,
  names: readonly string[] | undefined,
  allowed: boolean,
  maxLevel: number | undefined,
): Plan {
  const named = names === undefined ? body : toNames(body, names);
  if (!allowed || !reads(body, name)) return named;
  const loop = looped(body, name, names, maxLevel);
  if (loop !== undefined) return loop;
  throw new SparrowError('INVALID_RECURSIVE_CTE', `the recursive query \`${name}\` is no anchor UNION ALL a step`, {
    sqlState: '42836',
    hint: 'write the rows to start from, UNION ALL, and a query that reads the name',
  });
}

const reads = (plan: Plan, name: string): boolean =>
  everyNode(plan).some((node) => node.kind === 'view' && node.name.toLowerCase() === name.toLowerCase());

/** Finds `anchor UNION [ALL] step` under limits and inner WITHs. */
function looped(
  body: Plan,
  name: string,
  columnNames: readonly string[] | undefined,
  maxLevel: number | undefined,
): Plan | undefined {
  const all = body.kind === 'union';
  const union = body.kind === 'distinct' ? body.input : body;
  if (union.kind === 'union' && union.inputs.length === 2) {
    const [anchor, step] = union.inputs as readonly [Plan, Plan];
    if (reads(anchor, name)) return undefined;
    return recursion({
      name,
      anchor,
      step,
      all,
      ...(columnNames === undefined ? {} : { columnNames }),
      ...(maxLevel === undefined ? {} : { maxLevel }),
    });
  }
  if (body.kind !== 'with' && body.kind !== 'limit_by') return undefined;
  const inner = looped(body.input, name, columnNames, maxLevel);
  return inner && withChildren(body, [inner]);
}
