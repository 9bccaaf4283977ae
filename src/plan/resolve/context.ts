import { fromPlainError, SparrowError } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import type { Catalog, VariableLookup } from '../catalog.js';
import type { Attribute } from '../expr.js';
import type { Plan } from '../node.js';
import { nodeText } from '../node-text.js';
import type { Surroundings } from './scope.js';

/** What the session settles for analysis and optimization. */
export interface PlanSettings extends EvalSettings {
  /** Names are compared without case unless set (Spark's default). */
  readonly caseSensitive?: boolean;
  /** What TIMESTAMP means: an instant (Spark's default), or a date and time without a zone. */
  readonly timestampType?: 'ltz' | 'ntz';
  /** Variables that hide the session's. */
  readonly variable?: VariableLookup;
}

/** What the analysis of one node may use. */
export interface Context extends Surroundings {
  readonly catalog: Catalog;
  readonly settings: PlanSettings;
  /** The columns of recursive queries whose step this is in, by id. */
  readonly recursive?: ReadonlyMap<number, readonly Attribute[]>;
}

const LONGEST_PLACE = 160;

/** Where an error happened: the node's line of the plan. */
export function placeOf(plan: Plan): string {
  const line = nodeText(plan);
  return `in ${line.length <= LONGEST_PLACE ? line : `${line.slice(0, LONGEST_PLACE)}…`}`;
}

/** The error with the place it happened at, unless it already names one. */
export function locate(error: unknown, place: () => string): unknown {
  if (!(error instanceof SparrowError) || error.where !== undefined || error.code === 'INTERNAL_ERROR') return error;
  const plain = error.toPlain();
  const where = place();
  return fromPlainError({ ...plain, message: `${plain.message} (${where})`, details: { ...plain.details, where } });
}
