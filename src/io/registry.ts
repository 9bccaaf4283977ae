import {
  type Format,
  nearestNames,
  type Platform,
  type SourceDescription,
  SparrowError,
  type SplitReader,
  type TableSource,
} from '../base/index.js';
import { RANGE_FORMAT, rangeReader } from './range.js';
import type { PrepareTableWrite } from './table-write.js';

/** A format as the registry knows it: its code is loaded when it is first used. */
export interface FormatEntry {
  readonly name: string;
  /** What its files are called, lower case. */
  readonly extensions: readonly string[];
  load(): Promise<Format>;
  /** How it takes writes, where that is more than files in a folder. */
  prepareWrite?: PrepareTableWrite;
}

/** Every format Sparrow reads or writes: one entry each. */
export const formats: readonly FormatEntry[] = [
  {
    name: 'parquet',
    extensions: ['.parquet', '.parq', '.pq'],
    load: async () => (await import('./parquet/index.js')).parquetFormat,
  },
  {
    name: 'csv',
    extensions: ['.csv', '.tsv', '.csv.gz', '.tsv.gz'],
    load: async () => (await import('./csv/index.js')).csvFormat,
  },
  {
    name: 'json',
    extensions: ['.json', '.ndjson', '.jsonl', '.json.gz', '.ndjson.gz', '.jsonl.gz'],
    load: async () => (await import('./json/index.js')).jsonFormat,
  },
  {
    name: 'arrow',
    extensions: ['.arrow', '.arrows', '.feather', '.ipc'],
    load: async () => (await import('./arrow/index.js')).arrowFormat,
  },
  {
    name: 'avro',
    extensions: ['.avro'],
    load: async () => (await import('./avro/index.js')).avroFormat,
  },
  {
    name: 'excel',
    extensions: ['.xlsx'],
    load: async () => (await import('./excel/index.js')).excelFormat(await formatNamed('json')),
  },
  {
    name: 'delta',
    extensions: [],
    load: async () => (await import('./delta/index.js')).deltaFormat,
    prepareWrite: async (request, platform) => (await import('./delta/write.js')).prepareDeltaWrite(request, platform),
  },
  {
    name: 'iceberg',
    extensions: [],
    load: async () => (await import('./iceberg/index.js')).icebergFormat,
  },
  {
    name: 'database',
    extensions: [],
    load: async () => (await import('./database/index.js')).databaseFormat,
  },
  {
    name: 'text',
    extensions: ['.txt', '.text', '.log', '.txt.gz'],
    load: async () => (await import('./text/index.js')).textFormat,
  },
  {
    name: 'binaryfile',
    extensions: [],
    load: async () => (await import('./binary/index.js')).binaryFileFormat,
  },
];

/** The format of a name, loaded. */
export async function formatNamed(name: string): Promise<Format> {
  const entry = formats.find((f) => f.name === name);
  if (entry !== undefined) return await entry.load();
  const names = formats.map((f) => f.name);
  throw new SparrowError('DATA_SOURCE_NOT_FOUND', `there is no data source ${name}`, {
    candidates: nearestNames(name, names),
    ...(name === 'orc' && {
      hint: 'no JavaScript library reads ORC: turn the files into Parquet with DuckDB, Spark or pyarrow',
    }),
  });
}

/** Opens a source: its metadata is read. Files of the web are fetched as far as the format reads them. */
export async function openSource(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const { fileName, ...rest } = description;
  if (fileName !== undefined) {
    const { withFileName } = await import('./file-name.js');
    return withFileName(await openSource(rest, platform), fileName);
  }
  const { stream, only, ...plain } = description;
  if (stream === undefined && only === undefined) return openPlain(description, platform);
  const { ofStream, withOnly } = await import('./stream-source.js');
  const source = await openPlain(plain, only === undefined ? platform : withOnly(platform, only));
  return stream === undefined ? source : ofStream(source, stream);
}

async function openPlain(given: SourceDescription, platform: Platform): Promise<TableSource> {
  const format = await formatNamed(given.format);
  const description = (await format.locate?.(given)) ?? given;
  if (!description.paths.some((path) => /^((https?|s3a?):\/\/|memory:\d+$|data:)/i.test(path)))
    return format.open(description, platform);
  const { openRemote } = await import('./remote/open.js');
  return openRemote(format, description, platform);
}

/** Those asked for so far: a task asks for each of its pieces, and `import` takes its time even where it was done. */
const readers = new Map<string, SplitReader>([[RANGE_FORMAT, rangeReader]]);

/** What reads the splits of a format. */
export async function splitReader(format: string): Promise<SplitReader> {
  const known = readers.get(format);
  if (known !== undefined) return known;
  const reader =
    format === 'file-name'
      ? (await import('./file-name.js')).fileNameReader(splitReader)
      : (await formatNamed(format)).reader;
  readers.set(format, reader);
  return reader;
}
