// Runs streaming queries, to files and to Delta tables, two of them with state, over all input there is; killed by the test beside it.
const [library, folder] = process.argv.slice(2);
const { fn, Session, t } = await import(library);
const session = await Session.create({ workers: 1, memory: '128MB' });
const input = session.readStream
  .schema({ id: t.int64, text: t.string })
  .option('maxFilesPerTrigger', 1)
  .json(`${folder}/in`);
process.stdout.write('ready\n');
for (const [format, path] of [
  ['parquet', 'files'],
  ['delta', 'table'],
]) {
  const query = await input
    .selectExpr('id', 'upper(text) as text', 'id % 2 as part')
    .writeStream.format(format)
    .partitionBy('part')
    .option('checkpointLocation', `${folder}/state-${path}`)
    .start(`${folder}/${path}`);
  await query.awaitTermination();
}
const seconds = input.selectExpr('id', 'timestamp_seconds(id) AS at').withWatermark('at', '0 seconds');
for (const [format, path, frame] of [
  [
    'parquet',
    'windows',
    seconds.groupBy(fn.window('at', '10 seconds')).agg(fn.count().as('n'), fn.sum('id').as('sum')),
  ],
  ['delta', 'different', input.dropDuplicates(['text'])],
]) {
  const writer = frame.writeStream.format(format).option('checkpointLocation', `${folder}/state-${path}`);
  await (await writer.start(`${folder}/${path}`)).awaitTermination();
}
await session.stop();
process.stdout.write('done\n');
