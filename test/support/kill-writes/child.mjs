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

const modes = {
  overwrite: (number) => rows(number).write.mode('overwrite').parquet(`${folder}/overwrite`),
  append: (number) => rows(number).write.mode('append').option('header', true).csv(`${folder}/append`),
  dynamic: (number) => {
    // The third partition is written once, and stays.
    const parts = partitioned(number);
    const changed = existsSync(`${folder}/dynamic`) ? parts.filter(col('part').lt(lit(2))) : parts;
    const write = changed.write.mode('overwrite').option('partitionOverwriteMode', 'dynamic');
    return write.partitionBy('part').json(`${folder}/dynamic`);
  },
  error: (number) => rows(number, 2).write.mode('errorifexists').parquet(`${folder}/error-${number}`),
  ignore: (number) => rows(number, 2).write.mode('ignore').arrow(`${folder}/ignore`),
  'delta-append': (number) =>
    partitioned(number).write.mode('append').partitionBy('part').delta(`${folder}/delta-append`),
  'delta-overwrite': (number) => rows(number).write.mode('overwrite').delta(`${folder}/delta-overwrite`),
  // Rows change their number, all or none.
  'delta-update': async (number) => {
    const path = `${folder}/delta-update`;
    if (existsSync(`${path}/_delta_log`)) await session.execute(`UPDATE delta.\`${path}\` SET number = ${number}`);
    else await rows(number).write.delta(path);
  },
};

stdout.write('ready\n');
const names = Object.keys(modes);
// Another mode is the first each time: most processes do not live long.
for (let write = Number(from); ; write++) {
  const number = Number(from) + Math.floor((write - Number(from)) / names.length);
  const mode = names[write % names.length];
  await modes[mode](number);
  stdout.write(`${mode} ${number}\n`);
}
