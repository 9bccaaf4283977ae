import { existsSync } from 'node:fs';
import { build, buildPrograms } from './build.mjs';
import { ensureInstalled, path, runNode } from './house.mjs';

/** Install, build, and run one of the programs of examples/ or bench/ with our own command line. */
export async function runProgram(name) {
  ensureInstalled();
  const complaints = (await build({ capture: true })) + (await buildPrograms({ capture: true }));
  if (complaints) console.error(`The compiler complains:\n${complaints}`);
  const program = path('build', `${name}.js`);
  if (!existsSync(program)) {
    console.error(`${name}.ts is not there, or did not compile`);
    process.exit(1);
  }
  const { status } = await runNode(['--enable-source-maps', program, ...process.argv.slice(2)]);
  process.exitCode = status;
}
