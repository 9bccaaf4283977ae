// Iceberg tables that PyIceberg writes: we read what it reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askPython } from './python.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-peers-iceberg-'));
let session: Session<DefaultValues>;
interface Theirs {
  readonly path: string;
  readonly rows: readonly object[];
  readonly past: Readonly<Record<string, readonly object[]>>;
  readonly filtered: readonly (readonly [sql: string, ids: readonly number[]])[];
}
let theirs: Readonly<Record<string, Theirs>>;

const WRITE = `
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import *
from pyiceberg.partitioning import PartitionSpec, PartitionField
from pyiceberg.transforms import *
import sys, json, datetime, decimal
import pyarrow as pa
root = sys.argv[1]
cat = SqlCatalog("c", uri=f"sqlite:///{root}/c.db", warehouse=f"file://{root}/w")
cat.create_namespace("n")
s = Schema(NestedField(1,"id",LongType()), NestedField(2,"d",DateType()), NestedField(3,"s",StringType()),
  NestedField(4,"x",StructType(NestedField(5,"a",IntegerType()),NestedField(6,"b",StringType()))),
  NestedField(7,"ts",TimestamptzType()), NestedField(8,"dec",DecimalType(9,2)), NestedField(9,"i",IntegerType()),
  NestedField(10,"f",FloatType()), NestedField(11,"bin",BinaryType()),
  NestedField(12,"l",ListType(13,IntegerType(),False)), NestedField(14,"m",MapType(15,StringType(),16,IntegerType(),False)))
def row(i):
    if i % 11 == 10: return dict(id=i)
    return dict(id=i, d=datetime.date(1969,12,25)+datetime.timedelta(days=i*9), s=f"name-{i%7}", x=dict(a=i,b=f"b{i}"),
      ts=datetime.datetime(1969,12,31,20,tzinfo=datetime.timezone.utc)+datetime.timedelta(hours=i), dec=decimal.Decimal(i-20)/4,
      i=i*37-500, f=i/4, bin=f"x{i%5}".encode(), l=[i,None], m=[("k",i)])
def rows(t,a,b): return pa.Table.from_pylist([row(i) for i in range(a,b)], schema=t.schema().as_arrow())
specs = {
  "plain": PartitionSpec(),
  "days": PartitionSpec(PartitionField(2,1000,MonthTransform(),"dm"), PartitionField(7,1001,DayTransform(),"td")),
  "buckets": PartitionSpec(PartitionField(1,1000,BucketTransform(5),"ib"), PartitionField(3,1001,BucketTransform(3),"sb")),
  "truncated": PartitionSpec(PartitionField(9,1000,TruncateTransform(100),"it"), PartitionField(3,1001,TruncateTransform(6),"st")),
  "names": PartitionSpec(PartitionField(3,1000,IdentityTransform(),"s-copy"), PartitionField(8,1001,BucketTransform(4),"db"), PartitionField(2,1002,YearTransform(),"dy")),
}
filters = ["id = 17", "d = DATE '1970-03-06'", "d < DATE '1970-01-01'", "s = 'name-3'", "s IN ('name-1', 'nothing') AND id > 20",
  "i BETWEEN 100 AND 250", "i < -400", "dec = -2.50", "ts >= TIMESTAMP '1970-01-02 00:00:00' AND ts < TIMESTAMP '1970-01-02 05:00:00'",
  "s IS NULL", "NOT (id = 17) AND id < 19", "f > 9.5", "x.a = 5"]
def test(sql, r):
    D, T = datetime.date, lambda h: datetime.datetime(1970,1,2,h,tzinfo=datetime.timezone.utc)
    g = lambda k: r[k] if r[k] is not None else None
    n = [lambda: r["id"]==17, lambda: g("d")==D(1970,3,6), lambda: r["d"] is not None and r["d"]<D(1970,1,1), lambda: r["s"]=="name-3",
      lambda: r["s"] in ("name-1","nothing") and r["id"]>20, lambda: r["i"] is not None and 100<=r["i"]<=250, lambda: r["i"] is not None and r["i"]<-400,
      lambda: r["dec"]==decimal.Decimal("-2.50"), lambda: r["ts"] is not None and T(0)<=r["ts"]<T(5), lambda: r["s"] is None,
      lambda: r["id"]!=17 and r["id"]<19, lambda: r["f"] is not None and r["f"]>9.5, lambda: r["x"] is not None and r["x"]["a"]==5]
    return n[filters.index(sql)]()
def text(v):
    if isinstance(v, datetime.datetime): return v.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if isinstance(v, datetime.date): return v.strftime("%Y-%m-%dT00:00:00.000Z")
    if isinstance(v, bytes): return v.hex()
    return str(v)
def scan(t, **how): return sorted(t.scan(**how).to_arrow().to_pylist(), key=lambda r: r.get("id", r.get("key")))
out = {}
for name, spec in specs.items():
  for version in ("1", "2"):
    t = cat.create_table(f"n.{name}{version}", s, partition_spec=spec, properties={"format-version": version})
    t.append(rows(t,0,23)); t.append(rows(t,23,50))
    t.delete("id == 3")
    filtered = [(sql, [r["id"] for r in scan(t) if test(sql, r)]) for sql in filters]
    past = {str(h.snapshot_id): scan(t, snapshot_id=h.snapshot_id) for h in t.history()}
    if name == "plain":
      with t.update_schema() as u:
        u.rename_column("id", "key"); u.update_column("i", LongType()); u.update_column("f", DoubleType()); u.update_column("dec", DecimalType(12,2))
        u.rename_column(("x","b"), "bb"); u.add_column(("x","c"), StringType()); u.update_column(("x","a"), LongType()); u.delete_column("s")
        u.add_column("s", IntegerType()); u.move_first("f")
      t.append(pa.Table.from_pylist([dict(key=100,s=7,x=dict(a=2**40,bb="y",c="z"),i=2**40,f=0.1)], schema=t.schema().as_arrow()))
    out[f"{name}{version}"] = dict(path=t.location(), rows=scan(t), past=past, filtered=filtered)
print(json.dumps(out, default=text))
`;

beforeAll(async () => {
  session = await Session.create({ workers: 1 });
  theirs = (await askPython(WRITE, folder)) as typeof theirs;
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A value as the program above prints it. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return [...value].map(([key, item]) => [key, plain(item)]);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

test.each(['plain', 'days', 'buckets', 'truncated', 'names'].flatMap((name) => [`${name}1`, `${name}2`]))(
  'PyIceberg: %s',
  async (name) => {
    const { path, rows, past, filtered } = theirs[name] as Theirs;
    const key = name.startsWith('plain') ? 'key' : 'id';
    expect((await session.read.iceberg(path).orderBy(key).collect()).map(plain)).toEqual(rows);
    const snapshots = Object.entries(past);
    expect(snapshots.length).toBeGreaterThanOrEqual(3);
    for (const [id, then] of snapshots) {
      const frame = session.read.iceberg(path, { 'snapshot-id': id });
      expect((await frame.orderBy('id').collect()).map(plain)).toEqual(then);
    }
    const last = snapshots.at(-1)?.[0] as string;
    for (const [sql, ids] of filtered) {
      const found = await session.read.iceberg(path, { 'snapshot-id': last }).filter(sql).orderBy('id').collect();
      expect([sql, found.map((row) => (row as { id: unknown }).id)]).toEqual([sql, ids]);
    }
  },
);
