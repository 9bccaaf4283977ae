import { describe, type JsFunction, SparrowError, simpleString } from '../../base/index.js';

/** What a function threw, or gave that is no value of its type, with the function, the row and its arguments. */
export function udfFailure(fn: JsFunction, args: readonly unknown[], where: string, error: unknown): SparrowError {
  const reason = error instanceof Error ? error.message : String(error);
  const types = (fn.args ?? []).map((type) => simpleString(type)).join(', ');
  const failure = new SparrowError(
    'FAILED_EXECUTE_UDF',
    `the function \`${fn.name}\` (${types}) => ${simpleString(fn.returns)} failed for (${args.map(text).join(', ')}): ${reason}`,
    {
      where,
      sqlState: '39000',
      parameters: { functionName: fn.name, signature: types, result: simpleString(fn.returns), reason },
      cause: error,
    },
  );
  if (error instanceof Error && error.stack !== undefined) failure.stack += `\nCaused by: ${error.stack}`;
  return failure;
}

function text(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  return value instanceof Date ? value.toISOString() : describe(value);
}
