import { project } from '../build.js';
import type { Attribute } from '../expr.js';
import type { Plan } from '../node.js';
import { outputIds, outputOf } from '../output.js';
import { replace, withChildren } from '../walk.js';
import type { Analyzed } from './analyzed.js';

/** USING joins (and what stands above them) with the keys of both sides shown, too. */
const wider = new WeakMap<Plan, Plan>();

/** Remembers the keys that a USING join leaves out: `right.k` still names one. */
export function rememberKeys(plain: Plan, joined: Plan, keys: readonly Attribute[]): void {
  const shown = new Set(outputOf(plain).map((attribute) => attribute.id));
  const hidden = keys.filter((key) => !shown.has(key.id)).map((key) => replace<Attribute>(key, { key: true }));
  if (hidden.length === 0 || plain.kind !== 'project') return;
  // As Spark: `right.*` has its keys first.
  wider.set(plain, project(joined, [...hidden, ...plain.exprs]));
}

/** The same rows with keys of USING joins below shown; undefined where there is none. */
export function withKeys(plan: Plan): Plan | undefined {
  const known = wider.get(plan);
  if (known !== undefined) return known;
  switch (plan.kind) {
    case 'filter':
    case 'sort':
    case 'limit': {
      const input = withKeys(plan.input);
      return input && withChildren(plan, [input]);
    }
    case 'subquery_alias': {
      const input = plan.name === '' ? withKeys(plan.input) : undefined;
      return input && withChildren(plan, [input]);
    }
    case 'project': {
      const input = withKeys(plan.input) ?? plan.input;
      const hidden = hiddenKeys(input, plan);
      return hidden.length === 0 ? undefined : project(input, [...hidden, ...plan.exprs]);
    }
    default:
      return undefined;
  }
}

/** Keys that an input of a plan has and the plan does not give. */
function hiddenKeys(input: Plan, plan: Plan): readonly Attribute[] {
  const hidden = outputOf(input).filter((attribute) => attribute.key === true);
  if (hidden.length === 0) return hidden;
  const shown = outputIds(plan);
  return hidden.filter((attribute) => !shown.has(attribute.id));
}

/** A join over a left input with keys, without them; they can still be named above. */
export function joinWithoutKeys(joined: Analyzed): Analyzed {
  const cut = project(
    joined.plan,
    outputOf(joined.plan).filter((attribute) => attribute.key === undefined),
  );
  wider.set(cut, joined.plan);
  return { plan: cut, frames: joined.frames };
}

/** What a node gives over an input with keys, without them; they can still be named above. */
export function withoutKeys(result: Plan | Analyzed, input: Plan): Plan | Analyzed {
  if ('frames' in result || (result.kind !== 'filter' && result.kind !== 'sort')) return result;
  const cut = project(result, outputOf(input));
  wider.set(cut, result);
  return cut;
}
