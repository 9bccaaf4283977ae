// Aggregators for the tests: what the workers import.
export const geometricMean = {
  zero: () => ({ logs: 0, count: 0 }),
  reduce(buffer, x) {
    buffer.logs += Math.log(x);
    buffer.count++;
    return buffer;
  },
  finish: ({ logs, count }) => (count === 0 ? null : Math.exp(logs / count)),
};

export const weighted = {
  zero: () => [0, 0],
  reduce: ([sum, weights], x, weight) => [sum + x * weight, weights + weight],
  finish: ([sum, weights]) => sum / weights,
};

export const fails = {
  zero: () => 0,
  reduce() {
    throw new RangeError('too much');
  },
  finish: () => 0,
};

export const half = { zero: () => 0 };
