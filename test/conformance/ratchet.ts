import { existsSync, readFileSync } from 'node:fs';

/** Indexes of the cases that passed, by file. */
export type Passed = Map<string, Set<number>>;

/** Lines `category<tab>file<tab>0-3,7`, sorted: they merge well and say little twice. */
export function readRatchet(path: string): Passed {
  const passed: Passed = new Map();
  if (!existsSync(path)) return passed;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, file, ranges] = line.split('\t');
    if (file === undefined || ranges === undefined) continue;
    passed.set(file, new Set(ranges.split(',').flatMap(between)));
  }
  return passed;
}

function between(range: string): number[] {
  const [first, last] = range.split('-').map(Number) as [number, number | undefined];
  return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
}

/** The text of the ratchet file; `categories` says which category each file is of. */
export function ratchetText(passed: Passed, categories: ReadonlyMap<string, string>): string {
  const lines = [...passed].map(([file, ids]) => `${categories.get(file) ?? ''}\t${file}\t${ranges(ids)}`);
  return `${lines.sort().join('\n')}\n`;
}

function ranges(ids: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...ids].sort((a, b) => a - b);
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

/** What `--passed` wrote: lines `category<tab>file#index`. */
export function passedIds(text: string): Passed {
  const passed: Passed = new Map();
  for (const line of text.split('\n')) {
    const [, id] = line.split('\t');
    const at = id?.lastIndexOf('#') ?? -1;
    if (id === undefined || at < 0) continue;
    const file = id.slice(0, at);
    const ids = passed.get(file) ?? new Set<number>();
    passed.set(file, ids.add(Number(id.slice(at + 1))));
  }
  return passed;
}
