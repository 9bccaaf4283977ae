// A module of functions that tests load in the workers.
export const twice = (x) => x * 2;
export const twicePlusOne = (x) => x * 2 + 1;
export const add = (a, b) => a + b;
export const sum3 = (a, b, c) => a + b + c;
export const shout = (text) => `${text.toUpperCase()}!`;
export const orMinusOne = (x) => (x === null ? -1 : x);
export const nothing = () => undefined;
export const isOdd = (x) => x % 2 !== 0;
export const parts = (text) => text.split(' ');
export const asBigint = (x) => BigInt(x) * 2n ** 40n;
export const describe = (x) => `${typeof x}:${x instanceof Date ? x.toISOString() : String(x)}`;
export const failAt = (x) => {
  if (x === 7) throw new RangeError('seven is not allowed');
  return x;
};
export const wrongType = () => 'text';
export const forever = () => {
  for (;;);
};
export const exit = () => process.exit(3);
export const pid = () => process.pid;
export const exitAt = (x) => (x === 7 ? process.exit(3) : x);
export const fillHeap = () => {
  const all = [];
  for (;;) all.push(new Array(1e6).fill(all.length));
};
export const later = async (x) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return x + 1;
};
let calls = 0;
export const count = () => ++calls;
export const notAFunction = 7;
