import { SparrowError } from '../base/index.js';
import { translateRegex } from './java-regex.js';
import { refuse } from './java-regex-reader.js';
import { type Growth, growthOf } from './regex-growth.js';
import { Back, One, type Program, programOf, Save, type Step } from './regex-program.js';
import { Search, type Shared } from './regex-search.js';

/** Steps that V8 may take for a text: some ten milliseconds. */
const STEPS = 4_000_000;
const MOST_POWER = 20;
/** Runs of fewer characters are in every text. */
const LEAST_RUN = 4;

/** A match, as JavaScript gives it. */
export interface Match {
  readonly [group: number]: string | undefined;
  readonly 0: string;
  readonly length: number;
  readonly index: number;
  readonly groups?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface Regex {
  readonly test: (text: string) => boolean;
  /** Gives the first match at a position of a text or behind it. */
  readonly finder: (text: string) => (from: number) => Match | null;
}

/** The longest text of which that many steps are n^power / power!. */
const lengthOf = (steps: number, power: number): number => {
  let product = steps;
  for (let i = power; i > 1; i--) product *= i;
  return product ** (1 / power);
};

/** A Java pattern: V8 searches where that takes few steps for sure, else our own search does, whose steps are linear. */
export function regexOf(pattern: string): Regex {
  const source = translateRegex(pattern);
  let js: RegExp;
  try {
    js = new RegExp(source, 'gu');
  } catch (cause) {
    return refuse(pattern, cause instanceof Error ? cause.message : String(cause));
  }
  const slow = /[*+?{|]/.test(pattern) ? slowly(pattern, source) : undefined;
  return {
    test: (text) => {
      if (slow !== undefined && !slow.isEasy(text)) return slow.finder(text)(0) !== null;
      js.lastIndex = 0;
      return js.test(text);
    },
    finder: (text) => {
      if (slow !== undefined && !slow.isEasy(text)) return slow.finder(text);
      return (from) => {
        js.lastIndex = from;
        return js.exec(text);
      };
    },
  };
}

function tooComplex(pattern: string, why: string): never {
  throw new SparrowError(
    'REGEX_TOO_COMPLEX',
    `the regular expression ${JSON.stringify(pattern)} is too complex: ${why}`,
    { hint: 'repeat less, do not repeat what repeats, do without \\1' },
  );
}

/**
 * Says of texts whether what the loops of a program match stands in short runs only: where no match gets far, V8 takes few
 * steps, however they grow with what it reads.
 */
function shortRuns({ steps, sources }: Program, { power, powerOfOne, factor }: Growth): (text: string) => boolean {
  // A loop may repeat what a group held.
  const all = steps.some(({ op, loop }, at) => op === Back && loop !== at + 1);
  const repeated = steps.filter(({ op, loop }) => op === One && (loop > 0 || all)).map(({ a }) => sources[a]);
  const loops = new Set(steps.filter(({ loop }) => loop > 0).map(({ loop }) => loop)).size;
  const known = new Map<number, RegExp>();
  return (text) => {
    if (loops === 0 || powerOfOne > MOST_POWER) return false;
    const starts = powerOfOne < power ? text.length : 1;
    const length = 2 ** Math.floor(Math.log2(lengthOf(STEPS / factor / starts, powerOfOne) / loops));
    if (length < LEAST_RUN) return false;
    const run = known.get(length) ?? new RegExp(`(?:${[...new Set(repeated)].join('|')}){${length}}`, 'u');
    known.set(length, run);
    return !run.test(text);
  };
}

/** How a pattern is searched that may take V8 long; undefined where it cannot. */
function slowly(pattern: string, source: string) {
  const program = programOf(source, (why) => tooComplex(pattern, why));
  const growth = growthOf(program);
  const { power, powerOfOne, factor } = growth;
  if (power === 1 && factor < 16) return undefined;
  const { steps, entry, sources, groups, names } = program;
  const limit = power > MOST_POWER ? -1 : lengthOf(STEPS / factor, power);
  // What every match begins with.
  let first = '';
  for (let { op, next, a } = steps[entry] as Step; op === One || op === Save; { op, next, a } = steps[next] as Step)
    if (op === One) first += sources[a];
  const head = first === '' ? undefined : new RegExp(first, 'gu');
  const hasShortRuns = shortRuns(program, growth);
  let shared: Shared | undefined;
  return {
    /** The text is short, or what every match begins with is rare there, or no match gets far. */
    isEasy: (text: string): boolean => {
      if (text.length <= limit || hasShortRuns(text)) return true;
      if (head === undefined || powerOfOne >= power) return false;
      let starts = (lengthOf(STEPS / factor, powerOfOne) / text.length) ** powerOfOne;
      head.lastIndex = 0;
      while (starts >= 0 && head.test(text)) starts--;
      return starts >= 0;
    },
    finder: (text: string) => {
      shared ??= { program, head, kinds: new Map(), classes: sources.map((one) => new RegExp(one, 'u')) };
      const search = new Search(shared, text);
      return (from: number): Match | null => {
        const slots = search.find(from);
        if (slots === undefined) return null;
        const groupOf = (group: number): string | undefined => {
          const end = slots[2 * group + 1] as number;
          return end < 0 ? undefined : text.slice(slots[2 * group], end);
        };
        const found = Array.from({ length: groups + 1 }, (_, group) => groupOf(group));
        const named = [...names].map(([name, group]) => [name, found[group]]);
        const index = slots[0] as number;
        return Object.assign(found, { 0: found[0] as string, index, groups: Object.fromEntries(named) });
      };
    },
  };
}
