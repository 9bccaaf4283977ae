import { arenasToRead } from './read-splits.js';
import type { PipelineSpec, TaskInput } from './spec.js';

/** Arenas that a task frees and fills again as it goes, by what for. */
interface PassingArenas {
  /** For a batch that is written. */
  readonly write: readonly number[];
  /** For what its input is made of: pieces of a source, rows of a generator, partitions of a join. */
  readonly source: readonly number[];
  /** The rest is for the pipeline within it. */
  readonly inner: readonly number[];
}

const WRITE = 1;

function sourceArenas(input: TaskInput): number {
  switch (input.kind) {
    case 'splits':
      return arenasToRead(input.splits);
    case 'generate':
      return 1;
    case 'kept':
      return input.spilled === undefined ? 0 : 1;
    // The rows held, those that stream past them, and what the pipelines need meanwhile.
    case 'joined':
      return 3;
    default:
      return 0;
  }
}

const writeArenas = ({ sink }: PipelineSpec): number => (sink.kind === 'write' ? WRITE : 0);

/** How many a task needs, with the pipelines within it. */
export function countPassing(spec: PipelineSpec, input: TaskInput): number {
  const inner = input.kind === 'udf' || input.kind === 'generate' ? input.inner : undefined;
  const own = writeArenas(spec) + sourceArenas(input);
  return inner === undefined ? own : own + countPassing(inner.spec, inner.input);
}

export function splitPassing(arenas: readonly number[], spec: PipelineSpec, input: TaskInput): PassingArenas {
  const write = writeArenas(spec);
  const source = write + sourceArenas(input);
  return { write: arenas.slice(0, write), source: arenas.slice(write, source), inner: arenas.slice(source) };
}
