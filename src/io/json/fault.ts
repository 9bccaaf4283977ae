/** Why a record is not JSON. Not an error of the user: the reader decides by its mode what becomes of the record. */
export class JsonFault extends Error {
  /** The text ran out where more may follow. */
  static readonly INCOMPLETE = new JsonFault('it goes on', 0);

  private constructor(
    readonly what: string,
    readonly at: number,
  ) {
    super(what);
  }

  static of(what: string, at: number): JsonFault {
    // Nobody looks at the stack, and collecting it is most of what an error costs.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return new JsonFault(what, at);
    } finally {
      Error.stackTraceLimit = limit;
    }
  }
}
