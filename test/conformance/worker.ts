import { runFile } from './run-file.js';

// A child process that runs the files it is told to, one after the other. Its parent ends it when it hangs.
interface Job {
  readonly folder: string;
  readonly file: string;
  readonly from: number;
  readonly only?: readonly number[];
}

process.on('message', ({ folder, file, from, only }: Job) => {
  const tell = (message: object): void => {
    process.send?.(message);
  };
  runFile(
    folder,
    file,
    { from, only: only && new Set(only) },
    (index) => tell({ begin: index }),
    (result) => tell({ result }),
  ).then(
    () => tell({ done: true }),
    (error: unknown) =>
      tell({ done: true, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
