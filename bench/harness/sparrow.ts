import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFrame } from 'sparrow-df';
import type { Answer, AnswerColumn } from './contract.js';
import { root } from './paths.js';

export const sparrowVersion = (): string =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;

type SparrowRow = Readonly<Record<string, unknown>>;

export interface SparrowResult {
  readonly frame: DataFrame;
  readonly rows: readonly SparrowRow[];
}

const kindOf = (type: string): AnswerColumn['kind'] => {
  if (/^(float|double)$/.test(type)) return 'double';
  return /^(tinyint|smallint|int|bigint|decimal)/.test(type) ? 'exact' : 'text';
};

const textOf = (value: unknown, type: string): string | null => {
  if (value == null) return null;
  if (!(value instanceof Date)) return String(value);
  const text = value.toISOString();
  return type === 'date' ? text.slice(0, 10) : text;
};

/** Rows as Sparrow gives them, with the frame's own types. */
export async function sparrowAnswer({ frame, rows }: SparrowResult): Promise<Answer> {
  const fields = (await frame.schema()).fields.map((field) => ({ name: field.name, type: field.type.simpleString() }));
  return {
    columns: fields.map(({ name, type }) => ({ name, kind: kindOf(type) })),
    rows: rows.map((row) => fields.map(({ name, type }) => textOf(row[name], type))),
  };
}
