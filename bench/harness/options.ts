import { parseArgs } from 'node:util';
import { type Options, ourselves } from './contract.js';

export class UsageError extends Error {}

const list = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const positive = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name} takes a whole number from 1, not ${text}`);
  return value;
};

/** The command line of `npm run bench`. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      sf: { type: 'string', default: '1' },
      peers: { type: 'string', default: 'duckdb,polars' },
      engines: { type: 'string' },
      threads: { type: 'string', default: '2' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const [suite, ...more] = positionals;
  if (suite === undefined || more.length > 0) throw new UsageError('name one suite');
  if (values.sf !== 'tiny' && !(Number(values.sf) > 0))
    throw new UsageError(`--sf takes a number or tiny, not ${values.sf}`);
  return {
    suite,
    scale: values.sf,
    engines: list(values.engines) ?? [ourselves, ...(list(values.peers) ?? [])],
    threads: positive('threads', values.threads) ?? 2,
    only: list(values.only),
    rounds: positive('rounds', values.rounds),
    json: values.json,
  };
}

/** The items of a suite that --only names, all of them without it. */
export function chosenItems(
  suite: string,
  items: readonly string[],
  only: readonly string[] | undefined,
): readonly string[] {
  const unknown = only?.filter((item) => !items.includes(item)) ?? [];
  if (unknown.length > 0) throw new UsageError(`${suite} has no ${unknown.join(', ')}; it has ${items.join(', ')}`);
  return only ?? items;
}

export const usage = `npm run bench -- <suite> [options]

  --sf <n>          scale factor of the data, or tiny (default 1)
  --peers <a,b>     engines beside Sparrow (default duckdb,polars; also polars-streaming)
  --engines <a,b>   the whole list of engines, with or without sparrow
  --threads <n>     threads of every engine (default 2)
  --only <q1,q6>    these items only
  --rounds <n>      timed rounds (default 7, and 15 where an item takes under 50 ms)
  --json <file>     write the figures
`;
