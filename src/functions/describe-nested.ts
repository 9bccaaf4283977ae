import { type DataType, formatScalar, type Scalar } from '../base/index.js';

/** A value for a message, as Spark's errors write nested values: `[key,value]`. */
export function describeNested(type: DataType, value: Scalar): string {
  if (value === null) return 'null';
  if (type.kind === 'array') {
    return `[${(value as readonly Scalar[]).map((item) => describeNested(type.element, item)).join(',')}]`;
  }
  if (type.kind === 'struct') {
    return `[${(value as readonly Scalar[])
      .map((item, i) => describeNested(type.fields[i]?.type as DataType, item))
      .join(',')}]`;
  }
  return formatScalar(type, value, 'UTC');
}
