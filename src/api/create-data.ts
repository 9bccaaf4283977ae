import { SparrowError, type DataType } from '../base/index.js';
import type { Plan } from '../plan/node.js';
import type { FrameContext } from './context.js';
import type { ColumnType, ShapeOfRow } from './row-types.js';
import type { FrameSchema } from './schema.js';

/** Values column by column: arrays or typed arrays of one length. */
export type ColumnData = { readonly [name: string]: ArrayLike<unknown> };

/** The schema that columns of TypeScript types have. */
export type ShapeOfColumns<C extends ColumnData> = ShapeOfRow<{ [K in keyof C]: C[K][number] }>;

const missing = (): SparrowError => new SparrowError('FEATURE_NOT_ENABLED', 'local data is not wired yet');
export function planOfArrow(_data: unknown, _context: FrameContext, _schema?: FrameSchema): Plan | undefined {
  return undefined;
}
export async function rowsToPlan(_data: AsyncIterable<object>, _context: FrameContext, _schema?: FrameSchema): Promise<Plan> {
  throw missing();
}
export function localPlan(_data: unknown, _context: FrameContext, _schema?: FrameSchema): Plan {
  throw missing();
}
export type { ColumnType, DataType };
