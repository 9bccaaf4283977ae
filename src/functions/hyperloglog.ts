/**
 * HyperLogLog++ (Heule, Nunkesser and Hall 2013) over 64-bit hashes, laid out as in Spark: the index is the hash's top
 * `precision` bits. Small counts are counted linearly, large ones by Ertl's improved estimate (2017), which needs no table.
 */
export interface Registers {
  readonly precision: number;
  readonly bytes: Uint8Array;
}

/** Precision for a relative standard deviation. */
export const precisionFor = (deviation: number): number => Math.ceil((2 * Math.log(1.106 / deviation)) / Math.log(2));

export function addHash({ precision, bytes }: Registers, hash: bigint): void {
  const unsigned = BigInt.asUintN(64, hash);
  const index = Number(unsigned >> BigInt(64 - precision));
  const rest = BigInt.asUintN(64, unsigned << BigInt(precision)) | (1n << BigInt(precision - 1));
  const zeros = 64 - rest.toString(2).length;
  if (zeros + 1 > (bytes[index] as number)) bytes[index] = zeros + 1;
}

/** Below these counts linear counting is nearer than the raw estimate: measured by the paper's authors, from precision 4 on. */
const LINEAR = [10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 11500, 20000, 50000, 120000, 350000];

export function estimate({ precision, bytes }: Registers): bigint {
  const m = bytes.length;
  const counts = new Array<number>(66).fill(0);
  for (const value of bytes) counts[value] = (counts[value] as number) + 1;
  const zeros = counts[0] as number;
  if (zeros > 0) {
    const linear = m * Math.log(m / zeros);
    if (linear <= (LINEAR[precision - 4] ?? 350000)) return BigInt(Math.round(linear));
  }
  const q = 64 - precision;
  let z = m * tau(1 - (counts[q + 1] as number) / m);
  for (let k = q; k >= 1; k--) z = 0.5 * (z + (counts[k] as number));
  z += m * sigma(zeros / m);
  return BigInt(Math.round(((m / (2 * Math.LN2)) * m) / z));
}

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z] = [start, 1, start];
  for (;;) {
    x *= x;
    const before = z;
    z += x * y;
    y += y;
    if (z === before) return z;
  }
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let [x, y, z] = [start, 1, 1 - start];
  for (;;) {
    x = Math.sqrt(x);
    const before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
    if (z === before) return z / 3;
  }
}
