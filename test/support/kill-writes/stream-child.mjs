// Runs streaming queries, to files and to Delta tables, most of them with state, over all input there is; killed by the test
// beside it. Another one is the first each time.
const [library, folder, first = '0'] = process.argv.slice(2);
const { fn, Session, t } = await import(library);
const session = await Session.create({ workers: 1, memory: '128MB' });
const read = () =>
  session.readStream.schema({ id: t.int64, text: t.string }).option('maxFilesPerTrigger', 1).json(`${folder}/in`);
const input = read();
const timed = (frame) => frame.selectExpr('id', 'timestamp_seconds(id) AS at').withWatermark('at', '0 seconds');
const plain = input.selectExpr('id', 'upper(text) as text', 'id % 2 as part');
const counts = [fn.count().as('n'), fn.sum('id').as('sum')];
const [even, odd] = [timed(read()).filter('id % 2 = 0').alias('l'), timed(read()).filter('id % 4 = 1').alias('r')];
const queries = {
  files: [plain, 'parquet', ['part']],
  table: [plain, 'delta', ['part']],
  windows: [
    timed(input)
      .groupBy(fn.window('at', '10 seconds'))
      .agg(...counts),
    'parquet',
  ],
  different: [input.dropDuplicates(['text']), 'delta'],
  sessions: [
    timed(input)
      .selectExpr('*', 'id div 10 AS ten')
      .groupBy('ten', fn.sessionWindow('at', '2 seconds'))
      .agg(...counts),
    'delta',
  ],
  matches: [
    even
      .join(odd, fn.expr('r.id = l.id + 1 AND r.at >= l.at AND r.at <= l.at + INTERVAL 5 SECONDS'), 'left')
      .selectExpr('l.id AS id', 'r.id AS odd'),
    'parquet',
  ],
};
process.stdout.write('ready\n');
const names = Object.keys(queries);
for (let i = 0; i < names.length; i++) {
  const name = names[(i + Number(first)) % names.length];
  const [frame, format, partitionBy = []] = queries[name];
  const writer = frame.writeStream.format(format).partitionBy(...partitionBy);
  const query = await writer.option('checkpointLocation', `${folder}/state-${name}`).start(`${folder}/${name}`);
  await query.awaitTermination();
}
await session.stop();
process.stdout.write('done\n');
