import {
  type Field,
  type Platform,
  type SourceDescription,
  SparrowError,
  sameType,
  simpleString,
  structType,
  type TableSource,
} from '../../base/index.js';
import type { FileColumn } from '../batch-columns.js';
import { FileTable } from '../file-table.js';
import { GivenOptions } from '../given-options.js';
import { expandPaths } from '../paths.js';
import { decimalBounds } from './fixed.js';
import { type ArrowSchema, blockMessage, hasFooter, readFooter, streamSchema } from './metadata.js';
import { columnField } from './types.js';

/** Record batches of a file that one task reads together have about so many bytes. */
const SPLIT_BYTES = 16 << 20;

/** The payload of a split: some record batches of a file, or all of a stream. Plain data. */
export interface ArrowSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly columns: readonly FileColumn[];
  /** Of the batches in the footer; undefined for streams, which are read from the front. */
  readonly batches?: readonly [from: number, to: number];
  readonly rows?: number;
}

/** What is known of a file before its batches are read. */
interface OpenFile {
  readonly fields: readonly Field[];
  readonly ranges: readonly Pick<ArrowSplit, 'batches' | 'rows'>[];
}

export async function openArrow(description: SourceDescription, platform: Platform): Promise<TableSource> {
  new GivenOptions('Arrow', [] as const, description.options);
  const files = expandPaths(platform.files, description.paths);
  const label = `arrow ${description.paths.join(', ')}`;
  const open = new Map(files.map((file) => [file.path, openFile(file.path, platform)]));
  const [first] = open.values();
  if (first === undefined && description.schema === undefined) {
    throw new SparrowError('UNABLE_TO_INFER_SCHEMA', `${label} has no files, so its columns are unknown`, {
      hint: 'give the schema with read.schema(…)',
    });
  }
  const fields = description.schema?.fields ?? first?.fields ?? [];
  for (const [path, { fields: own }] of open) checkFields(fields, own, path);
  const splitsOf = ({ path, size, modifiedMs }: (typeof files)[number], columns: readonly FileColumn[]) =>
    (open.get(path) as OpenFile).ranges.map((range): ArrowSplit => ({ path, size, modifiedMs, columns, ...range }));
  const bounds = fields.flatMap(({ name, type }) => {
    if (type.kind !== 'decimal') return [];
    const [min, max] = decimalBounds(type.precision);
    return [[name, { min, max }] as const];
  });
  return new FileTable('arrow', label, files, fields, description.zone, splitsOf, Object.fromEntries(bounds));
}

/** A file may lack columns, but those it has are of the table's types. */
function checkFields(fields: readonly Field[], own: readonly Field[], path: string): void {
  for (const { name, type } of fields) {
    const found = own.find((f) => f.name === name);
    if (found === undefined || simpleString(found.type) === simpleString(type) || sameType(found.type, type)) continue;
    throw new SparrowError(
      'CANNOT_MERGE_SCHEMAS',
      `column ${name} is ${simpleString(found.type)} in this file and ${simpleString(type)} in the table`,
      { where: `file ${path}`, hint: 'read the files apart and cast the column' },
    );
  }
}

function openFile(path: string, platform: Platform): OpenFile {
  const file = platform.files.open(path);
  try {
    if (!hasFooter(file)) return { fields: fieldsOf(streamSchema(file)), ranges: [{}] };
    const { schema, batches } = readFooter(file);
    const ranges: Pick<ArrowSplit, 'batches' | 'rows'>[] = [];
    for (let from = 0; from < batches.length; ) {
      let bytes = 0;
      let rows = 0;
      let to = from;
      while (to < batches.length && (to === from || bytes < SPLIT_BYTES)) {
        const block = batches[to++];
        if (block === undefined) break;
        bytes += block.bodyBytes;
        const message = blockMessage(file, block);
        if (message.kind === 'batch') rows += message.batch.rows;
      }
      ranges.push({ batches: [from, to], rows });
      from = to;
    }
    return { fields: fieldsOf(schema), ranges };
  } finally {
    file.close();
  }
}

const fieldsOf = (schema: ArrowSchema): readonly Field[] =>
  structType(schema.fields.map((f) => columnField(f, f.name))).fields;
