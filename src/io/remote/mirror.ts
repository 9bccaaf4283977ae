const NAME = /^sparrow-remote-(\d+)$/;

/** The folder in which a process keeps its copies of remote files. */
export const mirrorName = (pid: number): string => `sparrow-remote-${pid}`;

/** The process whose folder has this name; 0 when it is none of these. */
export const mirrorPid = (name: string): number => Number(NAME.exec(name)?.[1] ?? 0);

/** Whether a file is a copy of a remote one. */
export const isMirror = (path: string): boolean => /[\\/]sparrow-remote-\d+[\\/]/.test(path);
