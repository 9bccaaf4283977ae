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
  WriteResult,
} from '../plan/engine.js';
