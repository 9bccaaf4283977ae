import type { Format } from '../../base/index.js';
import { openCsv } from './open.js';
import { csvReader } from './read.js';
import { createCsvWriter } from './write.js';

export const csvFormat: Format = {
  name: 'csv',
  extensions: ['.csv', '.tsv', '.csv.gz', '.tsv.gz'],
  open: openCsv,
  reader: csvReader,
  createWriter: createCsvWriter,
};
