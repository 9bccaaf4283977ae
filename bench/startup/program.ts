// What a short script pays: import, session, one small question, end. Prints when each step was done, in ms since the
// process began.
const since: Record<string, number> = {};
const mark = (step: string): void => {
  since[step] = performance.now();
};

mark('node');
const { Session, col, fn } = await import('sparrow-df');
mark('import');
const session = await Session.create();
mark('session');
const people = session.createDataFrame(
  Array.from({ length: 1_000 }, (_, id) => ({ id, team: id % 10, points: (id * 7) % 100 })),
);
const rows = await people
  .filter(col('points').gt(10))
  .groupBy('team')
  .agg(fn.count().as('n'), fn.avg('points').as('mean'))
  .orderBy('team')
  .collect();
mark('collect');
console.log(JSON.stringify({ timeOrigin: performance.timeOrigin, since, rows: rows.length }));
await session.stop();
