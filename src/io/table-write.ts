import type { Field, Platform, WrittenFile } from '../base/index.js';
import type { SaveMode, WritePlan } from './write-job.js';

/** A write to a table as its query asks for it. */
export interface TableWrite {
  readonly path: string;
  readonly mode: SaveMode;
  readonly dynamic: boolean;
  readonly columns: readonly Field[];
  readonly partitionBy: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** The session's time zone. */
  readonly zone: string;
}

/** A write between its preparation and its end; nothing is seen before `commit`. */
export interface PreparedWrite {
  readonly plan: WritePlan;
  /** There is nothing to write. */
  readonly skip: boolean;
  /** The columns that become directories, where the table says so. */
  readonly partitionBy?: readonly string[];
  /** Timestamps name directories as instants, `2024-01-02T10:00:00.000000Z`; else as times of the session's zone. */
  readonly namesInstants?: boolean;
  /** Makes exactly these files the output; false where a write of the same name did so meanwhile. */
  commit(files: readonly WrittenFile[]): boolean | Promise<boolean>;
  /** Removes everything written so far. */
  abort(): void;
}

/** How a table format takes writes, where files in a folder are not all there is. */
export type PrepareTableWrite = (request: TableWrite, platform: Platform) => Promise<PreparedWrite>;
