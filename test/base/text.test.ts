import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataType, Scalar } from '../../src/base/index.js';
import * as base from '../../src/base/index.js';
import { civilFromDays, daysFromCivil, formatScalar, parseScalar } from '../../src/base/index.js';
import { readStrings } from '../../src/base/utf8.js';

const corpora = process.env.SPARROW_CORPORA;
const types = base;
const show = (type: DataType, value: Scalar, zone = 'UTC') => formatScalar(type, value, zone);
const read = (type: DataType, text: string, zone = 'UTC') => parseScalar(type, text, zone);
const at = (text: string, zone = 'UTC') => read(types.timestampType, text, zone) as bigint;

/** What Apache Spark 4.0.1 prints for `cast(x as string)`; where Java 17's Double.toString is not shortest, Java 21's. */
describe('text of values, as Spark prints it', () => {
  it.each([
    [1e10, '1.0E10'],
    [-0, '-0.0'],
    [0, '0.0'],
    [1e7, '1.0E7'],
    [9999999, '9999999.0'],
    [0.001, '0.001'],
    [0.00099, '9.9E-4'],
    [0.002, '0.002'],
    [4.9e-324, '4.9E-324'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [2e23, '2.0E23'],
    [123.456, '123.456'],
    [1234567.5, '1234567.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('double %d is %s', (value, text) => expect(show(types.float64Type, value)).toBe(text));

  it.each([
    [1e10, '1.0E10'],
    [3.4028235e38, '3.4028235E38'],
    [1.4e-45, '1.4E-45'],
    [0.1, '0.1'],
    [16777216, '1.6777216E7'],
    [-0, '-0.0'],
    [3.3, '3.3'],
  ])('float %d is %s', (value, text) => expect(show(types.float32Type, Math.fround(value))).toBe(text));

  it.each([
    [110n, 2, '1.10'],
    [100n, 10, '0.0000000100'],
    [0n, 2, '0.00'],
    [-5n, 1, '-0.5'],
    [10n ** 38n - 1n, 38, `0.${'9'.repeat(38)}`],
    [-(10n ** 38n - 1n), 0, `-${'9'.repeat(38)}`],
  ])('decimal %d with scale %d is %s', (unscaled, scale, text) => {
    expect(show(types.decimalType(38, scale), unscaled)).toBe(text);
    expect(read(types.decimalType(38, scale), text)).toBe(unscaled);
  });

  it('dates and timestamps beyond four digits have a sign', () => {
    expect(show(types.dateType, daysFromCivil(-1, 1, 1))).toBe('-0001-01-01');
    expect(show(types.dateType, daysFromCivil(0, 3, 1))).toBe('0000-03-01');
    expect(show(types.dateType, daysFromCivil(10000, 1, 1))).toBe('+10000-01-01');
    expect(show(types.timestampType, at('-0001-01-01 00:00:00'))).toBe('-0001-01-01 00:00:00');
    expect(show(types.timestampType, at('+10000-01-01 00:00:00.5'))).toBe('+10000-01-01 00:00:00.5');
    expect(show(types.timestampType, at('0001-01-01 00:00:00.000001'))).toBe('0001-01-01 00:00:00.000001');
    expect(show(types.timestampType, 2n ** 63n - 1n)).toBe('+294247-01-10 04:00:54.775807');
    expect(show(types.timestampNtzType, -(2n ** 63n))).toBe('-290308-12-21 19:59:05.224192');
  });

  it('intervals', () => {
    const second = 1_000_000n;
    expect(show(types.dayTimeIntervalType, 93784n * second)).toBe("INTERVAL '1 02:03:04' DAY TO SECOND");
    expect(show(types.dayTimeIntervalType, -93784n * second - 500000n)).toBe("INTERVAL '-1 02:03:04.5' DAY TO SECOND");
    expect(show(types.dayTimeIntervalType, 0n)).toBe("INTERVAL '0 00:00:00' DAY TO SECOND");
    expect(show(types.dayTimeIntervalType, -500000n)).toBe("INTERVAL '-0 00:00:00.5' DAY TO SECOND");
    expect(show(types.yearMonthIntervalType, 14)).toBe("INTERVAL '1-2' YEAR TO MONTH");
    expect(show(types.yearMonthIntervalType, -14)).toBe("INTERVAL '-1-2' YEAR TO MONTH");
    expect(show(types.yearMonthIntervalType, 1)).toBe("INTERVAL '0-1' YEAR TO MONTH");
  });

  it('nested values', () => {
    const int = types.int32Type;
    const row = types.structType([types.field('a', int), types.field('b', types.stringType), types.field('c', int)]);
    expect(show(types.arrayType(int), [1, null, 2])).toBe('[1, null, 2]');
    expect(show(types.arrayType(types.stringType), ['a b', ''])).toBe('[a b, ]');
    expect(show(row, [1, 'a', null])).toBe('{1, a, null}');
    expect(
      show(types.mapType(types.stringType, int), {
        entries: [
          ['k', 1],
          ['z', null],
        ],
      }),
    ).toBe('{k -> 1, z -> null}');
    expect(show(types.mapType(types.stringType, int), { entries: [] })).toBe('{}');
    expect(show(types.arrayType(types.float64Type), [1.5, 1e10])).toBe('[1.5, 1.0E10]');
    expect(show(types.binaryType, Uint8Array.of(0x61, 0xff))).toBe('a\ufffd');
    expect(show(types.booleanType, true)).toBe('true');
  });
});

describe('values of text, as Spark casts it', () => {
  const table: readonly (readonly [DataType, string, Scalar | undefined])[] = [
    [types.int32Type, ' 12 ', 12],
    [types.int32Type, '+5', 5],
    [types.int32Type, '-0', 0],
    [types.int64Type, '\t7\n', 7n],
    [types.int32Type, '1.5', undefined],
    [types.int32Type, '1.', undefined],
    [types.int32Type, '', undefined],
    [types.int32Type, '٣', undefined],
    [types.int32Type, '+', undefined],
    [types.int32Type, '--1', undefined],
    [types.int8Type, '128', undefined],
    [types.int8Type, '-128', -128],
    [types.int8Type, '000000000000000000000000000000000000000000000000127', 127],
    [types.int32Type, '\u00a05', undefined],
    [types.int64Type, '9223372036854775808', undefined],
    [types.decimalType(10, 2), '1e2', 10000n],
    [types.decimalType(10, 2), ' .5 ', 50n],
    [types.decimalType(10, 2), '5.', 500n],
    [types.decimalType(10, 2), '1.005', 101n],
    [types.decimalType(10, 2), '-1.005', -101n],
    [types.decimalType(10, 2), '1E-50', 0n],
    [types.decimalType(10, 2), '1e50', undefined],
    [types.decimalType(10, 2), '123456789012', undefined],
    [types.decimalType(4, 2), '99.995', undefined],
    [types.decimalType(10, 2), '1d', undefined],
    [types.decimalType(10, 2), '.', undefined],
    [types.float64Type, '1d', 1],
    [types.float64Type, '1f', 1],
    [types.float64Type, ' 1e5D ', 1e5],
    [types.float64Type, '0x1p3', 8],
    [types.float64Type, '-0x1.8p-1074', -1e-323],
    [types.float64Type, '.5', 0.5],
    [types.float64Type, '5.', 5],
    [types.float64Type, '-0', -0],
    [types.float64Type, 'NaN', Number.NaN],
    [types.float64Type, 'nan', Number.NaN],
    [types.float64Type, '-nan', undefined],
    [types.float64Type, '-NaN', Number.NaN],
    [types.float64Type, ' inf ', Number.POSITIVE_INFINITY],
    [types.float64Type, '+Inf', Number.POSITIVE_INFINITY],
    [types.float64Type, '-INFINITY', Number.NEGATIVE_INFINITY],
    [types.float64Type, '1_000', undefined],
    [types.float64Type, '1l', undefined],
    [types.float64Type, 'infd', undefined],
    [types.float64Type, 'Infinityd', undefined],
    [types.float64Type, '__proto__', undefined],
    [types.booleanType, 't', true],
    [types.booleanType, ' TRUE ', true],
    [types.booleanType, 'yes', true],
    [types.booleanType, 'n', false],
    [types.booleanType, '0', false],
    [types.booleanType, 'on', undefined],
    [types.dateType, '2020', daysFromCivil(2020, 1, 1)],
    [types.dateType, '2020-2', daysFromCivil(2020, 2, 1)],
    [types.dateType, '2020-2-3', daysFromCivil(2020, 2, 3)],
    [types.dateType, ' 2020-02-03 xyz', daysFromCivil(2020, 2, 3)],
    [types.dateType, '2020-02-03Tjunk', daysFromCivil(2020, 2, 3)],
    [types.dateType, '+2020-01-01', daysFromCivil(2020, 1, 1)],
    [types.dateType, '2020-02-30', undefined],
    [types.dateType, '20200203', undefined],
    [types.dateType, '2020-02-', undefined],
    [types.dateType, '2020 01', undefined],
    [types.dateType, '202-01-01', undefined],
    [types.dateType, '9999999-01-01', undefined],
    [types.timestampNtzType, '12:30:00', undefined],
    [types.timestampNtzType, '2020-01-01 12:30:15Z', at('2020-01-01 12:30:15')],
    [types.timestampNtzType, '2020-01-01 12:30:15.5 Europe/Moscow', at('2020-01-01 12:30:15.5')],
    [types.yearMonthIntervalType, '1-2', 14],
    [types.yearMonthIntervalType, "INTERVAL '-1-2' YEAR TO MONTH", -14],
    [types.yearMonthIntervalType, ' +1-2', 14],
    [types.yearMonthIntervalType, '1-12', undefined],
    [types.dayTimeIntervalType, '1 02:03:04.5', 93784500000n],
    [types.dayTimeIntervalType, "INTERVAL '1 2:3:4.123456789' DAY TO SECOND", 93784123456n],
    [types.dayTimeIntervalType, "interval -'1 2:3:4' day to second", -93784000000n],
    [types.dayTimeIntervalType, '1 25:03:04', undefined],
    [types.dayTimeIntervalType, '10', undefined],
    [types.dayTimeIntervalType, '-1 -02:03:04.5', undefined],
    [types.timeType, '23:59:59.999999', 86399999999n],
    [types.timeType, '24:00:00', undefined],
  ];
  it.each(table)('%o of %j', (type, text, value) => expect(read(type, text)).toEqual(value));

  const timestamps: readonly (readonly [string, string | undefined])[] = [
    ['2020', '2020-01-01 00:00:00'],
    ['2020-01', '2020-01-01 00:00:00'],
    ['2020-01-01 12', '2020-01-01 12:00:00'],
    ['2020-01-01 12:30', '2020-01-01 12:30:00'],
    ['2020-01-01T1:2:3.', '2020-01-01 01:02:03'],
    ['2020-01-01 12:30:15.1234567', '2020-01-01 12:30:15.123456'],
    ['2020-01-01 12:30:15Z', '2020-01-01 12:30:15'],
    ['2020-01-01 12:30:15 Europe/Moscow', '2020-01-01 09:30:15'],
    ['2020-01-01 12:30:15+1:30', '2020-01-01 11:00:15'],
    ['2020-01-01 12:30:15.5-08', '2020-01-01 20:30:15.5'],
    ['2020-01-01 12:30:15UTC+3', '2020-01-01 09:30:15'],
    ['2020-01-01 12:30:15 PST', '2020-01-01 20:30:15'],
    ['2020-01-01 12:30:15GMT-03:30', '2020-01-01 16:00:15'],
    ['2020-01-01 12:30:15 EST', '2020-01-01 17:30:15'],
    ['2020-01-01 12:30:15+7:3', '2020-01-01 05:27:15'],
    ['2020-01-01 12:30:15+18:00', '2019-12-31 18:30:15'],
    ['2020-01-01 12:30:15+01:02:03', '2020-01-01 11:28:12'],
    ['2020-01-01 12:30:15+010203', '2020-01-01 11:28:12'],
    ['2020-01-01 12:30:15+0102', '2020-01-01 11:28:15'],
    ['2020-01-01 12:30:15 UT', '2020-01-01 12:30:15'],
    ['2020-01-01 12:30Z', undefined],
    ['2020-01-01T', undefined],
    ['2020-01-01 12:30:15+19', undefined],
    ['2020-01-01 12:30:15 europe/moscow', undefined],
    ['2020-01-01 12:30:15 utc', undefined],
    ['2020-01-01 12:30:15z', undefined],
    ['2020-01-01 24:00:00', undefined],
    ['2020-01-01 23:60:00', undefined],
    ['2020-01-01 12:30:60', undefined],
    ['294247-01-10 04:00:54.775807', '+294247-01-10 04:00:54.775807'],
    ['294247-01-10 04:00:54.775808', undefined],
  ];
  it.each(timestamps)('timestamp %j is %s', (text, shown) => {
    const value = read(types.timestampType, text);
    expect(value === undefined ? undefined : show(types.timestampType, value)).toBe(shown);
  });

  it('clock changes in a zone, as Java resolves them', () => {
    const zone = 'America/Los_Angeles';
    expect(show(types.timestampType, at('2021-03-14 02:30:00', zone), zone)).toBe('2021-03-14 03:30:00');
    expect(at('2021-11-07 01:30:00', zone)).toBe(1636273800_000000n);
    expect(at('1880-01-01 00:00:00', zone)).toBe(-2840112422_000000n);
    expect(show(types.timestampType, -2840140800_000000n, zone)).toBe('1879-12-31 16:07:02');
    expect(at('1883-11-18 12:05:00', zone)).toBe(-2717640122_000000n);
    expect(() => at('2020-01-01', 'Mars/Base')).toThrow(/INVALID_TIMEZONE.*Mars\/Base/);
  });
});

describe('text there and back', () => {
  const decimal = types.decimalType(38, 10);
  const top = 10n ** 38n - 1n;
  const cases: readonly (readonly [DataType, fc.Arbitrary<Scalar>])[] = [
    [types.booleanType, fc.boolean()],
    [types.int64Type, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    [types.float64Type, fc.double()],
    [types.float32Type, fc.float()],
    [decimal, fc.bigInt({ min: -top, max: top })],
    [types.dateType, fc.integer({ min: -3_000_000, max: 3_000_000 })],
    [types.timeType, fc.bigInt({ min: 0n, max: 86_399_999_999n })],
    [types.timestampType, fc.bigInt({ min: -(2n ** 56n), max: 2n ** 56n })],
    [types.timestampNtzType, fc.bigInt({ min: -(2n ** 56n), max: 2n ** 56n })],
    [types.yearMonthIntervalType, fc.integer()],
    [types.dayTimeIntervalType, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ];
  it.each(cases)('%o', (type, values) => {
    const backAgain = (value: Scalar) => {
      expect(read(type, show(type, value))).toEqual(value);
    };
    fc.assert(fc.property(values, backAgain), { numRuns: 500 });
  });

  it('days and civil dates agree with Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const { year, month, day } = civilFromDays(days);
        const date = new Date(days * 86_400_000);
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
        expect(daysFromCivil(year, month, day)).toBe(days);
      }),
    );
  });

  it('any text is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789+-.eEdfxp:TZ 'PYMDHSin") }), (text) => {
        for (const [type] of cases) read(type, text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('time zones', () => {
  it('readings and instants in every zone, around each change', () => {
    const zones = ['Europe/Rome', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
    const seconds = fc.integer({ min: -4_000_000_000, max: 8_000_000_000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), seconds, (id, second) => {
        const zone = base.timeZone(id);
        const parts = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'longOffset' });
        const shown = /GMT(.*)$/.exec(parts.format(second * 1000))?.[1] ?? '';
        const offset = base.findTimeZone(shown === '' ? 'UTC' : shown)?.offsetAt(0);
        expect(zone.offsetAt(second)).toBe(offset);
        const instant = BigInt(second) * 1_000_000n;
        const back = base.localToInstant(zone, base.instantToLocal(zone, instant));
        // The second of two equal readings comes back as the first.
        expect(base.instantToLocal(zone, back)).toBe(base.instantToLocal(zone, instant));
        expect(back <= instant).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe.skipIf(!corpora)('corpora', () => {
  const folder = corpora ?? '';

  it('parse-number', () => {
    let cases = 0;
    const bits = new DataView(new ArrayBuffer(8));
    const wrong: string[] = [];
    for (const file of readdirSync(join(folder, 'parse-number/data'))) {
      for (const line of readFileSync(join(folder, 'parse-number/data', file), 'latin1').split('\n')) {
        const [, f32, f64, text] = line.split(' ');
        if (f32 === undefined || f64 === undefined || text === undefined) continue;
        cases++;
        const double = read(types.float64Type, text);
        const single = read(types.float32Type, text);
        bits.setFloat64(0, double as number);
        if (bits.getBigUint64(0).toString(16).padStart(16, '0').toUpperCase() !== f64) wrong.push(`f64 ${line}`);
        bits.setFloat32(0, single as number);
        if (bits.getUint32(0).toString(16).padStart(8, '0').toUpperCase() !== f32) wrong.push(`f32 ${line}`);
      }
    }
    expect(cases).toBeGreaterThan(5000);
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it('tz: the first and the last offset of every zone', () => {
    const regions = ['africa', 'asia', 'australasia', 'europe', 'northamerica', 'southamerica'];
    const seconds = (text: string) => {
      const [h = 0, m = 0, s = 0] = text.replace('-', '').split(':').map(Number);
      return (text.startsWith('-') ? -1 : 1) * (h * 3600 + m * 60 + s);
    };
    let zones = 0;
    const wrong: string[] = [];
    for (const region of regions) {
      // A zone is a line `Zone NAME STDOFF RULES FORMAT UNTIL…`, continued by lines that start with its STDOFF.
      const text = readFileSync(join(folder, 'tz', region), 'utf8').replace(/\s*#.*$/gm, '');
      for (const [, id = '', body = ''] of text.matchAll(/^Zone\s+(\S+)\s+(.*(?:\n(?:\t.*)?)*)/gm)) {
        const lines = body.split('\n').filter((line) => line.trim() !== '');
        const first = (lines[0] as string).trim().split(/\s+/);
        const last = (lines[lines.length - 1] as string).trim().split(/\s+/);
        const zone = base.timeZone(id);
        zones++;
        if (zone.offsetAt(-6e9) !== seconds(first[0] as string)) wrong.push(`${id} starts with ${zone.offsetAt(-6e9)}`);
        // Laws later than node's own copy of the database are not looked at.
        const until = Number(lines[lines.length - 2]?.trim().split(/\s+/)[3] ?? 0);
        if (until > 2020) continue;
        const now = zone.offsetAt(Date.UTC(2021, 0, 1) / 1000);
        if (last[1] === '-' && last.length === 3 && now !== seconds(last[0] as string))
          wrong.push(`${id} is at ${now}`);
      }
    }
    expect(zones).toBeGreaterThan(300);
    expect(wrong).toEqual([]);
  });

  it('edge/dates.csv', () => {
    const [, ...lines] = readFileSync(join(folder, 'edge/dates.csv'), 'utf8').trim().split('\n');
    for (const line of lines) {
      const [days, year, month, day] = line.split(',').map(Number) as [number, number, number, number];
      expect(civilFromDays(days)).toEqual({ year, month, day });
      expect(daysFromCivil(year, month, day)).toBe(days);
    }
  });

  it('edge/doubles.json', () => {
    const bits = new DataView(new ArrayBuffer(8));
    const doubles = JSON.parse(readFileSync(join(folder, 'edge/doubles.json'), 'utf8')) as {
      bits: string;
      repr: string;
    }[];
    for (const { bits: hex, repr } of doubles) {
      bits.setBigUint64(0, BigInt(`0x${hex}`));
      const value = bits.getFloat64(0);
      // Spark refuses `-nan` and `snan`.
      if (!Number.isNaN(value)) expect(read(types.float64Type, repr)).toBe(value);
      expect(read(types.float64Type, show(types.float64Type, value))).toBe(value);
    }
  });

  it('edge/ints.json', () => {
    const ints = JSON.parse(readFileSync(join(folder, 'edge/ints.json'), 'utf8')) as Record<string, string[]>;
    const kinds = { int8: types.int8Type, int16: types.int16Type, int32: types.int32Type, int64: types.int64Type };
    for (const [kind, type] of Object.entries(kinds)) {
      for (const text of ints[kind] ?? []) expect(show(type, read(type, text) ?? null)).toBe(text);
    }
  });
});

if (!corpora) console.log('SPARROW_CORPORA is not set: 5 corpus checks of text (over 5,000 numbers) are left out');

describe('strings of a column', () => {
  it('are read wherever they begin and however short they are', () => {
    const text = 'abcdefghijklmnopqrstuvwxyz';
    const buffer = Buffer.from(text);
    for (let data = 0; data < 9; data++) {
      for (const lengths of [
        [0, 0, 0, 0],
        [0, 0, 0, 1],
        [1, 1, 1, 1],
        [1, 2, 0, 2, 1],
        [3, 4, 5, 1],
      ]) {
        const offsets = Int32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b))]);
        const expected = lengths.map((_, i) =>
          text.slice(data + (offsets[i] as number), data + (offsets[i + 1] as number)),
        );
        expect(readStrings(buffer, offsets, 0, lengths.length, data)).toEqual(expected);
      }
    }
  });
});
