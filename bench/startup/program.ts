// What a short script pays: import, session, one small question, end.
import { mark, people, tell } from './data.js';

mark('node');
const { Session, col, fn } = await import('sparrow-df');
mark('import');
const session = await Session.create();
mark('session');
const rows = await session
  .createDataFrame(people())
  .filter(col('points').gt(10))
  .groupBy('team')
  .agg(fn.count().as('n'), fn.avg('points').as('mean'))
  .orderBy('team')
  .collect();
mark('collect');
tell(rows.map(({ team, n, mean }) => [Number(team), Number(n), Number(mean)]));
await session.stop();
