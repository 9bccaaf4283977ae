import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, SparrowError } from 'sparrow-df';
import { expect, test } from 'vitest';

// Made by Python's bz2: 400 rows at level 1, and two streams one after the other.
const ROWS =
  'QlpoMTFBWSZTWUoG45UABPV////////////////////////////////////////////4UAYYAAZ3bNLZprbA8BVRvVBGaEyGhpoZ' +
  'MJtI09Q9Iep6T1PUxPxKYEaGjRkA0NAGTQDTRgeUzVP1PVMJkzSZGQAaZD0AgwJoNABkG1GNJ5T1NqP1A0QaqoDR/+qUnqANAAAD' +
  'Rk9TJp7UT9oqHtpRA0AAAAA0AaGgB6gfqgAGgDQAABoAAAAAaAyfqgANAANVMH+qk/9VVQDQAAAAAyAAAADQAZAGmgAADQABoA0x' +
  'MjQyBoBoANANA00GmQAA0AAAAajepVU/Sf/qmqoAAA00GgAAAfqgAAAAAAAAAAAAAAAAAAAANAAANGjQ00AAAAAM1VKAAAAAAAAA' +
  'NAAAAAAAAAAaAAAAAAAAAAAAAAAAAAAAAA5C5cuXL9qN6vVGpanqmqgEAAAKQCsAKwpAACAAAUABYAVAVAAWFAAAQAAApAKwAorC' +
  'kLAAgAAFAAWAFQFQAFhQAAEAAAKQCsAKwpAACAAAUABYAXaq7bbaq7bQLCgAAIAAAUgFYAVhSAAEAAAoACwAqAqAAsKAAAgAABVV' +
  'VUAAUgFYAW2W202222gEAAAoACwAqAqAAlskkuUUUUX67Lsuy7LsuzV5rE1mZXGMYxjGMYxjGMYxjGMYxjGMYxjGMYxjGMYxjGMY' +
  'xjGMYxjGMYxjGMYxjGMYxjGMYxjGMYxjGMYxiqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkkk' +
  'kkkkkkv4ljx1fcHiMdlM1RNDp5DabuR5HP63dgvHKe76/ulwLuroiGaNBQjxatxUXAs2S13K8xkXZYW0W66L3qMwuGqjDAYDAdCA' +
  'DAYDAYBbbbbbbbbbd7BYKIjCAAEREREREREREQaN8iOHJlpvoURzsd1PV1vlxdp77ZQeUrDF0JDbKHiN4hxWx2m2iN3vorMxYnGj' +
  'ZAjSxMM0001FRKF4cQ4iAuJoJ4FwuFwoSSSSSSSSSX5RuFRFQhURUIVFg5iZhUU1mZFRFQhURUIVEVCFRFQhURUIVFg+X5voOl6n' +
  'ruz7jvfCzTDeX6Hq4f3cV8l0rd1t9hR0hJDyiVxAhHIlEiUnOHS5gSbTUCNGfRjDDDNB9ABAB4AiAiAbWRK+r6ubbbbbbbbbd65u' +
  'KUQAqIqEKiKhCossmJmFRTMTMKiKhCoioRSiAFRC+EJoC8Ci6rd2aOlT1PhrbHzWjr7fjbff8qVd4ZgO+HH5GZSpEhZZaEssvrnH' +
  'btbneb97Iu2XlWZZevXr9Q5wHgVCwWCwdCACwUJJJJJJJLbd65uFRFQhURUIVEVCFRFQhUWPVmZFRTMTMKiKhCoioQqIqEKi8XDe' +
  'Tlvmed6Pqevh8RifgxeXUXClUsWmX65tPRqaWIIIKKKKQlFWBzMWVn5/T6hBBj2dFFFFERIMQBqA8K+r6vq+sbWSK5ttttttttt4' +
  'XAtdcAQBAAAATMzIAAQBh/axGBhMT7+Kxfx/L8/0/X9ubff+P5/r+/8/3/uQyELpc2+fPm22221m/NT/RJynpc9TLMG1CJSlKUKq' +
  'hQToICAgICBjiubbbbbbbbbeZYFrrpmZkAAAAAgCE0EIQhCEIQhulN3+lTkr/az+Xi3+/4y9O31/gYK7Cw23ozR/mDjnyXAklttd' +
  'yDccccccZm7tlpKUpSifKhUP4nYQEBAQEBQkkklttttt3rm8LMzMzMzAEAAAAAAABFhClWVlZWVlZNttttttttt3YDcAWmZmZmZA' +
  'AAAgCAACwIUqysrKysrK5ttttttttt3rmwAAtMzMkzMAAAAAAFgQpVlZWVlZWVzbbbbbbbbbvXNwBAABaZmZmZkAAIAgCU20uSLI' +
  'nmGoWJbAjgmk0gQJrNibbbgCBpQBJttwBA3AEm0yAgQMGCBCECBgwQIQgQMGCBCECBgwQIQgQMGCBCECBgwQJJwBNtpISbbTX/F3' +
  'JFOFCQSgbjlQ';
const STREAMS =
  'QlpoOTFBWSZTWci74usAAATZAAAQAAQgACYjIAAxBkxBAek0IELnw14u5IpwoSGRd8XWQlpoOTFBWSZTWVy8YH8AAAHZAAEQAAQQ' +
  'ABAAIAAhg0GaAhszi7kinChILl4wP4A=';

test('CSV packed with bzip2, and what is damaged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-bzip2-'));
  const session = await Session.create({ workers: 1 });
  const read = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return session.read.options({ header: true, inferSchema: true }).csv(join(folder, name)).collect();
  };
  try {
    const packed = Buffer.from(ROWS, 'base64');
    expect(await read('rows.csv.bz2', packed)).toEqual(
      Array.from({ length: 400 }, (_, i) => ({ id: i, name: `${'x'.repeat(i % 300)}${i % 7}` })),
    );
    expect(await read('streams.csv.bz2', Buffer.from(STREAMS, 'base64'))).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'bbbbbbbbbb' },
    ]);
    await expect(read('cut.csv.bz2', packed.subarray(0, 700))).rejects.toThrow(/cannot be decompressed/);
    for (let at = 4; at < packed.length; at += 23) {
      const damaged = Buffer.from(packed);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      await expect(read(`damaged-${at}.csv.bz2`, damaged)).rejects.toBeInstanceOf(SparrowError);
    }
  } finally {
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
