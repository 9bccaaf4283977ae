/** The rows of the question that all engines are asked first. */
export const people = (): { id: number; team: number; points: number }[] =>
  Array.from({ length: 1_000 }, (_, id) => ({ id, team: id % 10, points: (id * 7) % 100 }));

export type Answer = readonly (readonly [team: number, n: number, mean: number])[];

const since: Record<string, number> = {};

/** Notes when a step was done, in ms since the process began. */
export const mark = (step: string): void => {
  since[step] = performance.now();
};

/** What a program prints: when its steps were done, and what it found. */
export const tell = (answer: Answer): void =>
  console.log(JSON.stringify({ timeOrigin: performance.timeOrigin, since, answer }));
