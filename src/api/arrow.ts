import type { RecordBatch, Table } from 'apache-arrow';
import { SparrowError } from '../base/index.js';
import type { Plan } from '../plan/node.js';
import type { FrameContext } from './context.js';
import type { ActionOptions } from './engine.js';

const missing = (): SparrowError => new SparrowError('FEATURE_NOT_ENABLED', 'Arrow export is not wired yet');

export async function* recordBatches(
  _context: FrameContext,
  _plan: Plan,
  _options?: ActionOptions,
): AsyncGenerator<RecordBatch, void, undefined> {
  throw missing();
}

export async function tableOf(_context: FrameContext, _plan: Plan, _options?: ActionOptions): Promise<Table> {
  throw missing();
}
