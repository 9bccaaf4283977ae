// npm start: answer real questions over three million flights.
import { runProgram } from './lib/program.mjs';

await runProgram('examples/flights');
