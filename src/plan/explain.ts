import type { Plan, ResolvedPlan } from './node.js';
import { nodeText } from './node-text.js';
import { optimize, type RuleFiring } from './optimize/optimizer.js';
import { outputOf } from './output.js';
import type { PlanSettings } from './resolve/context.js';
import { estimate, sizeInBytes } from './statistics.js';
import { children } from './walk.js';

export type ExplainMode = 'simple' | 'extended' | 'formatted' | 'cost';

export interface TreeOptions {
  /** Text after each node's line. */
  readonly note?: (plan: Plan) => string;
  /** Instead of the node's line. */
  readonly line?: (plan: Plan) => string;
}

/** A plan as Spark draws it, one node a line, inputs below with `+-` and `:-`. */
export function treeString(plan: Plan, { note = () => '', line = nodeText }: TreeOptions = {}): string {
  const lines: string[] = [];
  // The stack holds what is still to be drawn, with the prefix its line gets and the one below it.
  const stack: { readonly plan: Plan; readonly first: string; readonly rest: string }[] = [
    { plan, first: '', rest: '' },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    lines.push(`${next.first}${line(next.plan)}${note(next.plan)}`);
    const inputs = children(next.plan);
    for (let i = inputs.length - 1; i >= 0; i--) {
      const last = i === inputs.length - 1;
      stack.push({
        plan: inputs[i] as Plan,
        first: `${next.rest}${last ? '+- ' : ':- '}`,
        rest: `${next.rest}${last ? '   ' : ':  '}`,
      });
    }
  }
  return lines.join('\n');
}

/** What has become of a query: its plans and the rules that changed them. */
export interface Explained {
  readonly parsed: Plan;
  readonly analyzed: ResolvedPlan;
  readonly optimized: ResolvedPlan;
  readonly fired: readonly RuleFiring[];
}

/** Optimizes with a record of what happened. */
export function optimizeExplained(parsed: Plan, analyzed: ResolvedPlan, settings: PlanSettings): Explained {
  const fired: RuleFiring[] = [];
  const optimized = optimize(analyzed, settings, { onFire: (firing) => fired.push(firing) });
  return { parsed, analyzed, optimized, fired };
}

/** The logical half of `explain`; the physical plan is appended by whoever makes it. */
export function explainLogical(explained: Explained, mode: ExplainMode): string {
  switch (mode) {
    case 'simple':
      return section('Optimized Logical Plan', treeString(explained.optimized));
    case 'extended':
      return [
        section('Parsed Logical Plan', treeString(explained.parsed)),
        section('Analyzed Logical Plan', `${schemaLine(explained.analyzed)}${treeString(explained.analyzed)}`),
        section('Optimizer Rules', ruleLines(explained.fired)),
        section('Optimized Logical Plan', treeString(explained.optimized)),
      ].join('\n\n');
    case 'formatted':
      return section('Optimized Logical Plan', formatted(explained.optimized));
    case 'cost':
      return section('Optimized Logical Plan', treeString(explained.optimized, { note: costNote }));
  }
}

const section = (title: string, text: string): string => `== ${title} ==\n${text}`;

function schemaLine(plan: Plan): string {
  const columns = outputOf(plan).map(({ name, type }) => `${name}: ${type.kind}`);
  return columns.length === 0 ? '' : `${columns.join(', ')}\n`;
}

/** Each rule that fired, in order, with how often it did in a row of rounds. */
function ruleLines(fired: readonly RuleFiring[]): string {
  const counts = new Map<string, { readonly firing: RuleFiring; times: number }>();
  for (const firing of fired) {
    const key = `${firing.batch} ${firing.rule}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { firing, times: 1 });
    else known.times++;
  }
  if (counts.size === 0) return '(none fired)';
  return [...counts.values()]
    .map(({ firing, times }) => `${firing.batch}: ${firing.rule}${times > 1 ? ` (${times} times)` : ''}: ${firing.why}`)
    .join('\n');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 MiB`. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

function costNote(plan: Plan): string {
  const { rows, counted } = estimate(plan);
  const rowCount = counted ? `, rowCount=${Math.ceil(rows)}` : '';
  return `, Statistics(sizeInBytes=${sizeText(sizeInBytes(plan))}${rowCount})`;
}

/** A tree of numbered operators, then what each one does. */
function formatted(plan: Plan): string {
  const numbers = new Map<Plan, number>();
  const order: Plan[] = [];
  const stack: { readonly plan: Plan; entered: boolean }[] = [{ plan, entered: false }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.entered || numbers.has(top.plan)) {
      stack.pop();
      if (numbers.has(top.plan)) continue;
      order.push(top.plan);
      numbers.set(top.plan, order.length);
      continue;
    }
    top.entered = true;
    for (const input of [...children(top.plan)].reverse()) stack.push({ plan: input, entered: false });
  }
  const name = (node: Plan): string => `${operatorName(node)} (${numbers.get(node)})`;
  const details = order.map((node) => `(${numbers.get(node)}) ${nodeText(node)}\nOutput: ${outputText(node)}`);
  return `${treeString(plan, { line: name })}\n\n${details.join('\n\n')}`;
}

const operatorName = (plan: Plan): string => nodeText(plan).split(/[ ,[]/)[0] ?? plan.kind;

const MOST_COLUMNS = 25;

function outputText(plan: Plan): string {
  const output = outputOf(plan);
  const shown = output.slice(0, MOST_COLUMNS).map((attribute) => `${attribute.name}#${attribute.id}`);
  const more = output.length > MOST_COLUMNS ? `, ... ${output.length - MOST_COLUMNS} more` : '';
  return `[${shown.join(', ')}${more}]`;
}
