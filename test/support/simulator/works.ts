import type { DataFrame } from '../../../src/api/frame.js';
import { col, fn, lit } from '../../../src/api/functions.js';
import type { DefaultValues } from '../../../src/api/row-types.js';
import type { Session } from '../../../src/api/session.js';
import { Window } from '../../../src/api/window.js';
import { Disk } from './files.js';
import { World } from './world.js';

type OwnSession = Session<DefaultValues>;

/** Something a simulated session does. */
export interface Work {
  readonly name: string;
  run(session: OwnSession, signal: AbortSignal | undefined): Promise<unknown>;
  /** What is at its target afterwards, and what was there before; for works that write. */
  written?(session: OwnSession): Promise<unknown>;
  readonly before?: unknown;
}

const ROWS = 40_000;
const OLD = [{ n: 7, s: 21 }];

const facts = (session: OwnSession): DataFrame => session.read.parquet('/data/facts') as DataFrame;

/** Every row, in order, told by a few numbers. */
const rowsOf = (name: string, frame: (session: OwnSession) => DataFrame): Work => ({
  name,
  run: (session, signal) => frame(session).collect(signal === undefined ? {} : { signal }),
});

const total = (session: OwnSession): Promise<unknown> =>
  session.read.parquet('/out').agg(fn.count().as('n'), fn.sum('v').as('s')).collect();

export const works: readonly Work[] = [
  rowsOf('groups', (s) => facts(s).groupBy('k').agg(fn.count().as('n'), fn.sum('x').as('s'), fn.max('t').as('m'))),
  rowsOf('distinct', (s) => facts(s).select('k', 't').distinct()),
  rowsOf('lists', (s) => facts(s).groupBy('g').agg(fn.collectList('v').as('l'))),
  rowsOf('sort', (s) => facts(s).orderBy(col('t').desc(), 'x')),
  rowsOf('first rows', (s) => facts(s).orderBy('x', 'v').limit(100)),
  rowsOf('join', (s) => {
    const few = facts(s).filter(col('v').mod(3).eq(0)).select(col('v').as('w'), col('t').as('u'));
    return facts(s).join(few, col('v').eq(col('w')), 'left') as DataFrame;
  }),
  rowsOf('join of texts', (s) => {
    const other = facts(s).filter(col('g').lt(20)).select(col('t').as('u'), col('x').as('y'));
    return facts(s)
      .join(other, col('t').eq(col('u')))
      .agg(fn.count().as('n'), fn.sum('y').as('s')) as DataFrame;
  }),
  rowsOf('window', (s) => {
    const over = Window.partitionBy('g').orderBy('v');
    return facts(s).select('v', fn.sum('x').over(over).as('s'), fn.rowNumber().over(over).as('r')) as DataFrame;
  }),
  {
    name: 'write',
    run: async (session, signal) => {
      const rows = facts(session).filter(col('g').gt(5)).select('v', 't', 'x');
      await rows.write.mode('overwrite').parquet('/out', signal === undefined ? {} : { signal });
      return total(session);
    },
    written: total,
    before: OLD,
  },
];

/** The disk every simulation begins with. */
export async function prepare(open: (world: World, disk: Disk) => Promise<OwnSession>): Promise<Disk> {
  const [world, disk] = [new World(1, []), new Disk()];
  const session = await open(world, disk);
  const id = col('id');
  const rows = session
    .range(0, ROWS)
    .select(
      id.as('v'),
      id.mul(7919).mod(5003).as('k'),
      id.mul(31).mod(97).as('g'),
      fn.concat(lit('text '), id.mul(104_729).mod(9001).cast('string')).as('t'),
      id.mul(37).mod(1013).div(7).as('x'),
    );
  await world.drive(rows.repartition(6).write.parquet('/data/facts'));
  await world.drive(session.range(0, 7).select(id.as('v')).write.parquet('/out'));
  await world.drive(session.stop());
  return disk;
}
