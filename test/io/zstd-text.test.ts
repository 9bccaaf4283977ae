import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, SparrowError } from 'sparrow-df';
import { expect, test } from 'vitest';

const TEXT = 'id,name\n1,a\n2,b\n';

/** A frame of Zstandard (RFC 8878) with its text as it is in one block, and a checksum if one is given. */
function frame(text: string, checksum?: number): Buffer {
  const head = [0x28, 0xb5, 0x2f, 0xfd, checksum === undefined ? 0x20 : 0x24, text.length];
  const block = (text.length << 3) | 1;
  const tail = Buffer.alloc(checksum === undefined ? 0 : 4);
  if (checksum !== undefined) tail.writeUInt32LE(checksum);
  return Buffer.concat([Buffer.from([...head, block & 255, block >> 8, 0]), Buffer.from(text), tail]);
}

test('CSV packed with Zstandard: what is damaged is said to be, and not that there is too much of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-zstd-'));
  const session = await Session.create({ workers: 1 });
  const read = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return session.read.options({ header: true, inferSchema: true }).csv(join(folder, name)).collect();
  };
  const refused = async (name: string, bytes: Uint8Array): Promise<void> => {
    const error = await read(name, bytes).then(
      () => undefined,
      (thrown: unknown) => thrown as SparrowError,
    );
    expect(error).toBeInstanceOf(SparrowError);
    expect(error?.message).toMatch(/cannot be decompressed/);
    expect(error?.where).toContain(name);
    expect(error?.hint ?? '').not.toContain('GiB');
  };
  try {
    expect(await read('rows.csv.zst', frame(TEXT))).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
    await refused('checksum.csv.zst', frame(TEXT, 1));
    await refused('cut.csv.zst', frame(TEXT).subarray(0, 14));
    await refused('other.csv.zst', Buffer.from(TEXT));
  } finally {
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
