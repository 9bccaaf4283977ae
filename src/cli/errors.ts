import { inspect } from 'node:util';

/** An error of whoever typed the command, not of its data: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a person reads of an error: one sentence, which names the cause and a remedy; the stack with DEBUG set. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `Uncaught ${inspect(error)}`;
  if (process.env.DEBUG) return inspect(error);
  // Sentences of our own say enough; others need their name (`ReferenceError: x is not defined`).
  return ['Error', 'SparrowError', 'UsageError'].includes(error.name)
    ? error.message
    : `${error.name}: ${error.message}`;
}

/** Whether the error only says that someone pressed Ctrl-C. */
export function isCancellation(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return code === 'OPERATION_CANCELED' || code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}
