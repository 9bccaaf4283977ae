import { SparrowError } from '../../base/index.js';
import { project } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { readsAny, toAttribute } from '../expr-type.js';
import { hasWindow } from '../facts.js';
import { nextId } from '../ids.js';
import type { Plan, WithColumnsPlan } from '../node.js';
import { outputOf } from '../output.js';
import type { Analyzed } from './analyzed.js';
import { foldLiteralCasts } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { forbidAggregates } from './forbid.js';
import type { Frames } from './frames.js';
import type { NameMatch } from './names.js';
import type { Scope } from './scope.js';
import { withOwnWindows } from './time-windows.js';
import { extractWindows } from './windows.js';

/**
 * Chains of `withColumn` are resolved together, so that thousands of them cost no more than one wide projection:
 * columns that do not build on each other share one Project.
 */
export function resolveWithColumns(chain: readonly WithColumnsPlan[], base: Analyzed, context: Context): Analyzed {
  const columns = new Columns(base, context);
  for (const plan of chain) columns.add(plan);
  return columns.finish();
}

/** What a column was called at some step: for names taken from a frame in the middle of the chain. */
interface Version {
  readonly step: number;
  readonly attributes: readonly Attribute[];
}

class Columns {
  readonly #context: Context;
  readonly #base: Analyzed;
  readonly #caseSensitive: boolean;
  #plan: Plan;
  /** The columns as they will be; those in `#made` are computed by the projection that is being collected. */
  #columns: (Attribute | Alias)[];
  readonly #made = new Set<number>();
  readonly #positions = new Map<string, number[]>();
  readonly #byId = new Map<number, Attribute>();
  readonly #history = new Map<string, Version[]>();
  readonly #steps = new Map<number, number>();
  #step = 0;
  #output: readonly Attribute[] | undefined;

  constructor(base: Analyzed, context: Context) {
    this.#context = context;
    this.#base = base;
    this.#caseSensitive = context.settings.caseSensitive === true;
    this.#plan = base.plan;
    this.#columns = [...outputOf(base.plan)];
    for (const [i, column] of this.#columns.entries()) {
      const attribute = toAttribute(column);
      const key = this.#key(attribute.name);
      const positions = this.#positions.get(key);
      if (positions === undefined) this.#positions.set(key, [i]);
      else positions.push(i);
      this.#byId.set(attribute.id, attribute);
    }
    for (const key of this.#positions.keys()) this.#remember(key);
  }

  add(plan: WithColumnsPlan): void {
    const { settings } = this.#context;
    this.#refuseTwins(plan);
    const given = plan.columns.map(({ expr }) => expr);
    const flushed = (): Analyzed => {
      this.#flush();
      return { plan: this.#plan, frames: this.#base.frames };
    };
    const timed = withOwnWindows(given, flushed, this.#context);
    if (timed !== undefined) this.#plan = timed.input.plan;
    const scope = this.#scope();
    let exprs = (timed?.exprs ?? given).map((expr) => {
      const resolved = resolveExpr(expr, scope, settings);
      forbidAggregates(resolved, 'withColumn');
      const value = resolved.kind === 'alias' ? resolved.input : resolved;
      return foldLiteralCasts(value, settings);
    });
    if (exprs.some(hasWindow)) {
      this.#flush();
      const windows = extractWindows(this.#plan, exprs);
      this.#plan = windows.input;
      exprs = [...windows.exprs];
    } else if (exprs.some((expr) => readsAny(expr, this.#made))) {
      this.#flush();
    }
    this.#step++;
    for (const [i, { name }] of plan.columns.entries()) this.#set(name, exprs[i] as Expr);
    if (plan.planId !== undefined) this.#steps.set(plan.planId, this.#step);
    this.#output = undefined;
  }

  finish(): Analyzed {
    this.#flush();
    const frames: Frames = {
      inputs: [{ frames: this.#base.frames }],
      named: {
        find: (planId) => {
          const step = this.#steps.get(planId);
          return step === undefined ? undefined : (parts) => this.#matchAt(parts, step);
        },
      },
    };
    return { plan: this.#plan, frames };
  }

  #set(name: string, input: Expr): void {
    const alias: Alias = Object.freeze({ kind: 'alias', name, input, id: nextId() });
    const attribute = toAttribute(alias);
    const key = this.#key(name);
    const positions = this.#positions.get(key);
    if (positions === undefined) {
      this.#positions.set(key, [this.#columns.length]);
      this.#columns.push(alias);
    } else {
      for (const position of positions) {
        this.#byId.delete(toAttribute(this.#columns[position] as Alias).id);
        this.#columns[position] = alias;
      }
    }
    this.#byId.set(attribute.id, attribute);
    this.#made.add(attribute.id);
    this.#remember(key);
  }

  /** Ends the projection collected so far; what follows may read its columns. */
  #flush(): void {
    if (this.#made.size === 0) return;
    this.#plan = project(this.#plan, Object.freeze(this.#columns));
    this.#columns = [...outputOf(this.#plan)];
    this.#made.clear();
  }

  #attributesNamed(key: string): readonly Attribute[] {
    return (this.#positions.get(key) ?? []).map((position) => toAttribute(this.#columns[position] as Alias));
  }

  #remember(key: string): void {
    const version: Version = { step: this.#step, attributes: this.#attributesNamed(key) };
    const versions = this.#history.get(key);
    if (versions === undefined) this.#history.set(key, [version]);
    else versions.push(version);
  }

  #matchAt(parts: readonly string[], step: number): NameMatch {
    const versions = this.#history.get(this.#key(parts[0] ?? '')) ?? [];
    return {
      attributes: versions.findLast((version) => version.step <= step)?.attributes ?? [],
      fields: parts.slice(1),
    };
  }

  #scope(): Scope {
    const outputNow = (): readonly Attribute[] => {
      this.#output ??= this.#columns.map(toAttribute);
      return this.#output;
    };
    const qualified = (qualifier: string): readonly Attribute[] =>
      outputNow().filter((a) => a.qualifier !== undefined && this.#key(a.qualifier) === this.#key(qualifier));
    const step = this.#step;
    return {
      get output() {
        return outputNow();
      },
      caseSensitive: this.#caseSensitive,
      match: (parts) => {
        const [first = '', second] = parts;
        if (second !== undefined) {
          const attributes = qualified(first).filter((a) => this.#key(a.name) === this.#key(second));
          if (attributes.length > 0) return { attributes, fields: parts.slice(2) };
        }
        return { attributes: this.#attributesNamed(this.#key(first)), fields: parts.slice(1) };
      },
      qualified,
      byId: (id) => this.#byId.get(id),
      around: this.#context,
      frames: {
        inputs: [{ frames: this.#base.frames }],
        named: {
          find: (planId) => {
            const at = this.#steps.get(planId);
            return at === undefined || at > step ? undefined : (parts) => this.#matchAt(parts, at);
          },
        },
      },
    };
  }

  #refuseTwins(plan: WithColumnsPlan): void {
    const seen = new Set<string>();
    for (const { name } of plan.columns) {
      if (seen.has(this.#key(name))) {
        throw new SparrowError('COLUMN_ALREADY_EXISTS', `the column \`${name}\` is given twice`, { sqlState: '42711' });
      }
      seen.add(this.#key(name));
    }
  }

  #key(name: string): string {
    return this.#caseSensitive ? name : name.toLowerCase();
  }
}
