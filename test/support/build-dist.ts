import { build } from '../../scripts/lib/build.mjs';

/** Worker threads and tests of the package by its own name run the compiled program: bring it up to date first. */
export default async function setup(): Promise<void> {
  const complaints = await build({ capture: true });
  if (complaints) console.warn(`dist was built although the compiler complains:\n${complaints}`);
}
