import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** What a file of a corpus is read as. */
export type Kind = 'parquet' | 'arrow' | 'json' | 'csv' | 'delta' | 'avro' | 'orc';

/** What each kind is read with: everything is found out from the file, and what is malformed is an error. */
export const READ_OPTIONS: Readonly<Record<Kind, Readonly<Record<string, string | boolean>>>> = {
  parquet: {},
  arrow: {},
  avro: {},
  orc: {},
  delta: {},
  csv: {
    sep: 'auto',
    quote: 'auto',
    comment: 'auto',
    skipRows: 'auto',
    header: 'auto',
    dateFormat: 'auto',
    ignoreLeadingWhiteSpace: 'auto',
    keepLeadingZeros: true,
    inferSchema: true,
    mode: 'PERMISSIVE',
  },
  json: {
    multiLine: true,
    mode: 'FAILFAST',
    valueColumn: 'json',
    sortFields: false,
    inferTimestamp: true,
    allowSingleQuotes: false,
    allowNonNumericNumbers: false,
  },
};

const EXTENSIONS: Readonly<Record<string, Kind>> = {
  parquet: 'parquet',
  parq: 'parquet',
  pq: 'parquet',
  arrow: 'arrow',
  arrow_file: 'arrow',
  arrows: 'arrow',
  stream: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  json: 'json',
  ndjson: 'json',
  jsonl: 'json',
  csv: 'csv',
  tsv: 'csv',
  tbl: 'csv',
  psv: 'csv',
  avro: 'avro',
  orc: 'orc',
};

export interface CorpusItem {
  readonly path: string;
  readonly kind: Kind;
}

/** Everything below a folder that has a kind: files, and folders that are tables as a whole. */
export function itemsBelow(root: string): { items: CorpusItem[]; skipped: number } {
  const items: CorpusItem[] = [];
  let skipped = 0;
  const visit = (folder: string): void => {
    if (existsSync(join(folder, '_delta_log'))) {
      items.push({ path: folder, kind: 'delta' });
      return;
    }
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) {
        const kind = kindOf(path);
        if (kind === undefined) skipped++;
        else items.push({ path, kind });
      }
    }
  };
  visit(root);
  return { items, skipped };
}

function kindOf(path: string): Kind | undefined {
  const name = path.toLowerCase().replace(/\.(gz|gzip|zst|bz2|br|deflate)$/, '');
  const byName = EXTENSIONS[/\.([a-z_]+)$/.exec(name)?.[1] ?? ''];
  return byMagic(path) ?? byName;
}

function byMagic(path: string): Kind | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size < 8) return undefined;
    const head = Buffer.alloc(6);
    readSync(file, head, 0, 6, 0);
    const text = head.toString('latin1');
    if (text.startsWith('PAR1') || text.startsWith('PARE')) return 'parquet';
    if (text === 'ARROW1') return 'arrow';
    if (text.startsWith('Obj\x01')) return 'avro';
    return text.startsWith('ORC') ? 'orc' : undefined;
  } finally {
    closeSync(file);
  }
}
