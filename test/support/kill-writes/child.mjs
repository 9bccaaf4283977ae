// Writes in every mode until it is killed. Each write of a mode has a number, told on standard output when it is done.
import { existsSync } from 'node:fs';
import { argv, stdout } from 'node:process';

const [, , library, folder, from] = argv;
const { col, lit, Session } = await import(library);
const session = await Session.create({ workers: 1 });
const rows = (number, parts) =>
  session
    .range(300)
    .select(col('id'), lit(number).as('number'))
    .repartition(parts ?? 3);
const partitioned = (number) => rows(number).withColumn('part', col('id').mod(lit(3)));
const path = (mode) => `${folder}/${mode}`;

/** The modes of one format of files. */
const ofFormat = (format) => {
  const options = format === 'csv' ? { header: true } : {};
  const save = (writer, mode) =>
    writer
      .options(options)
      .format(format)
      .save(path(`${mode}-${format}`));
  return {
    [`overwrite-${format}`]: (number) => save(rows(number).write.mode('overwrite'), 'overwrite'),
    [`append-${format}`]: (number) => save(partitioned(number).write.mode('append').partitionBy('part'), 'append'),
    [`dynamic-${format}`]: (number) => {
      // The third partition is written once, and stays.
      const parts = partitioned(number);
      const changed = existsSync(path(`dynamic-${format}`)) ? parts.filter(col('part').lt(lit(2))) : parts;
      const write = changed.write.mode('overwrite').option('partitionOverwriteMode', 'dynamic');
      return save(write.partitionBy('part'), 'dynamic');
    },
    [`ignore-${format}`]: (number) => save(rows(number, 2).write.mode('ignore'), 'ignore'),
  };
};

const modes = {
  ...ofFormat('parquet'),
  ...ofFormat('csv'),
  ...ofFormat('json'),
  error: (number) =>
    rows(number, 2)
      .write.mode('errorifexists')
      .arrow(path(`error-${number}`)),
  'delta-append': (number) => partitioned(number).write.mode('append').partitionBy('part').delta(path('delta-append')),
  'delta-overwrite': (number) => rows(number).write.mode('overwrite').delta(path('delta-overwrite')),
  // Rows change their number, all or none.
  'delta-update': async (number) => {
    const table = path('delta-update');
    if (existsSync(`${table}/_delta_log/00000000000000000000.json`))
      await session.execute(`UPDATE delta.\`${table}\` SET number = ${number}`);
    else await rows(number).write.delta(table);
  },
  // Rows change, rows go and rows come: 300 before and after it.
  'delta-merge': async (number) => {
    const table = path('delta-merge');
    if (!existsSync(`${table}/_delta_log/00000000000000000000.json`)) return rows(number).write.delta(table);
    await session.execute(`MERGE INTO delta.\`${table}\` AS old
      USING (SELECT 1 + id + (SELECT min(id) FROM delta.\`${table}\`) AS id, ${number} AS number FROM range(300)) AS new
      ON old.id = new.id
      WHEN MATCHED THEN UPDATE SET number = new.number WHEN NOT MATCHED THEN INSERT *
      WHEN NOT MATCHED BY SOURCE THEN DELETE`);
  },
};

const names = Object.keys(modes);
stdout.write(`${names.join(' ')}\n`);
// Another mode is the first each time: most processes do not live long.
for (let write = Number(from); ; write++) {
  const number = Number(from) + Math.floor((write - Number(from)) / names.length);
  const mode = names[write % names.length];
  await modes[mode](number);
  stdout.write(`${mode} ${number}\n`);
}
