import type { RemoteReads } from '../../base/index.js';
import { TAIL_BYTES } from './footer.js';
import type { ParquetSplit } from './split.js';

/** Of a Parquet file elsewhere, the footer is fetched, and then the column chunks that a query reads. */
export const parquetRemote: RemoteReads = {
  async prepare(file) {
    const { size } = file;
    const tail = Math.max(0, size - TAIL_BYTES);
    await file.ensure([[tail, size]]);
    if (size < 8) return;
    const end = file.read(size - 8, size);
    const footer = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
    if (footer + 8 <= size) await file.ensure([[size - 8 - footer, tail]]);
  },
  ranges: ({ payload }) => {
    const { path, columns } = payload as ParquetSplit;
    const chunks = columns.flatMap((column) => column.chunks);
    return chunks.map(({ offset, bytes }) => ({ path, start: offset, end: offset + bytes }));
  },
};
