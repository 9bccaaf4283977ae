import { describe, expect, test } from 'vitest';
import { schemaOf } from '../../src/api/schema-input.js';
import type { StandardSchema } from '../../src/api/standard-schema.js';
import { parseType } from '../../src/api/type-text.js';
import { t } from '../../src/api/types.js';
import { simpleString } from '../../src/base/index.js';

const named = (input: Parameters<typeof schemaOf>[0]): string[] =>
  schemaOf(input).fields.map((f) => `${f.name} ${simpleString(f.type)}${f.nullable ? '' : ' not null'}`);

describe('t', () => {
  test('columns are nullable unless they say otherwise, at every depth', () => {
    expect(
      schemaOf({ a: t.int64, b: t.notNull(t.string), c: t.array(t.notNull(t.int32)), d: t.map(t.string, t.int8) }),
    ).toEqual({
      kind: 'struct',
      fields: [
        { name: 'a', type: { kind: 'int64' }, nullable: true },
        { name: 'b', type: { kind: 'string' }, nullable: false },
        { name: 'c', type: { kind: 'array', element: { kind: 'int32' }, containsNull: false }, nullable: true },
        {
          name: 'd',
          type: { kind: 'map', key: { kind: 'string' }, value: { kind: 'int8' }, valueContainsNull: true },
          nullable: true,
        },
      ],
    });
    expect(named({ s: t.struct({ city: t.notNull(t.string), at: t.timestamp }) })).toEqual([
      's struct<city:string,at:timestamp>',
    ]);
  });

  test('decimals have bounds', () => {
    expect(simpleString(t.decimal())).toBe('decimal(10,0)');
    expect(() => t.decimal(39, 0)).toThrow(/DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION/);
    expect(() => t.decimal(2, 3)).toThrow(/no decimal type/);
  });
});

describe('type names', () => {
  test.each([
    ['INT', 'int'],
    ['decimal(12, 2)', 'decimal(12,2)'],
    ['array<struct<a:int,b:array<string>>>', 'array<struct<a:int,b:array<string>>>'],
    ['map<string, bigint>', 'map<string,bigint>'],
    ['varchar(10)', 'string'],
    ['timestamp_ntz', 'timestamp_ntz'],
    ['interval day to second', 'interval day to second'],
    ['interval year to month', 'interval year to month'],
  ])('%s', (text, expected) => {
    expect(simpleString(parseType(text))).toBe(expected);
  });

  test.each(['', 'integr', 'array<int', 'int int', 'map<string>'])('%j is refused', (text) => {
    expect(() => parseType(text)).toThrow(/UNSUPPORTED_DATATYPE/);
  });

  test('a list of columns', () => {
    expect(named("id BIGINT NOT NULL, `a b` array<int> COMMENT 'x', s: struct<x:int>")).toEqual([
      'id bigint not null',
      'a b array<int>',
      's struct<x:int>',
    ]);
    expect(() => named('id INT, id INT')).toThrow(/two columns named `id`/);
  });
});

// What the libraries' schema objects look like, as far as they are read.
describe('standard schemas', () => {
  const standard = (vendor: string) => ({ '~standard': { vendor } });
  const four = (type: string, more: object = {}) => ({ ...standard('zod'), _zod: { def: { type, ...more } } });
  const three = (typeName: string, more: object = {}) => ({ ...standard('zod'), _def: { typeName, ...more } });

  test('zod 4', () => {
    const schema = {
      ...four('object'),
      shape: {
        id: four('number', { checks: [{ _zod: { def: { format: 'safeint' } } }] }),
        price: four('number'),
        name: four('optional', { innerType: four('string') }),
        at: four('nullable', { innerType: four('date') }),
        tags: four('array', { element: four('string') }),
        kind: four('enum', { entries: { a: 'a' } }),
        extra: four('record', { valueType: four('boolean') }),
        one: four('literal', { values: ['x'] }),
      },
    };
    expect(named(schema)).toEqual([
      'id bigint not null',
      'price double not null',
      'name string',
      'at timestamp',
      'tags array<string> not null',
      'kind string not null',
      'extra map<string,boolean> not null',
      'one string not null',
    ]);
  });

  test('zod 3', () => {
    const schema = {
      ...three('ZodObject'),
      shape: {
        id: three('ZodNumber', { checks: [{ kind: 'int' }] }),
        name: three('ZodNullable', { innerType: three('ZodString') }),
        big: three('ZodDefault', { innerType: three('ZodBigInt') }),
        list: three('ZodArray', { type: three('ZodBoolean') }),
        even: three('ZodEffects', { schema: three('ZodNumber') }),
      },
    };
    expect(named(schema)).toEqual([
      'id bigint not null',
      'name string',
      'big bigint not null',
      'list array<boolean> not null',
      'even double not null',
    ]);
  });

  test('valibot', () => {
    const schema = {
      ...standard('valibot'),
      type: 'object',
      entries: {
        id: { type: 'number', pipe: [{ type: 'number' }, { type: 'integer' }] },
        name: { type: 'optional', wrapped: { type: 'string' } },
        tags: { type: 'array', item: { type: 'string' } },
      },
    };
    expect(named(schema)).toEqual(['id bigint not null', 'name string', 'tags array<string> not null']);
  });

  test('JSON schema', () => {
    const json = {
      type: 'object',
      required: ['id', 'at'],
      properties: {
        id: { type: 'integer' },
        at: { type: 'string', format: 'date-time' },
        name: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        ship: { type: 'object', properties: { city: { type: 'string' } } },
      },
    };
    const schema = { '~standard': { vendor: 'any', jsonSchema: { output: () => json } } };
    expect(named(schema)).toEqual([
      'id bigint not null',
      'at string not null',
      'name string',
      'ship struct<city:string>',
    ]);
  });

  test('what cannot be read is named', () => {
    expect(() => named({ ...four('object'), shape: { f: four('function') } } as StandardSchema)).toThrow(
      /INVALID_SCHEMA.*the schema\.f \(function\)/,
    );
    expect(() => named(standard('mystery'))).toThrow(/of this mystery schema/);
  });
});
