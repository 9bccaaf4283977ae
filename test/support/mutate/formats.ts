/** What a file is read as, by what its name ends with. */
const FORMATS: Readonly<Record<string, string>> = {
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.stream': 'arrow',
  '.arrow_file': 'arrow',
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'json',
  '.jsonl': 'json',
  '.avro': 'avro',
};
const ENDING = /(\.[a-z_]+)(\.(?:gz|zst|bz2|br|deflate))?$/;

/** The format of a file and its ending, that of its compression included; undefined for files of other kinds. */
export function formatOf(path: string): { readonly format: string; readonly ending: string } | undefined {
  const found = ENDING.exec(path);
  const format = FORMATS[found?.[1] ?? ''];
  return format === undefined ? undefined : { format, ending: found?.[0] as string };
}

/** The options that a file of a format may be read with; a mutant gets those at its seed. */
export const OPTIONS: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  csv: [
    { header: 'true' },
    { header: 'true', inferSchema: 'true' },
    { inferSchema: 'true', sep: 'auto', quote: 'auto', comment: 'auto', skipRows: 'auto', header: 'auto' },
    { inferSchema: 'true', sep: 'auto', dateFormat: 'auto', ignoreLeadingWhiteSpace: 'auto', keepLeadingZeros: 'true' },
    { comment: '#', inlineComments: 'true', multiLine: 'true' },
    { header: 'true', inferSchema: 'true', mode: 'DROPMALFORMED', encoding: 'utf-16le' },
  ],
  json: [
    {},
    { multiLine: 'true' },
    { mode: 'FAILFAST', inferTimestamp: 'true' },
    { multiLine: 'true', valueColumn: 'json', sortFields: 'false' },
    { singleVariantColumn: 'v' },
  ],
};
