/** What else is known about an error, beyond its sentence. */
export interface ErrorDetails {
  /** Where it happened: plan node, column, file and row, SQL position. */
  readonly where?: string;
  /** The names that would have been valid, nearest first. */
  readonly candidates?: readonly string[];
  /** What to try next. */
  readonly hint?: string;
  /** Spark's SQLSTATE for the condition, where one exists. */
  readonly sqlState?: string;
  /** Spark's message parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The rest of Spark's condition where `code` is its first part: `WITH_SUGGESTION`. */
  readonly subclass?: string;
  readonly cause?: unknown;
}

/**
 * Every error Sparrow throws on purpose. `code` is stable and is Spark's error condition where one exists
 * (`UNRESOLVED_COLUMN`, `DIVIDE_BY_ZERO`, …); `message` says what went wrong, where, and what would have worked.
 */
export class SparrowError extends Error {
  override readonly name = 'SparrowError';
  readonly code: string;
  readonly where: string | undefined;
  readonly candidates: readonly string[];
  readonly hint: string | undefined;
  readonly sqlState: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  /** Spark's whole condition: `UNRESOLVED_COLUMN.WITH_SUGGESTION` where `code` is `UNRESOLVED_COLUMN`. */
  readonly condition: string;

  constructor(code: string, what: string, details: ErrorDetails = {}) {
    super(sentence(code, what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.candidates = details.candidates ?? [];
    this.hint = details.hint;
    this.sqlState = details.sqlState;
    this.parameters = details.parameters ?? {};
    this.condition = details.subclass === undefined ? code : `${code}.${details.subclass}`;
  }

  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      where: this.where,
      candidates: this.candidates,
      hint: this.hint,
      sqlState: this.sqlState,
      parameters: this.parameters,
    };
  }

  /** Plain data for a message between threads; `fromPlain` restores it. */
  toPlain(): PlainError {
    return {
      sparrow: true,
      code: this.code,
      message: this.message,
      stack: this.stack,
      details: {
        where: this.where,
        candidates: this.candidates,
        hint: this.hint,
        sqlState: this.sqlState,
        parameters: this.parameters,
        ...(this.condition === this.code ? {} : { subclass: this.condition.slice(this.code.length + 1) }),
      },
    };
  }
}

export interface PlainError {
  readonly sparrow: boolean;
  readonly code: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly details: ErrorDetails;
}

/** Any thrown value as plain data that survives `postMessage`. */
export function toPlainError(error: unknown): PlainError {
  if (error instanceof SparrowError) return error.toPlain();
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { sparrow: false, code: 'INTERNAL_ERROR', message, stack, details: {} };
}

export function fromPlainError(plain: PlainError): Error {
  const error = plain.sparrow ? new SparrowError(plain.code, '', plain.details) : new Error(plain.message);
  error.message = plain.message;
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

/** A broken invariant of our own: never the user's fault. */
export function engineBug(what: string): SparrowError {
  return new SparrowError('INTERNAL_ERROR', `engine bug: ${what}`, { hint: 'please report this with the plan' });
}

/** Closes a switch over a closed union: a missing case does not compile. */
export function unreachable(value: never): never {
  throw engineBug(`unexpected case ${JSON.stringify(value)}`);
}

function sentence(code: string, what: string, details: ErrorDetails): string {
  const parts = [`[${code}] ${what}`];
  if (details.where !== undefined) parts.push(` (${details.where})`);
  const candidates = details.candidates ?? [];
  if (candidates.length > 0) parts.push(`. Did you mean: ${candidates.slice(0, 5).join(', ')}?`);
  if (details.hint !== undefined) parts.push(` Hint: ${details.hint}.`);
  return parts.join('');
}

/** The names nearest to `wanted` by edit distance, best first: for "did you mean". */
export function nearestNames(wanted: string, names: readonly string[], most = 5): string[] {
  const target = wanted.toLowerCase();
  return names
    .map((name) => ({ name, distance: editDistance(target, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map((entry) => entry.name);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      current.push(
        Math.min((previous[j] as number) + 1, (current[j - 1] as number) + 1, (previous[j - 1] as number) + cost),
      );
    }
    previous = current;
  }
  return previous[b.length] as number;
}
