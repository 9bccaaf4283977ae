import { describe, expect, test } from 'vitest';
import { SparrowError } from '../../src/base/index.js';
import { translateRegex } from '../../src/functions/java-regex.js';
import { growthOf } from '../../src/functions/regex-growth.js';
import { type Program, programOf } from '../../src/functions/regex-program.js';
import { Search } from '../../src/functions/regex-search.js';

// Our own search of regular expressions, which linear time asks for, beside V8's of the same translated pattern.
const SEED = Number(process.env.SPARROW_SEED ?? 20261130);
const PATTERNS = Number(process.env.SPARROW_CASES ?? 2500);

let state = SEED;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] as string;

const SINGLE = ['a', 'b', 'c', '[ab]', '[^a]', '.', '\\w', '\\d', 'é', '😀', 'x', '\\s', '\\p{L}', '\\R'];
const TIMES = ['*', '+', '?', '{2}', '{0,2}', '{1,3}', '{2,}', '{0}', '*', '+'];
const EDGES = ['^', '$', '\\b', '\\B', '\\z', '\\Z', '\\A', '(?m)^', '(?m)$'];

let named = 0;
/** A Java pattern, empty parts and captures in loops and looks included. */
function pattern(depth: number): string {
  const what = random();
  if (depth <= 0 || what < 0.3) return pick(SINGLE);
  const part = () => pattern(depth - 1);
  if (what < 0.45) return part() + part();
  if (what < 0.55) return `(?:${part()}|${part()})`;
  if (what < 0.6) return `(${part()}|${random() < 0.3 ? '' : part()})`;
  if (what < 0.65) return `(${part()})`;
  if (what < 0.7) return `(?<n${++named}>${part()})`;
  if (what < 0.9) return `${random() < 0.5 ? '(?:' : '('}${part()})${pick(TIMES)}${pick(['', '', '?'])}`;
  if (what < 0.94) return pick(EDGES);
  if (what < 0.98) return `${pick(['(?=', '(?!', '(?<=', '(?<!'])}${part()})`;
  return pick(['\\1', 'a*+', '(?i)b']);
}

// Halves of characters only now and then.
const PARTS = ['a', 'b', 'a', 'b', 'c', 'x', '1', ' ', 'é', '😀', '\n', '\r\n', '_', '\ud83d', '\ude00'];
const text = (): string => {
  const parts = random() < 0.1 ? PARTS : PARTS.slice(0, -2);
  return Array.from({ length: Math.floor(random() * 10) }, () => pick(parts)).join('');
};

const searched = (program: Program, of: string): Search => {
  const classes = program.sources.map((source) => new RegExp(source, 'u'));
  return new Search({ program, classes, kinds: new Map(), head: undefined }, of);
};
const refuse = (why: string): never => {
  throw new SparrowError('REGEX_TOO_COMPLEX', why);
};
const program = (java: string): Program => programOf(translateRegex(java), refuse);

/** Where the matches of a text and their groups lie, as each machine finds them, in one list. */
function matches(of: string, next: (from: number) => readonly (string | undefined | number)[] | undefined) {
  const found = [];
  for (let at = 0; at <= of.length; ) {
    const match = next(at);
    if (match === undefined) break;
    found.push(match);
    const end = (match[0] as number) + String(match[1]).length;
    at = match[1] === '' ? end + ((of.codePointAt(end) ?? 0) > 0xffff ? 2 : 1) : end;
  }
  return found;
}

describe('our own search', () => {
  test(`finds what V8 finds, groups included (seed ${SEED})`, { timeout: 120_000 }, () => {
    let [tried, found] = [0, 0];
    while (tried < PATTERNS) {
      named = 0;
      const java = pattern(4);
      let js: RegExp;
      try {
        js = new RegExp(translateRegex(java), 'gu');
      } catch {
        continue;
      }
      tried++;
      const ours = program(java);
      for (let i = 0; i < 5; i++) {
        const of = text();
        const search = searched(ours, of);
        const mine = matches(of, (from) => {
          const slots = search.find(from);
          if (slots === undefined) return undefined;
          const parts = Array.from({ length: ours.groups + 1 }, (_, group) => {
            const end = slots[2 * group + 1] as number;
            return end < 0 ? undefined : of.slice(slots[2 * group], end);
          });
          return [slots[0] as number, ...parts];
        });
        const theirs = matches(of, (from) => {
          js.lastIndex = from;
          const match = js.exec(of);
          return match === null ? undefined : [match.index, ...match];
        });
        expect(mine, `${java} in ${JSON.stringify(of)}`).toEqual(theirs);
        found += mine.length;
      }
    }
    expect(found).toBeGreaterThan(PATTERNS);
  });

  test('repetitions that make a program too long are refused', () => {
    expect(() => program('(?:a{1,1000}){1,1000}')).toThrow('REGEX_TOO_COMPLEX');
    expect(() => program('(?:(?:(?:){1000}){1000}){1000}')).toThrow('REGEX_TOO_COMPLEX');
  });
});

// What is known of V8: on a text of n of the repeated characters it takes steps in the order of n^power.
describe('how the steps of a pattern grow', () => {
  test.for([
    ['^a+b', 1],
    ['^[\\w.-]+@[\\w-]+\\.[\\w.-]+$', 1],
    ['(foo|foobar)baz', 1],
    ['(\\d{1,3}\\.){3}\\d{1,3}', 1],
    ['^(?:a|ab)*$', 1],
    ['a+b', 2],
    ['^\\s+|\\s+$', 2],
    ['express.*(deposits|requests)', 2],
    ['\\bfoo\\b.*\\bbar\\b', 2],
    ['(?=.*x)y', 2],
    ['a+b|c+d|e+f', 2],
    ['^a*a*a*b', 3],
    ['a.*b.*c.*d', 4],
    ['^(a+)+$', Number.POSITIVE_INFINITY],
    ['(?:a|ab|ba)*c', Number.POSITIVE_INFINITY],
    ['^(\\w+\\s?)*$', Number.POSITIVE_INFINITY],
    ['^(a*)*$', Number.POSITIVE_INFINITY],
    ['^((?:a?)*)*$', Number.POSITIVE_INFINITY],
    ['^(a?)*$', 1],
    ['(x+x+)+y', Number.POSITIVE_INFINITY],
    ['(?:\\p{L}|\\p{Lu})+!', Number.POSITIVE_INFINITY],
  ] as const)('%s', ([java, power]) => {
    expect(growthOf(program(java)).power).toBe(power);
  });

  test('choices in a row multiply them', () => {
    expect(growthOf(program(`${'a?'.repeat(12)}b`)).factor).toBeGreaterThanOrEqual(1024);
    expect(growthOf(program('(?:a|b)(?:c|d)(?:e|f)')).factor).toBe(1);
  });
});
