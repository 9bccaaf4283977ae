import { createHash } from 'node:crypto';
import type { DefaultValues } from '../../../src/api/row-types.js';
import { Session } from '../../../src/api/session.js';
import { loadSqlParsers } from '../../../src/api/sql-parser.js';
import { SparrowError } from '../../../src/base/index.js';
import { createEngine } from '../../../src/exec/engine.js';
import type { Disk } from './files.js';
import { platformOf, simulatedStarter } from './workers.js';
import { prepare, type Work, works } from './works.js';
import { type Fault, type FaultKind, World } from './world.js';

export interface Outcome {
  readonly seed: number;
  readonly work: string;
  readonly faults: readonly Fault[];
  /** What of them came about. */
  readonly happened: readonly FaultKind[];
  readonly result: string;
  /** Of everything that happened: the same for the same seed. */
  readonly trace: string;
}

/** Codes of errors a fault may end in; none where the answer has to come all the same. */
const CODES: Readonly<Record<FaultKind, readonly string[]>> = {
  kill: [],
  full: ['FAILED_WRITE_FILE'],
  short: ['FAILED_READ_FILE'],
  flip: ['SPILL_FILE_CORRUPT'],
  cancel: ['OPERATION_CANCELED', 'AbortError'],
  refused: ['FAILED_READ_FILE'],
};
/** By when a fault comes about, in times that something of its kind happens; kills are what there is most of. */
const LATEST: readonly (readonly [FaultKind, number])[] = [
  ['kill', 20],
  ['kill', 150],
  ['kill', 400],
  ['full', 60],
  ['short', 60],
  ['flip', 30],
  ['cancel', 30],
];
/** A task may be lost so often. */
const MOST_KILLS = 3;

let prepared: Promise<Disk> | undefined;
const answers = new Map<string, Promise<string>>();

/** A session of a simulated process. */
async function open(world: World, disk: Disk): Promise<Session<DefaultValues>> {
  const surroundings = { platform: platformOf(world, disk), starter: simulatedStarter(world, disk) };
  const options = { workers: 2, memory: '64MB', spillDirectory: '/spill' } as const;
  return (await Session.create(options, (given) =>
    createEngine(given, loadSqlParsers, surroundings),
  )) as Session<DefaultValues>;
}

/** What the work gives where nothing goes wrong, in memory and on disk alike. */
function expectedOf(work: Work, disk: Disk): Promise<string> {
  let answer = answers.get(work.name);
  if (answer === undefined) {
    answer = (async () => {
      const world = new World(1, []);
      const own = disk.copy();
      const session = await open(world, own);
      const found = await world.drive(work.run(session, undefined));
      await world.drive(session.stop());
      return digest(found);
    })();
    answers.set(work.name, answer);
  }
  return answer;
}

/**
 * Runs a whole engine in this thread, its files, clock, chance and messages simulated and faults put in, all of it by the
 * seed. Throws when an answer is wrong, an error is not one of the faults', or something is left behind.
 */
export async function simulate(seed: number): Promise<Outcome> {
  const chance = new World(seed ^ 0x5eed, []);
  const work = works[chance.below(works.length)] as Work;
  return simulateWork(work, new World(seed, faultsOf(chance)), seed, chance.below(3) === 0 ? 'compiled' : 'spill');
}

/** The same for one fault that is put in at the so-manieth chance, whatever the work is: nothing `happened` behind the last. */
export const simulateFault = (work: Work, fault: Fault, mode: 'compiled' | 'spill'): Promise<Outcome> =>
  simulateWork(work, new World(fault.at, [fault]), fault.at, mode);

async function simulateWork(work: Work, world: World, seed: number, engineMode: string): Promise<Outcome> {
  prepared ??= prepare(open);
  const disk = (await prepared).copy();
  const expected = await expectedOf(work, disk);
  const mode = process.env.SPARROW_MODE;
  process.env.SPARROW_MODE = engineMode;
  try {
    const session = await open(world, disk);
    const result = await attempt(world, session, work);
    const told = { seed, work: work.name, faults: world.faults, happened: world.happened, result, trace: world.trace };
    await check(world, session, disk, work, expected, told);
    return told;
  } finally {
    if (mode === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = mode;
  }
}

function faultsOf(chance: World): Fault[] {
  const faults: Fault[] = [];
  for (let i = chance.below(4); i > 0; i--) {
    const [kind, latest] = LATEST[chance.below(LATEST.length)] as (typeof LATEST)[number];
    faults.push({ kind, at: 1 + chance.below(latest) });
  }
  return faults.filter(({ kind }, i) => kind !== 'kill' || i < MOST_KILLS);
}

/** The digest of what the work gives, or the code of its error. */
async function attempt(world: World, session: Session<DefaultValues>, work: Work): Promise<string> {
  const controller = new AbortController();
  world.onCancel = () => controller.abort();
  world.isHarsh = true;
  try {
    return digest(await world.drive(work.run(session, controller.signal)));
  } catch (error) {
    if (error instanceof SparrowError) return `error ${error.code}`;
    if (error instanceof Error && error.name === 'AbortError') return 'error AbortError';
    throw error;
  } finally {
    world.isHarsh = false;
  }
}

async function check(
  world: World,
  session: Session<DefaultValues>,
  disk: Disk,
  work: Work,
  expected: string,
  told: Outcome,
): Promise<void> {
  const fail = (what: string): never => {
    throw new Error(`seed ${told.seed}: ${what}\n${JSON.stringify({ ...told, expected }, undefined, 1)}`);
  };
  const allowed = told.happened.flatMap((kind) => CODES[kind].map((code) => `error ${code}`));
  if (told.result !== expected && !allowed.includes(told.result)) fail('the answer is wrong');
  // What was written is what was there before, or all that should be there.
  const seen = work.written === undefined ? undefined : digest(await world.drive(work.written(session)));
  if (seen !== undefined && seen !== expected && (told.result === expected || seen !== digest(work.before)))
    fail('what was written is neither old nor new');
  // The session goes on, and nothing is left of what went wrong.
  const again = digest(await world.drive(work.run(session, undefined)));
  if (again !== expected) fail('the second answer is wrong');
  await world.drive(session.stop());
  const left = disk.below('/spill');
  if (left.length > 0) fail(`left behind: ${left}`);
  const unfinished = disk.below('/out').filter((path) => path.includes('_temporary') || path.includes('staging'));
  if (unfinished.length > 0) fail(`left behind: ${unfinished}`);
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
