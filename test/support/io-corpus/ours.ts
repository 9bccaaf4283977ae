import { type DataType, Session } from 'sparrow-df';
import { floatText, hexText, microsText, pairsText, RowHash } from './canonical.js';
import { type Kind, READ_OPTIONS } from './kinds.js';

/** Reads a file with Sparrow; `memory` bounds its columns. */
export async function readOurs(path: string, kind: Kind, memory: string): Promise<RowHash> {
  const session = await Session.create({
    workers: 1,
    memory,
    int64: 'bigint',
    date: 'string',
    timestamp: 'micros',
    decimal: 'string',
  });
  try {
    const frame = session.read.format(kind).options(READ_OPTIONS[kind]).load(path);
    const { fields } = await frame.schema();
    const writers = fields.map(({ name, type }) => ({ name, write: writerOf(type) }));
    const hash = new RowHash();
    for await (const row of frame as AsyncIterable<Record<string, unknown>>) {
      hash.add(writers.map(({ name, write }) => write(row[name])));
    }
    return hash;
  } finally {
    await session.stop();
  }
}

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
      return variantText;
    default:
      return (value) => JSON.stringify(value);
  }
}

function variantText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return JSON.stringify(String(value));
  if (typeof value === 'number') return floatText(value, false);
  if (value instanceof Uint8Array) return hexText(value);
  if (Array.isArray(value)) return `[${value.map(variantText).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${variantText(item)}`);
  return `{${fields.join(',')}}`;
}
