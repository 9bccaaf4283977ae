import { type DataType, timestampType } from '../base/index.js';
import { isDatetime } from './cast-types.js';
import { type Param, takes } from './implicit.js';

type Resolver = ReturnType<typeof takes>;

/**
 * The typing of a function that reads moments from texts by a pattern. What is no text has none: whatever is given as one
 * is not looked at, and as in Spark a reading without a zone then stands for the instant of the same number.
 */
export function besideMoments(target: DataType, otherwise: Resolver): Resolver {
  const asIs: Param = {
    wants: 'a moment',
    accept: (type) => (type.kind === 'date' && target.kind !== 'date' ? timestampType : type),
  };
  const moment = takes([asIs], target);
  return (args, settings) => {
    const [value, pattern] = args;
    if (value === undefined || pattern === undefined || !isDatetime(value.type)) return otherwise(args, settings);
    const resolution = moment([value], settings);
    return 'mismatch' in resolution ? resolution : { ...resolution, args: [...resolution.args, pattern.type] };
  };
}
