import type { CacheLevel } from './engine.js';

/** Where `persist` keeps a frame: Spark's names. Replicas and JVM serialization mean nothing on one machine. */
const level = (useDisk: boolean, useMemory: boolean): CacheLevel => Object.freeze({ useDisk, useMemory });

/** Spark's storage levels: `frame.persist(StorageLevel.MEMORY_AND_DISK)`. */
export const StorageLevel = Object.freeze({
  /** Not kept at all. */
  NONE: level(false, false),
  /** On disk only. */
  DISK_ONLY: level(true, false),
  /** In memory; what does not fit is computed again. */
  MEMORY_ONLY: level(false, true),
  /** In memory; what does not fit is written to disk. The level of `cache()`. */
  MEMORY_AND_DISK: level(true, true),
  /** Spark's name for `MEMORY_AND_DISK` without serialization, which is all there is here. */
  MEMORY_AND_DISK_DESER: level(true, true),
});
/** One of `StorageLevel`'s members. */
export type StorageLevel = CacheLevel;
