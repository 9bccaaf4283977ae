/** What functions ask of Spark's configuration while they run: no other name of it reaches the workers. */
export const ASKED_BY_FUNCTIONS = [
  'spark.sql.legacy.javaCharsets',
  'spark.sql.legacy.codingErrorAction',
  'spark.sql.legacy.negativeIndexInArrayInsert',
  'spark.sql.legacy.percentileDiscCalculation',
  'spark.sql.binaryOutputStyle',
] as const;

type AskedName = (typeof ASKED_BY_FUNCTIONS)[number];

/** A call that runs. */
interface Asking {
  readonly settings: { readonly config?: Readonly<Record<string, string>> };
}

export const askedOf = ({ settings }: Asking, name: AskedName): string | undefined => settings.config?.[name];

/** Whether a setting is on; without being set it is not. */
export const isOnFor = (call: Asking, name: AskedName): boolean => askedOf(call, name)?.trim().toLowerCase() === 'true';
