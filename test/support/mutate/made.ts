import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { col, fn, Session } from 'sparrow-df';
import { container, everyType, long, record, text } from '../avro-files.js';

const ROWS = 600;
/** Present since Node 22.15. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer };

/** Writes files to mutate that no corpus has: Avro, compressed text, and what this package itself writes. */
export async function makeFiles(folder: string): Promise<void> {
  avroFiles(folder);
  await writtenFiles(folder);
  for (const name of ['rows.csv', 'rows.json']) {
    const bytes = readFileSync(join(folder, name));
    const packed = {
      gz: zlib.gzipSync(bytes),
      br: zlib.brotliCompressSync(bytes),
      deflate: zlib.deflateSync(bytes),
      zst: zstdCompressSync?.(bytes),
    };
    for (const [ending, data] of Object.entries(packed)) {
      if (data !== undefined) writeFileSync(join(folder, `${name}.${ending}`), data);
    }
  }
}

function avroFiles(folder: string): void {
  const { schema, value } = everyType();
  const flat = record(['id', 'long'], ['name', ['null', 'string']]);
  const rows = Array.from({ length: ROWS }, (_, i) => Buffer.concat([long(i), long(1), text(`name ${i % 17}`)]));
  for (const codec of ['null', 'deflate', 'snappy']) {
    writeFileSync(join(folder, `every-${codec}.avro`), container(schema, [[value, value], [value]], codec));
    writeFileSync(join(folder, `flat-${codec}.avro`), container(flat, [rows.slice(0, 400), rows.slice(400)], codec));
  }
}

async function writtenFiles(folder: string): Promise<void> {
  const session = await Session.create({ workers: 1, memory: '256MB' });
  try {
    const frame = session
      .range(ROWS)
      .select(
        col('id'),
        fn.concat(fn.lit('text '), col('id').mod(13).cast('string')).as('s'),
        col('id').cast('double').div(7).as('d'),
        col('id').cast('decimal(12,2)').as('dec'),
        fn.dateAdd(fn.lit('2024-01-01').cast('date'), col('id').cast('int')).as('day'),
        fn.when(col('id').mod(3).ne(0), fn.array(col('id'), col('id').mul(2))).as('list'),
        fn.struct(col('id').as('x'), fn.lit('y').as('y')).as('inner'),
      );
    const take = async (format: string, options: Readonly<Record<string, string>>, name: string): Promise<void> => {
      const flat = format === 'csv' ? frame.drop('list', 'inner') : frame;
      const out = join(folder, `out-${name}`);
      await flat.coalesce(1).write.format(format).options(options).save(out);
      const rows = await session.read.format('binaryFile').load(out).select('content').collect();
      writeFileSync(join(folder, name), (rows[0] as { content: Uint8Array }).content);
    };
    await take('csv', { header: 'true' }, 'rows.csv');
    await take('json', {}, 'rows.json');
    await take('arrow', {}, 'rows.arrow');
    for (const compression of [
      'none',
      'snappy',
      'gzip',
      'brotli',
      ...(zstdCompressSync === undefined ? [] : ['zstd']),
    ]) {
      const bloom = { 'parquet.bloom.filter.enabled#s': 'true', 'parquet.page.row.count.limit': '100' };
      await take('parquet', { compression, ...bloom }, `rows-${compression}.parquet`);
    }
  } finally {
    await session.stop();
  }
}
