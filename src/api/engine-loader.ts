import { SparrowError } from '../base/index.js';
import { createEngine } from '../exec/engine.js';
import type { CreateEngine } from './engine.js';
import type { SessionOptions } from './session-options.js';
import { loadSqlParsers } from './sql-parser.js';

/** The engine a session runs on: this machine's, or a cluster's. It is loaded with the library: a file of its own costs a start more than its code. */
export function engineFor(options: SessionOptions): CreateEngine {
  if (options.remote !== undefined) {
    throw new SparrowError('UNSUPPORTED_FEATURE.REMOTE', `a session on ${options.remote} is not possible yet`, {
      hint: 'leave `remote` out to run on this machine',
    });
  }
  return (engineOptions) => createEngine(engineOptions, loadSqlParsers);
}
