import { SparrowError } from '../base/index.js';
import { type Call, type ScalarFunction, scalar } from './define.js';

/** The `try_` form of a function: null where it would raise an error. */
export function tolerantOf(
  entry: Pick<ScalarFunction, 'name' | 'resolve' | 'nulls' | 'eval'>,
  name: string,
  sql: string,
  summary: string,
  examples: ScalarFunction['examples'],
) {
  return scalar({
    name,
    sql: [sql],
    summary,
    examples,
    resolve: (args, settings) => {
      const resolution = entry.resolve(args, { ...settings, ansi: true });
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: true };
    },
    nulls: entry.nulls,
    eval: (args, given) => {
      const call: Call = { ...given, fn: entry.name, settings: { ...given.settings, ansi: true } };
      try {
        return entry.eval(args, call);
      } catch (error) {
        if (error instanceof SparrowError) return null;
        throw error;
      }
    },
    compiled: 'a call per row: it must not fail',
  });
}
