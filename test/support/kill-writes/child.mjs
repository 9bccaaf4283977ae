// Writes in every mode until it is killed. Each write of a mode has a number, told on standard output when it is done.
import { existsSync } from 'node:fs';
import { argv, stdout } from 'node:process';

const [, , library, folder, from] = argv;
const { col, lit, Session } = await import(library);
const session = await Session.create({ workers: 1 });
const rows = (number) => session.range(300).select(col('id'), lit(number).as('number'));
stdout.write('ready\n');

for (let number = Number(from); ; number++) {
  const done = (mode) => stdout.write(`${mode} ${number}\n`);
  await rows(number).repartition(3).write.mode('overwrite').parquet(`${folder}/overwrite`);
  done('overwrite');
  await rows(number).repartition(3).write.mode('append').option('header', true).csv(`${folder}/append`);
  done('append');
  const parts = rows(number).withColumn('part', col('id').mod(lit(3)));
  // The third partition is written once, and stays.
  const changed = existsSync(`${folder}/dynamic`) ? parts.filter(col('part').lt(lit(2))) : parts;
  await changed.write
    .mode('overwrite')
    .option('partitionOverwriteMode', 'dynamic')
    .partitionBy('part')
    .json(`${folder}/dynamic`);
  done('dynamic');
  await rows(number).repartition(2).write.mode('errorifexists').parquet(`${folder}/error-${number}`);
  done('error');
  await rows(number).repartition(2).write.mode('ignore').arrow(`${folder}/ignore`);
  done('ignore');
}
