import {
  type DataType,
  formatDecimal,
  formatDouble,
  formatFloat,
  type MapScalar,
  type Scalar,
  type VariantScalar,
  variantToJson,
} from '../base/index.js';
import { describeNested } from './describe-nested.js';
import { jsonString } from './json-reader.js';
import { isOn, type TextOptions } from './text-options.js';
import { isMoment, writeInterval, writeMoment } from './text-values.js';

/** Writes values as JSON, as Spark's to_json does. */
export class JsonWriter {
  readonly #skipNulls: boolean;
  readonly #pretty: boolean;

  constructor(
    readonly options: TextOptions,
    readonly timeZone: string,
  ) {
    this.#skipNulls = isOn(options, 'ignoreNullFields', true);
    this.#pretty = isOn(options, 'pretty');
  }

  write(type: DataType, value: Scalar, depth = 0): string {
    if (value === null) return 'null';
    switch (type.kind) {
      case 'struct': {
        const values = value as readonly Scalar[];
        const fields: string[] = [];
        for (const [i, f] of type.fields.entries()) {
          const item = values[i] ?? null;
          if (item !== null || !this.#skipNulls) fields.push(this.#pair(f.name, this.write(f.type, item, depth + 1)));
        }
        return this.#braces(fields, depth);
      }
      case 'map': {
        const { entries } = value as MapScalar;
        return this.#braces(
          entries.map(([k, v]) => this.#pair(this.#key(type.key, k), this.write(type.value, v, depth + 1))),
          depth,
        );
      }
      case 'array': {
        const items = (value as readonly Scalar[]).map((item) => this.write(type.element, item, depth));
        if (!this.#pretty) return `[${items.join(',')}]`;
        return items.length === 0 ? '[ ]' : `[ ${items.join(', ')} ]`;
      }
      case 'variant':
        return variantToJson(value as VariantScalar, this.timeZone);
      default:
        return this.#simple(type, value);
    }
  }

  /** Keys of maps that are no strings are written as Spark prints them in messages. */
  #key(type: DataType, key: Scalar): string {
    if (isMoment(type)) return writeMoment(type, key, this.options, this.timeZone);
    return type.kind === 'string' ? (key as string) : describeNested(type, key);
  }

  #pair(name: string, value: string): string {
    return `${jsonString(name)}${this.#pretty ? ' : ' : ':'}${value}`;
  }

  #braces(fields: readonly string[], depth: number): string {
    if (!this.#pretty) return `{${fields.join(',')}}`;
    if (fields.length === 0) return '{ }';
    const indent = '  '.repeat(depth + 1);
    return `{\n${fields.map((text) => indent + text).join(',\n')}\n${'  '.repeat(depth)}}`;
  }

  #simple(type: DataType, value: Scalar): string {
    if (isMoment(type)) return jsonString(writeMoment(type, value, this.options, this.timeZone));
    switch (type.kind) {
      case 'float32':
        return Number.isFinite(value) ? formatFloat(value as number) : `"${formatFloat(value as number)}"`;
      case 'float64':
        return Number.isFinite(value) ? formatDouble(value as number) : `"${formatDouble(value as number)}"`;
      case 'decimal':
        return formatDecimal(value as bigint, type.scale);
      case 'string':
        return jsonString(value as string);
      case 'binary':
        return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
      case 'interval_ym':
      case 'interval_dt':
      case 'interval':
        return jsonString(writeInterval(type, value));
      default:
        return String(value);
    }
  }
}
