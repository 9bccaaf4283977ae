import type { Format } from '../../base/index.js';
import { openText } from './open.js';
import { textReader } from './read.js';
import { createTextWriter } from './write.js';

export const textFormat: Format = {
  name: 'text',
  extensions: ['.txt', '.text', '.log', '.txt.gz'],
  open: openText,
  reader: textReader,
  createWriter: createTextWriter,
};
