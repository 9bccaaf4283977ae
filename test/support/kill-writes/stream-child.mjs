// Runs two streaming queries, to files and to a Delta table, over all input there is; killed by the test beside it.
const [library, folder] = process.argv.slice(2);
const { Session, t } = await import(library);
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
await session.stop();
process.stdout.write('done\n');
