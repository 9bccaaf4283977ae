// npm run bench -- <suite> […]: see bench/README.md.
import { runProgram } from './lib/program.mjs';

await runProgram('bench/run');
