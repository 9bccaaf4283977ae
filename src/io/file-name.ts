import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Batch,
  field,
  type ScanRequest,
  type ScanSplit,
  type SplitReader,
  stringType,
  structType,
  type TableSource,
} from '../base/index.js';
import { constantColumn } from './constant-column.js';
import { mapPredicate } from './map-predicate.js';

/** The name under which tasks find the reader of sources that tell their files. */
const FILE_NAME_FORMAT = 'file-name';

interface NamedSplit {
  readonly inner: ScanSplit;
  readonly request: ScanRequest;
  /** Where the name stands among the columns asked for. */
  readonly at: number;
  readonly uri: string;
}

/** A source with a column of the name of the file that each row is of, as Spark writes it; empty where it is of none. */
export function withFileName(source: TableSource, name: string): TableSource {
  const { label, format, schema, statistics } = source;
  return {
    ...{ label, format, statistics },
    schema: structType([...schema.fields, field(name, stringType, false)]),
    async plan(given) {
      const { kept: _, predicate, ...rest } = given;
      let reads = false;
      if (predicate !== undefined) {
        mapPredicate(predicate, (comparison) => {
          reads ||= comparison.column === name;
          return comparison;
        });
      }
      const columns = given.columns.filter((column) => column !== name);
      const request = { ...rest, columns, ...(predicate === undefined || reads ? {} : { predicate }) };
      const { splits, skipped } = await source.plan(request);
      const at = given.columns.indexOf(name);
      return { skipped, splits: splits.map((inner) => named({ inner, request, at, uri: uriOf(inner.file) })) };
    },
  };
}

function named(payload: NamedSplit): ScanSplit {
  const { piece: _, ...same } = payload.inner;
  return { ...same, format: FILE_NAME_FORMAT, payload };
}

function uriOf(file = ''): string {
  return file === '' || /^\w[\w+.-]+:\/\//.test(file) ? file : `file://${pathToFileURL(resolve(file)).pathname}`;
}

/** Reads such splits by the readers of the formats they are of. */
export const fileNameReader = (readerOf: (format: string) => Promise<SplitReader>): SplitReader => ({
  async *read(split, _, context): AsyncGenerator<Batch> {
    const { inner, request, at, uri } = split.payload as NamedSplit;
    const reader = await readerOf(inner.format);
    for await (const { rows, columns } of reader.read(inner, request, context)) {
      const own = at < 0 ? [] : [constantColumn(context.arena, stringType, rows, uri)];
      yield { rows, columns: at < 0 ? columns : [...columns.slice(0, at), ...own, ...columns.slice(at)] };
    }
  },
});
