import type { Format } from '../../base/index.js';
import { openJson } from './open.js';
import { jsonReader } from './read.js';
import { createJsonWriter } from './write.js';

export const jsonFormat: Format = {
  name: 'json',
  extensions: ['.json', '.ndjson', '.jsonl', '.json.gz', '.ndjson.gz', '.jsonl.gz'],
  open: openJson,
  reader: jsonReader,
  createWriter: createJsonWriter,
};
