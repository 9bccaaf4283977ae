// Avro files that fastavro wrote, with every codec that both know.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { expect, test } from 'vitest';
import { askPython } from './python.js';

const WRITE = `
import sys, json, datetime, decimal, random
import fastavro
random.seed(5)
schema = fastavro.parse_schema({"type": "record", "name": "r", "namespace": "a.b", "fields": [
  {"name": "id", "type": "long"}, {"name": "s", "type": ["null", "string"]}, {"name": "d", "type": "double"},
  {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
  {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
  {"name": "price", "type": {"type": "fixed", "name": "p", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 3}},
  {"name": "inner", "type": ["null", {"type": "record", "name": "i", "fields": [{"name": "xs", "type": {"type": "array", "items": "int"}}]}]},
  {"name": "again", "type": ["null", "a.b.i"]}]})
def row(i):
    inner = None if i % 4 == 0 else {"xs": list(range(i % 5))}
    return {"id": (-1) ** i * 3 ** (i % 39), "s": None if i % 3 == 0 else "ü" * (i % 70), "d": random.random(),
            "at": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=i * 1234567),
            "day": None if i % 7 == 0 else datetime.date(1960, 1, 1) + datetime.timedelta(days=i),
            "price": decimal.Decimal(i * 7919 - 5000000).scaleb(-3), "inner": inner, "again": inner}
rows = [row(i) for i in range(5000)]
codecs = []
for codec in ["null", "deflate", "snappy", "zstandard", "bzip2"]:
    try:
        with open(sys.argv[1] + "/" + codec + ".avro", "wb") as out:
            fastavro.writer(out, schema, rows, codec=codec, sync_interval=20000)
        codecs.append(codec)
    except ValueError:
        pass
print(json.dumps({"codecs": codecs, "rows": [[str(r["id"]), r["s"], r["d"], r["at"].isoformat(timespec="microseconds")[:26],
  r["day"] and r["day"].isoformat(), str(r["price"]), r["inner"], r["again"]] for r in rows]}))
`;

test('fastavro’s files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-peers-avro-'));
  const session = await Session.create({ workers: 1, int64: 'string', date: 'string', timestamp: 'string' });
  try {
    const written = (await askPython(WRITE, folder)) as { codecs: string[]; rows: unknown[][] };
    expect(written.codecs).toEqual(expect.arrayContaining(['null', 'deflate', 'bzip2']));
    for (const codec of written.codecs) {
      const rows = await session.read.avro(join(folder, `${codec}.avro`)).collect();
      const found = rows.map((row) =>
        Object.entries(row).map(([name, value]) =>
          name === 'at' ? new Date(`${value}`.replace(' ', 'T').slice(0, 23).replace(/Z?$/, 'Z')).getTime() : value,
        ),
      );
      const wanted = written.rows.map((row) =>
        row.map((value, i) => (i === 3 ? new Date(`${String(value).slice(0, 23)}Z`).getTime() : value)),
      );
      expect([codec, found]).toEqual([codec, wanted]);
    }
  } finally {
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
