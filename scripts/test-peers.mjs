// npm run test:peers: Sparrow beside other engines (Spark, Python libraries, databases). Each test file of test/peers
// installs what it needs into build/peers, or says why it cannot.
import { build } from './lib/build.mjs';
import { ensureInstalled } from './lib/house.mjs';
import { step, summarize, vitest } from './lib/steps.mjs';

ensureInstalled();
summarize([
  await step('build', () => build({ capture: true })),
  await vitest('peers', ['--config', 'vitest.peers.config.ts', ...process.argv.slice(2)]),
]);
