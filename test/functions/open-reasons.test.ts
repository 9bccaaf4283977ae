import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(`../conformance/${name}.json`, import.meta.url), 'utf8'));

test('every function that does not answer as Spark yet has a reason written down, and no other', () => {
  const open = { ...read('functions-open'), ...read('aggregates-open') };
  expect(Object.keys(read('open-reasons'))).toEqual(Object.keys(open).sort());
});
