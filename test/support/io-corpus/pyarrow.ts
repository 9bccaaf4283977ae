import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { duckdbReader } from './duckdb.js';
import type { Kind } from './kinds.js';
import type { Reader } from './reader.js';

/**
 * Copies the files it is asked for to the plainest Parquet there is. What only the carrier cannot hold becomes what it
 * can: dictionaries their values, views and large types the usual ones.
 */
const PROGRAM = `
import sys, json
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq, pyarrow.csv, pyarrow.json

def rows(path, kind):
    if kind == 'csv': return pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, null_values=['']))
    if kind == 'json': return pyarrow.json.read_json(path)
    if kind == 'parquet':
        with open(path, 'rb') as source:
            file = pq.ParquetFile(source, page_checksum_verification=True)
            # They are bytes to pyarrow.
            if 'Variant(' in str(file.schema): raise TypeError('variants')
            return file.read()
    with pa.memory_map(path) as file:
        try:
            return pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            return pa.ipc.open_stream(file).read_all()

def plain(type):
    if pa.types.is_dictionary(type): return plain(type.value_type)
    if pa.types.is_run_end_encoded(type): return plain(type.value_type)
    if pa.types.is_large_string(type) or pa.types.is_string_view(type): return pa.string()
    if pa.types.is_large_binary(type) or pa.types.is_binary_view(type) or pa.types.is_fixed_size_binary(type): return pa.binary()
    # DuckDB knows no finer instants and times of day, and cuts instants toward 1970.
    if pa.types.is_timestamp(type) and type.tz: return pa.timestamp(type.unit)
    if pa.types.is_time64(type): return pa.time64('us')
    if pa.types.is_float16(type): return pa.float32()
    # As texts: DuckDB has no more digits.
    if pa.types.is_decimal(type) and type.precision > 38: return pa.string()
    if pa.types.is_struct(type): return pa.struct([f.with_type(plain(f.type)) for f in type])
    if pa.types.is_map(type): return pa.map_(plain(type.key_type), plain(type.item_type))
    if pa.types.is_list(type) or pa.types.is_large_list(type) or pa.types.is_fixed_size_list(type): return pa.list_(plain(type.value_type))
    if isinstance(type, pa.BaseExtensionType): return plain(type.storage_type)
    # Parquet has none: they would be numbers.
    if pa.types.is_duration(type): raise TypeError('durations')
    return type

def carried(column):
    # Unions are structs of which one field is set; fields of one name are told apart by their positions.
    def array(it):
        if pa.types.is_union(it.type):
            # pyarrow dies of empty ones.
            if not len(it): return pa.array([], pa.struct([(f.name, f.type) for f in it.type]))
            parts = []
            for i, code in enumerate(it.type.type_codes):
                own = pc.equal(it.type_codes, code)
                if it.type.mode == 'dense': parts.append(it.field(i).take(pc.if_else(own, it.offsets, pa.scalar(None, pa.int32()))))
                else: parts.append(pc.if_else(own, it.field(i), pa.scalar(None, it.type[i].type)))
            return pa.StructArray.from_arrays(parts, [f.name for f in it.type])
        names = [f.name for f in it.type] if pa.types.is_struct(it.type) else []
        if len(set(names)) == len(names): return it
        distinct = [f'{name}{i}' if names.count(name) > 1 else name for i, name in enumerate(names)]
        return pa.StructArray.from_arrays(it.flatten(), distinct, mask=it.is_null())
    if not (pa.types.is_union(column.type) or pa.types.is_struct(column.type)) or not column.num_chunks: return column
    return pa.chunked_array([array(chunk) for chunk in column.chunks])

for line in sys.stdin:
    asked = json.loads(line)
    try:
        table = rows(asked['path'], asked['kind'])
        table.validate(full=True)
        # Names of columns mean nothing to the rows, and may be such that no writer takes them.
        columns = [carried(column) for column in table.columns]
        schema = pa.schema([pa.field(f'c{i}', plain(column.type)) for i, column in enumerate(columns)])
        told = pa.table(columns, schema.names).cast(schema, safe=False)
        pq.write_table(told, asked['to'], compression='none', use_dictionary=False, store_schema=False)
        print(json.dumps({}), flush=True)
    except BaseException as error:
        print(json.dumps({'error': f'{type(error).__name__}: {error}'}), flush=True)
`;

/** Whether files of a kind say what their types are, so that pyarrow and we cannot differ about them. */
export const isTyped = (kind: Kind): boolean => kind === 'parquet' || kind === 'arrow';
const KINDS: readonly Kind[] = ['parquet', 'arrow', 'csv', 'json'];

/** Reads files with pyarrow; DuckDB carries the rows from there. */
export async function pyarrowReader(python: string, memory: string): Promise<Reader> {
  const folder = mkdtempSync(join(tmpdir(), 'io-corpus-pyarrow-'));
  const to = join(folder, 'copy.parquet');
  const carrier = await duckdbReader(memory);
  const start = () => {
    const program = spawn(python, ['-c', PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'] });
    return { program, answers: createInterface({ input: program.stdout })[Symbol.asyncIterator]() };
  };
  let running: ReturnType<typeof start> | undefined;
  return {
    async read(path, kind) {
      if (!KINDS.includes(kind)) throw new Error(`pyarrow is not asked for ${kind}`);
      running ??= start();
      running.program.stdin.write(`${JSON.stringify({ path, kind, to })}\n`);
      const { value } = await running.answers.next();
      if (value === undefined) running = undefined;
      const { error } = value === undefined ? { error: 'the process died' } : JSON.parse(value as string);
      if (error !== undefined) throw new Error(error);
      return carrier.read(to, 'parquet');
    },
    async close() {
      running?.program.kill();
      await carrier.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
