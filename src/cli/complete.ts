import type { CompleterResult } from 'node:readline';
import { runInThisContext } from 'node:vm';
import { DataFrame } from '../api/frame.js';

const known = new WeakMap<DataFrame, Promise<string[]>>();

/** The columns a line up to the cursor asks for: within a string, or after `$.`, of the frames the line names. */
export async function columnCompletions(line: string): Promise<CompleterResult | undefined> {
  const started = startedName(line);
  if (started === undefined) return undefined;
  const frames = [...new Set(line.match(/(?<![\w$.])[A-Za-z_]\w*/g))]
    .map(valueNamed)
    .filter((v) => v instanceof DataFrame);
  const names = (await Promise.all(frames.map(columnsOf))).flat();
  const fitting = [...new Set(names)].filter((name) => name.startsWith(started));
  return fitting.length === 0 ? undefined : [fitting, started];
}

function startedName(line: string): string | undefined {
  const inString = /(['"`])([^'"`]*)$/.exec(line);
  if (inString !== null) {
    const quotes = line.split(inString[1] ?? '').length - 1;
    if (quotes % 2 === 1) return inString[2];
  }
  return /\$\.(\w*)$/.exec(line)?.[1];
}

/** A variable's value: `const` at the prompt makes no property of the global object, so only a script sees it. */
function valueNamed(name: string): unknown {
  try {
    return runInThisContext(name);
  } catch {
    return undefined;
  }
}

function columnsOf(frame: DataFrame): Promise<string[]> {
  const columns = known.get(frame) ?? frame.columns().catch(() => []);
  known.set(frame, columns);
  return columns;
}
