import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { sparrowVersion } from '../harness/sparrow.js';
import { type Item, outputFolder, writtenAnswer } from './items.js';

export async function open({ threads, dataFolder }: Setting): Promise<Engine<string>> {
  const session = await Session.create({ workers: threads });
  const folder = outputFolder('sparrow');
  const lineitem = session.read.parquet(join(dataFolder, 'lineitem.parquet')).cache();
  return {
    version: sparrowVersion(),
    async load() {
      await lineitem.count();
    },
    async run(item) {
      const path = join(folder, item);
      const writer = lineitem.write.mode('overwrite');
      // Spark trims what it writes, DuckDB does not.
      const whole = { header: true, ignoreLeadingWhiteSpace: false, ignoreTrailingWhiteSpace: false };
      if (item === 'csv') await writer.options(whole).csv(path);
      else await writer.parquet(path);
      return path;
    },
    answer: (path, item) => writtenAnswer(item as Item, join(path, `*.${item}`)),
    async close() {
      await session.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
