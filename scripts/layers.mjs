// npm run layers: who imports whom, against the table in .dependency-cruiser.mjs.
import { checkLayers } from './lib/layers.mjs';

const { sources, cruised, edges, violations } = await checkLayers();
for (const { rule, from, to } of violations) console.error(`${from} → ${to}\n  ${rule}`);
console.log(`layers: ${cruised} of ${sources} source files read, ${edges} imports, ${violations.length} violations`);
if (violations.length > 0 || cruised === 0 || cruised !== sources) process.exitCode = 1;
