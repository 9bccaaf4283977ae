/** The db-benchmark's join questions: the right table, its key, and the columns it adds. */
export const joinQuestions = {
  j1: { table: 'small', key: 'id1', how: 'inner', adds: ['id4', 'v2'] },
  j2: { table: 'medium', key: 'id2', how: 'inner', adds: ['id1', 'id4', 'id5', 'v2'] },
  j3: { table: 'medium', key: 'id2', how: 'left', adds: ['id1', 'id4', 'id5', 'v2'] },
  j4: { table: 'medium', key: 'id5', how: 'inner', adds: ['id1', 'id2', 'id4', 'v2'] },
  j5: { table: 'big', key: 'id3', how: 'inner', adds: ['id1', 'id2', 'id4', 'id5', 'id6', 'v2'] },
} as const;

export type Question = keyof typeof joinQuestions;

/** What a column of the right table is called in the answer. */
export const added = (name: string): string => (name === 'v2' ? name : `r_${name}`);
