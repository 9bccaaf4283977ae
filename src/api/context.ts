import type { ValueOptions } from '../base/index.js';
import type { Plan } from '../plan/node.js';
import type { TableRecord } from './catalog/table-store.js';
import type { QueryEngine, SessionSettings } from './engine.js';

/** What frames, readers and writers need of their session. */
export interface FrameContext {
  /** The session's engine; throws `SESSION_CLOSED` after `stop()`. */
  readonly engine: QueryEngine;
  /** The settings a query starting now runs under. */
  readonly settings: SessionSettings;
  readonly values: ValueOptions;
  /** A new seed for a sample without one. */
  seed(): number;
  /** Names a plan for `session.table(name)` and SQL. Throws when the name is taken and may not be replaced. */
  createView(name: string, plan: Plan, replace: boolean, scope?: 'temporary' | 'global'): void;
  /** What the catalog knows of a table or permanent view of this name. */
  stored(name: string): TableRecord | undefined;
}
