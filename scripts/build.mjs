// npm run build: src → dist (ESM, declarations, source maps, bundled worker).
import { build } from './lib/build.mjs';
import { ensureInstalled } from './lib/house.mjs';

ensureInstalled();
if (await build()) process.exitCode = 1;
