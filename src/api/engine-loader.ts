import { SparrowError } from '../base/index.js';
import type { CreateEngine } from './engine.js';
import type { SessionOptions } from './session-options.js';
import { loadSqlParsers } from './sql-parser.js';

/** The engine a session runs on: this machine's, or a cluster's. */
export async function loadEngine(options: SessionOptions): Promise<CreateEngine> {
  if (options.remote !== undefined) {
    throw new SparrowError('UNSUPPORTED_FEATURE.REMOTE', `a session on ${options.remote} is not possible yet`, {
      hint: 'leave `remote` out to run on this machine',
    });
  }
  const { createEngine } = await import('../exec/engine.js');
  return (engineOptions) => createEngine(engineOptions, loadSqlParsers);
}
