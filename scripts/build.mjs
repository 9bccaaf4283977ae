// npm run build: src → dist (the bundled library, command and worker, and their declarations).
// With --tidy, as before packing, chunks of earlier builds go at once.
import { build } from './lib/build.mjs';
import { ensureInstalled } from './lib/house.mjs';

ensureInstalled();
if (await build({ tidy: process.argv.includes('--tidy') })) process.exitCode = 1;
