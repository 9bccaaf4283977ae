import { col, type DataType, fn, Session } from 'sparrow-df';
import { floatText, hexText, jsonText, microsText, pairsText, RowHash } from './canonical.js';
import { type Kind, READ_OPTIONS } from './kinds.js';
import type { Reader } from './reader.js';

/** Reads files with Sparrow, in one session; `memory` bounds its columns. */
export async function ourReader(memory: string): Promise<Reader> {
  const session = await Session.create({
    workers: 1,
    memory,
    int64: 'bigint',
    date: 'string',
    timestamp: 'micros',
    decimal: 'string',
  });
  const read = async (path: string, kind: Kind): Promise<RowHash> => {
    const whole = session.read.format(kind).options(READ_OPTIONS[kind]).load(path);
    const { fields } = await whole.schema();
    const variants = fields.filter(({ type }) => type.kind === 'variant');
    const frame = variants.length === 0 ? whole : whole.withColumns(asJson(variants));
    const writers = fields.map(({ name, type }) => ({ name, write: writerOf(type) }));
    const hash = new RowHash();
    for await (const row of frame as AsyncIterable<Record<string, unknown>>) {
      hash.add(writers.map(({ name, write }) => write(row[name])));
    }
    return hash;
  };
  return { read, close: () => session.stop() };
}

/** Of a variant within a column, which is a JavaScript value already. */
const plainJson = (value: unknown): string =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)) as string;

const asJson = (fields: readonly { readonly name: string }[]) =>
  Object.fromEntries(fields.map(({ name }) => [name, fn.toJson(col(`\`${name}\``))]));

type Write = (value: unknown) => string;

const orNull =
  (write: Write): Write =>
  (value) =>
    value === null || value === undefined ? 'null' : write(value);

function writerOf(type: DataType): Write {
  return orNull(bareWriterOf(type));
}

function bareWriterOf(type: DataType): Write {
  switch (type.kind) {
    case 'int64':
    case 'decimal':
      return (value) => JSON.stringify(String(value));
    case 'float32':
      return (value) => floatText(value as number, true);
    case 'float64':
      return (value) => floatText(value as number, false);
    case 'binary':
      return (value) => hexText(value as Uint8Array);
    case 'date':
      return (value) => JSON.stringify(value);
    case 'timestamp':
    case 'timestamp_ntz':
      return (value) => microsText(value as bigint);
    case 'array': {
      const element = writerOf(type.element);
      return (value) => `[${(value as unknown[]).map(element).join(',')}]`;
    }
    case 'map': {
      const [key, item] = [writerOf(type.key), writerOf(type.value)];
      return (value) => pairsText([...(value as Map<unknown, unknown>)].map(([k, v]) => [key(k), item(v)]));
    }
    case 'struct': {
      const fields = type.fields.map(({ name, type: t }) => ({ name, write: writerOf(t) }));
      return (value) => {
        const object = value as Record<string, unknown>;
        return `{${fields.map(({ name, write }) => `${JSON.stringify(name)}:${write(object[name])}`).join(',')}}`;
      };
    }
    case 'variant':
      return (value) => jsonText(typeof value === 'string' ? value : plainJson(value));
    default:
      return (value) => JSON.stringify(value);
  }
}
