// What every engine calls for each row. Sparrow's workers load this file.
export const linear = (x: number): number => x * 2 + 1;
export const shout = (text: string): string => `${text.toUpperCase()}!`;
