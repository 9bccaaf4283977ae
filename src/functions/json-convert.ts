import {
  type DataType,
  formatDouble,
  integerBounds,
  parseDecimal,
  parseScalar,
  type Scalar,
  type StructType,
} from '../base/index.js';
import { type JsonNode, jsonText } from './json-reader.js';
import { CORRUPT_RECORD, type TextOptions } from './text-options.js';
import { isMoment, readMoment } from './text-values.js';
import { variantOfJson } from './variant-json.js';

/** A value that is not of the type asked for. `partial` is what could be read of it. */
export class BadValue extends Error {
  constructor(readonly partial?: Scalar) {
    super('a value of another type');
  }
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '+INF': Number.POSITIVE_INFINITY,
  INF: Number.POSITIVE_INFINITY,
  '+Infinity': Number.POSITIVE_INFINITY,
  Infinity: Number.POSITIVE_INFINITY,
  '-INF': Number.NEGATIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

const isWhole = (text: string): boolean => /^-?\d+$/.test(text);
/** Numbers as text columns have them: with a fraction as the double they are. */
const numberAsText = (text: string): string => (isWhole(text) || text in SPECIAL ? text : formatDouble(Number(text)));
const LONG_TOP = 2n ** 63n;

/** Turns JSON into values of types, as Spark's reader does: a value of another kind is bad, not converted. */
export class JsonConverter {
  constructor(
    readonly options: TextOptions,
    readonly timeZone: string,
  ) {}

  convert(type: DataType, node: JsonNode): Scalar {
    if (node.kind === 'null') return null;
    switch (type.kind) {
      case 'string':
        return node.kind === 'string' ? node.text : jsonText(node, numberAsText);
      case 'boolean':
        if (node.kind === 'boolean') return node.value;
        break;
      case 'struct':
        if (node.kind === 'object') return this.struct(type, node.entries);
        break;
      case 'array':
        if (node.kind === 'array') return this.#array(type.element, node.items);
        break;
      case 'map':
        if (node.kind === 'object') return this.#map(type.value, node.entries);
        break;
      case 'variant':
        return variantOfJson(node);
      default:
        return this.#simple(type, node);
    }
    throw new BadValue();
  }

  #simple(type: DataType, node: JsonNode): Scalar {
    if (node.kind === 'number') return this.#number(type, node.text);
    if (node.kind !== 'string' || (node.text === '' && type.kind !== 'binary')) throw new BadValue();
    const value = this.#text(type, node.text);
    if (value === undefined) throw new BadValue();
    return value;
  }

  #text(type: DataType, text: string): Scalar | undefined {
    if (isMoment(type)) return readMoment(type, text, this.options, this.timeZone);
    switch (type.kind) {
      case 'float32':
      case 'float64':
        return Object.hasOwn(SPECIAL, text) ? SPECIAL[text] : undefined;
      case 'decimal':
        return parseDecimal(text, type);
      case 'binary':
        return new Uint8Array(Buffer.from(text, 'base64'));
      case 'interval_ym':
      case 'interval_dt':
        return parseScalar(type, text, this.timeZone);
      default:
        return undefined;
    }
  }

  #number(type: DataType, text: string): Scalar {
    switch (type.kind) {
      case 'int8':
      case 'int16':
      case 'int32':
      case 'int64': {
        const [low, high] = integerBounds(type) as readonly [bigint, bigint];
        const value = isWhole(text) ? BigInt(text) : undefined;
        if (value === undefined || value < low || value > high) break;
        return type.kind === 'int64' ? value : Number(value);
      }
      case 'float64':
        return SPECIAL[text] ?? Number(text);
      case 'float32':
        return Math.fround(SPECIAL[text] ?? Number(text));
      case 'decimal': {
        const value = parseDecimal(text, type);
        if (value !== undefined) return value;
        break;
      }
      case 'timestamp': {
        const micros = isWhole(text) ? BigInt(text) * 1_000_000n : LONG_TOP;
        if (micros < LONG_TOP && micros >= -LONG_TOP) return micros;
        break;
      }
      default:
        break;
    }
    throw new BadValue();
  }

  /** A field that is bad is null, and the rest is read all the same; of doubled keys the last one counts. */
  struct(type: StructType, entries: readonly (readonly [string, JsonNode])[], corrupt?: number): Scalar {
    const values = new Array<Scalar>(type.fields.length).fill(null);
    let isBad = false;
    for (const [key, node] of entries) {
      const at = type.fields.findIndex((f) => f.name === key);
      const field = type.fields[at];
      if (field === undefined || at === corrupt) continue;
      try {
        values[at] = this.convert(field.type, node);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        isBad = true;
        values[at] = error.partial ?? null;
      }
    }
    if (isBad) throw new BadValue(values);
    return values;
  }

  #array(element: DataType, items: readonly JsonNode[]): Scalar {
    return this.#whole(
      items,
      (item) => this.convert(element, item),
      (values) => values,
    );
  }

  #map(value: DataType, entries: readonly (readonly [string, JsonNode])[]): Scalar {
    return this.#whole(
      entries,
      ([, node]) => this.convert(value, node),
      (values) => ({ entries: values.map((each, i) => [entries[i]?.[0] ?? '', each] as const) }),
    );
  }

  /** Parts that were read in part keep that; any other bad part makes the whole bad. */
  #whole<T>(parts: readonly T[], convert: (part: T) => Scalar, finish: (values: Scalar[]) => Scalar): Scalar {
    const values: Scalar[] = [];
    let isBad = false;
    for (const part of parts) {
      try {
        values.push(convert(part));
      } catch (error) {
        if (!(error instanceof BadValue) || error.partial === undefined) throw error;
        isBad = true;
        values.push(error.partial);
      }
    }
    if (isBad) throw new BadValue(finish(values));
    return finish(values);
  }
}

/** Where a struct keeps records that could not be read, if it does. */
export function corruptField(type: DataType, options: TextOptions): number {
  if (type.kind !== 'struct') return -1;
  const name = options.get('columnnameofcorruptrecord') ?? CORRUPT_RECORD;
  return type.fields.findIndex((f) => f.name === name && f.type.kind === 'string');
}
