import type { SinkSpec } from '../task/spec.js';
import { AggregateSink } from './aggregate-sink.js';
import type { GroupAddressing } from './group-table.js';
import type { ColumnValue } from './load.js';
import { OutputSink } from './output-sink.js';
import type { Pipe } from './pipe.js';
import { PlacedSink } from './placed-sink.js';
import { BuildSink, SortSink } from './row-sinks.js';
import type { Sink } from './sink-form.js';

/** The sink of a pipeline. `dictionaryOf` gives the source column whose dictionary a value's code belongs to; `passed` is for outputs. */
export function makeSink(
  pipe: Pipe,
  spec: SinkSpec,
  addressing: GroupAddressing,
  dictionaryOf: (c: ColumnValue) => number | undefined,
  passed: readonly (number | undefined)[],
): Sink {
  switch (spec.kind) {
    case 'output':
    case 'write':
      return new OutputSink(pipe, spec, dictionaryOf, passed);
    case 'aggregate':
      if (spec.placed === undefined) return new AggregateSink(pipe, spec, addressing);
      return spec.placed.rows === undefined ? nothing : new PlacedSink(pipe, spec, spec.placed, spec.placed.rows);
    case 'build':
      return new BuildSink(pipe, spec);
    case 'sort':
      return new SortSink(pipe, spec);
    case 'none':
      return nothing;
  }
}

/** Keeps no row: what a pipeline is for happened on the way. */
const nothing: Sink = {
  prologue: () => undefined,
  consume: () => undefined,
  epilogue: () => undefined,
  form: { kind: 'none' },
};
