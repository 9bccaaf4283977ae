import { binaryType, carrierOf, type DataType, engineBug, type Scalar } from '../base/index.js';
import { scalar } from './define.js';
import { isOrderable, withoutOrder, wrongCount } from './signature.js';

/*
 * Values as bytes that stand in the order of the values when compared byte by byte, so that whatever sorts bytes sorts
 * nested values too:
 *
 *   null before everything: 0, any other value: 1 and then
 *   integers      big endian, the sign bit turned over
 *   floats        their bits, turned over so that they ascend; NaN last, -0 as 0
 *   text, binary  its bytes with 0 written as 0 255, then 0 0
 *   array         its elements, each with a 1 before, then 0: what is shorter comes first
 *   struct        its fields
 */

class OrderingWriter {
  readonly #bytes: number[] = [];

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  write(type: DataType, value: Scalar): void {
    if (value === null) {
      this.#bytes.push(0);
      return;
    }
    this.#bytes.push(1);
    switch (type.kind) {
      case 'array':
        for (const item of value as readonly Scalar[]) {
          this.#bytes.push(1);
          this.write(type.element, item);
        }
        this.#bytes.push(0);
        return;
      case 'struct':
        for (const [i, field] of type.fields.entries()) {
          this.write(field.type, (value as readonly Scalar[])[i] ?? null);
        }
        return;
      case 'string':
        this.#text(Buffer.from(value as string, 'utf8'));
        return;
      case 'binary':
        this.#text(value as Uint8Array);
        return;
      case 'float32':
      case 'float64':
        this.#float(value as number);
        return;
      default:
        this.#integer(type, value);
    }
  }

  #text(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#bytes.push(byte);
      if (byte === 0) this.#bytes.push(255);
    }
    this.#bytes.push(0, 0);
  }

  #float(value: number): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, Number.isNaN(value) ? Number.NaN : value + 0);
    const bits = Number.isNaN(value) ? 0x7ff8000000000000n : view.getBigUint64(0);
    this.#big(bits >> 63n === 1n ? ~bits : bits | (1n << 63n), 8);
  }

  #integer(type: DataType, value: Scalar): void {
    const width = { i32: 4, i64: 8, i128: 16, f32: 0, f64: 0, bytes: 0, none: 0 }[carrierOf(type)];
    if (width === 0) throw engineBug(`values of type ${type.kind} have no order`);
    this.#big(BigInt(value as bigint | number | boolean) + (1n << BigInt(8 * width - 1)), width);
  }

  #big(value: bigint, width: number): void {
    for (let i = width - 1; i >= 0; i--) this.#bytes.push(Number((value >> BigInt(8 * i)) & 255n));
  }
}

/** What `orderingBytes` gives. */
export function orderingBytes(type: DataType, value: Scalar): Uint8Array {
  const writer = new OrderingWriter();
  writer.write(type, value);
  return writer.bytes();
}

export const orderingFunctions = {
  /** Bytes in the order of the values. */
  orderingBytes: scalar({
    name: 'orderingBytes',
    sql: ['ordering_bytes'],
    summary: 'Bytes that compare as the values do: what nested values are sorted by. Not a function of Spark.',
    resolve: (args) => {
      const [input] = args;
      if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
      if (!isOrderable(input.type)) return withoutOrder(0, input.type);
      return { args: [input.type], returns: binaryType };
    },
    nulls: 'propagate',
    compiled: 'nested values are taken apart by JS',
    eval: ([value], call) => orderingBytes(call.argTypes[0] as DataType, value as Scalar),
    examples: [['hex(ordering_bytes(array(1)))', '0101018000000100']],
  }),
};
