import { ENCODINGS, type Encoding, type PageHeader } from './metadata.js';
import { ThriftError, ThriftReader, WIRE } from './thrift.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Parses the page header at `position`; `end` is where the bytes end. Returns it and where the page's bytes start. */
export function parsePageHeader(bytes: Uint8Array, position: number, end: number): [PageHeader, number] {
  const r = new ThriftReader(bytes, position, end);
  const page: Writable<PageHeader> = {
    type: 'index',
    uncompressedBytes: -1,
    compressedBytes: -1,
    values: 0,
    encoding: 'plain',
    definitionEncoding: 'rle',
    repetitionEncoding: 'rle',
    nulls: 0,
    rows: 0,
    definitionBytes: 0,
    repetitionBytes: 0,
    compressed: true,
  };
  r.struct((id, wire) => {
    if (id === 1) page.type = pageType(r.int());
    else if (id === 2) page.uncompressedBytes = r.int();
    else if (id === 3) page.compressedBytes = r.int();
    else if (id === 4) page.crc = r.int() >>> 0;
    else if (id === 5 && wire === WIRE.struct) dataHeader(r, page);
    else if (id === 7 && wire === WIRE.struct) dictionaryHeader(r, page);
    else if (id === 8 && wire === WIRE.struct) dataHeaderV2(r, page);
    else return false;
    return true;
  });
  const { values, nulls, rows, definitionBytes, repetitionBytes, compressedBytes, uncompressedBytes } = page;
  if (compressedBytes < 0 || uncompressedBytes < 0) throw new ThriftError('a page header does not say how long it is');
  if (values < 0 || nulls < 0 || nulls > values || rows < 0 || definitionBytes < 0 || repetitionBytes < 0) {
    throw new ThriftError(`a page header has impossible counts (${values} values, ${nulls} nulls, ${rows} rows)`);
  }
  if (page.type === 'data_v2' && definitionBytes + repetitionBytes > Math.min(compressedBytes, uncompressedBytes)) {
    throw new ThriftError('the levels of a page are longer than the page');
  }
  return [page, r.position];
}

function pageType(code: number): PageHeader['type'] {
  const type = (['data', 'index', 'dictionary', 'data_v2'] as const)[code];
  if (type === undefined) throw new ThriftError(`there is no page type ${code}`);
  return type;
}

function encoding(r: ThriftReader): Encoding {
  const code = r.int();
  const name = ENCODINGS[code];
  if (name === undefined) throw new ThriftError(`there is no encoding ${code}`);
  return name;
}

function dataHeader(r: ThriftReader, page: Writable<PageHeader>): void {
  r.struct((id) => {
    if (id === 1) page.values = r.int();
    else if (id === 2) page.encoding = encoding(r);
    else if (id === 3) page.definitionEncoding = encoding(r);
    else if (id === 4) page.repetitionEncoding = encoding(r);
    else return false;
    return true;
  });
}

function dictionaryHeader(r: ThriftReader, page: Writable<PageHeader>): void {
  r.struct((id) => {
    if (id === 1) page.values = r.int();
    else if (id === 2) page.encoding = encoding(r);
    else return false;
    return true;
  });
}

function dataHeaderV2(r: ThriftReader, page: Writable<PageHeader>): void {
  r.struct((id, wire) => {
    if (id === 1) page.values = r.int();
    else if (id === 2) page.nulls = r.int();
    else if (id === 3) page.rows = r.int();
    else if (id === 4) page.encoding = encoding(r);
    else if (id === 5) page.definitionBytes = r.int();
    else if (id === 6) page.repetitionBytes = r.int();
    else if (id === 7) page.compressed = wire === WIRE.true;
    else return false;
    return true;
  });
}
