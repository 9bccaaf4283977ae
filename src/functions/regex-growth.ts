import { Accept, Back, Look, Moved, One, type Program, Save, Split, Start, type Step } from './regex-program.js';

/*
 * How the steps of a machine that tries one way after the other grow with the text: as the ways to read it do. Two ways
 * through one text are one way through pairs of a program's characters. Where that is not exact, it says rather more.
 */

export interface Growth {
  /** The steps of a text of n characters are in the order of n^power; infinite: they grow exponentially. */
  readonly power: number;
  /** The same for a match that is tried at one position only. */
  readonly powerOfOne: number;
  /** By what choices outside of loops multiply them, at the least. */
  readonly factor: number;
}

const MOST_WORK = 100_000;
const HOPELESS: Growth = { power: Number.POSITIVE_INFINITY, powerOfOne: Number.POSITIVE_INFINITY, factor: 1 };
/** Matches under way at once that are not counted as a factor. */
const AT_ONCE = 16;
const ANY = '[^]';

/** By the character, or where one would stand, those that may follow, and in how many ways. */
type Follow = Map<number, number>[];

/** What follows each character; undefined: too much. Behind the steps: the search for a start, and the start of the text. */
function followOf({ steps, entry }: Program): Follow | undefined {
  const search = steps.length;
  let work = 0;
  /** Turns of loops that have matched nothing yet. */
  const begun = new Set<number>();
  let found = new Map<number, number>();
  let isStart = false;
  const walk = (at: number): void => {
    if (++work > MOST_WORK) return;
    const { op, next, a } = steps[at] as Step;
    if (op === One || op === Back) found.set(at, (found.get(at) ?? 0) + 1);
    if (op === One || op === Accept || (op === Start && !isStart) || (op === Moved && begun.has(a))) return;
    if (op === Split || op === Look) walk(a);
    if (op === Save) begun.add(a);
    walk(next);
    if (op === Save) begun.delete(a);
  };
  const from = (at: number, self: number, start = false): Map<number, number> => {
    found = self < 0 ? new Map() : new Map([[self, 1]]);
    isStart = start;
    walk(at);
    return found;
  };
  const follow = steps.map(({ op, next }, at) =>
    op === One || op === Back ? from(next, op === Back ? at : -1) : new Map(),
  );
  follow.push(from(entry, search), from(entry, -1, true));
  return work > MOST_WORK ? undefined : follow;
}

/** Whether two classes have a character in common; of properties, whether they may. */
function overlap(a: string, b: string, points: string): boolean {
  const mayMeet = (one: string, other: string) => /\\p/i.test(one) && /\\[pPDW]|\^|\\u\{(?:[89a-f].|.{3})/.test(other);
  if (mayMeet(a, b) || mayMeet(b, a)) return true;
  const is = new RegExp(b, 'u');
  return points.match(new RegExp(a, 'gu'))?.some((char) => is.test(char)) ?? false;
}

/** ASCII, and what begins a range or stands behind one. */
function pointsOf(sources: readonly string[]): string {
  const points = [...Array(129).keys()];
  for (const [, hex] of sources.join('').matchAll(/\\u\{?([0-9a-f]+)/gi)) {
    const point = Number.parseInt(hex as string, 16);
    points.push(point, Math.min(point + 1, 0x10ffff));
  }
  return String.fromCodePoint(...points);
}

/** How the steps of JavaScript's machine grow for a program. */
export function growthOf(program: Program): Growth {
  const { steps, sources } = program;
  const follow = followOf(program);
  // Who looks behind without end reads all of the text at each position.
  if (follow === undefined || steps.some(({ op, b, loop }) => op === One && b === 1 && loop > 0)) return HOPELESS;
  const size = follow.length;
  const search = steps.length;
  const classes = [...sources, ANY];
  const points = pointsOf(sources);
  const classOf = (at: number): number => (steps[at]?.op === One ? (steps[at] as Step).a : sources.length);
  const loops = follow.map((_, at) => (at === search ? size : (steps[at]?.loop ?? 0)));
  const met: boolean[] = [];
  const meet = (a: number, b: number): boolean => {
    const key = a * classes.length + b;
    const answer = met[key] ?? (a === b || overlap(classes[a] as string, classes[b] as string, points));
    met[key] = answer;
    return answer;
  };
  /** Loops beside which another goes on. */
  const beside = new Set<number>();
  const joined = new Set<number>();
  const open = new Set(follow.map((_, at) => at * size + at));
  let work = 0;
  for (const pair of open) {
    const q = pair % size;
    const p = (pair - q) / size;
    const loop = loops[p] as number;
    for (const [a, ways] of follow[p] as Follow[0]) {
      // The first way stays in its loop, or neither comes by any.
      const stays = loop > 0 && loops[a] === loop;
      if (!stays && p !== q && loop > 0) continue;
      for (const b of (follow[q] as Follow[0]).keys()) {
        if (++work > MOST_WORK) return HOPELESS;
        if (a === b ? p === q && ways === 1 : !meet(classOf(a), classOf(b))) continue;
        const other = loops[b] as number;
        if (a === b) {
          if (stays) return HOPELESS;
          joined.add(a);
        } else if (stays || (loops[a] === 0 && other === 0)) {
          if (stays && other > 0 && other !== loop && other === loops[q]) beside.add(loop * size + other);
          open.add(a * size + b);
        }
      }
    }
  }
  // Steps are written from the last to the first: what follows a loop has a smaller number.
  const power = new Map<number, number>();
  for (const loop of [...new Set(loops)].sort((x, y) => x - y))
    power.set(loop, Math.max(1, ...[...power].map(([other, most]) => most + Number(beside.has(loop * size + other)))));
  const whole = power.get(size) as number;
  power.delete(size);
  // Without loops that matter, as many matches may be under way as there are characters beside the search.
  const width = whole > 1 ? 0 : [...open].filter((pair) => Math.floor(pair / size) === search).length / AT_ONCE;
  return { power: whole, powerOfOne: Math.max(...power.values()), factor: Math.max(2 ** joined.size, width) };
}
