export { assertDataFrameEqual, type EqualOptions } from './api/assert-equal.js';
export { Column } from './api/column.js';
export type { RuntimeConfig } from './api/conf.js';
export {
  type DatabaseAdapter,
  type DatabaseConnection,
  type DatabaseValue,
  mysql,
  postgres,
  sqlite,
} from './api/database/adapters.js';
export { type DeltaExpr, DeltaMergeBuilder, type DeltaSet } from './api/delta/merge.js';
export { DeltaTable } from './api/delta/table.js';
export type {
  ActionOptions,
  CacheLevel,
  CreateEngine,
  EngineOptions,
  ExplainMode,
  Progress,
  QueryEngine,
  RunningQuery,
  RunOptions,
  SessionSettings,
} from './api/engine.js';
export { DataFrame, GroupedData } from './api/frame.js';
export { CaseColumn, col, expr, type Fn, fn, lit, when } from './api/functions.js';
export type { ArrowMap, BatchColumns, BatchMap } from './api/map-batches.js';
export { Observation } from './api/observation.js';
export type { DataFrameReader } from './api/reader.js';
export type {
  Anything,
  ColumnType,
  DefaultValues,
  ListOf,
  MapOf,
  NotNull,
  Row,
  RowOf,
  Shape,
  ShapeOfRow,
  SqlValue,
  StructOf,
  Unknown,
  UnknownType,
  Values,
} from './api/row-types.js';
export { type FieldType, type FrameField, FrameSchema } from './api/schema.js';
export type { SchemaInput } from './api/schema-input.js';
export { Session } from './api/session.js';
export type { SessionOptions } from './api/session-options.js';
export type { StandardSchema } from './api/standard-schema.js';
export { StorageLevel } from './api/storage-level.js';
export type { StreamingProgress, StreamingQuery } from './api/stream/query.js';
export type { DataStreamWriter, Trigger } from './api/stream/writer.js';
export { t } from './api/types.js';
export { type Aggregator, type AggregatorTypes, type ModuleAggregator, udaf } from './api/udaf.js';
export {
  type FunctionOptions,
  type LocalFunction,
  type ModuleFunction,
  type UdfRegistration,
  type UserFunction,
  udf,
} from './api/udf.js';
export { Window, WindowSpec } from './api/window.js';
export type { DataFrameWriter, SaveMode, WriteResult } from './api/writer.js';
export { SparrowError } from './base/errors.js';
export type { DataType, Field, ValueOptions } from './base/index.js';
