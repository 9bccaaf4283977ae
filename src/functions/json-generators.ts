import { field, type Scalar, stringType } from '../base/index.js';
import { type ArgType, type GeneratorResolution, generator, type Mismatch } from './define.js';
import { numberText } from './json-path.js';
import { jsonText, tryReadJson } from './json-reader.js';
import { wrongCount } from './signature.js';

function resolveTuple(args: readonly ArgType[]): GeneratorResolution | Mismatch {
  if (args.length < 2) return wrongCount(args.length, 2, Number.POSITIVE_INFINITY);
  if (args.some(({ type }) => type.kind !== 'string')) {
    return { mismatch: 'all arguments must be strings', code: 'DATATYPE_MISMATCH.NON_STRING_TYPE' };
  }
  return {
    args: args.map(() => stringType),
    columns: args.slice(1).map((_, i) => field(`c${i}`, stringType, true)),
  };
}

/** One row always: what is no object has nothing but nulls. */
function evalTuple([json, ...names]: readonly Scalar[]): readonly (readonly Scalar[])[] {
  const node = typeof json === 'string' ? tryReadJson(json) : undefined;
  if (node?.kind !== 'object') return [names.map(() => null)];
  const values = new Map(node.entries);
  const row = names.map((name): Scalar => {
    const value = typeof name === 'string' ? values.get(name) : undefined;
    if (value === undefined || value.kind === 'null') return null;
    return value.kind === 'string' ? value.text : jsonText(value, numberText);
  });
  return [row];
}

export const jsonGeneratorFunctions = {
  /** Fields of a JSON object as columns. */
  jsonTuple: generator({
    name: 'jsonTuple',
    sql: ['json_tuple'],
    summary: 'The named fields of the object in a JSON text as text columns c0, c1, …; null where they are missing.',
    resolve: resolveTuple,
    eval: evalTuple,
    examples: [[`json_tuple('{"a":1, "b":2}', 'a', 'b')`, '1\t2']],
  }),
};
