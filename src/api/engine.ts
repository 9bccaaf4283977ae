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
} from '../plan/engine.js';
