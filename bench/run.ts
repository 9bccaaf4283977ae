import { UnavailableError } from './harness/contract.js';
import { parseOptions, UsageError, usage } from './harness/options.js';
import { printReport, toReport, writeJson } from './harness/report.js';
import { suites } from './suites.js';

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const suite = suites.find(({ name }) => name === options.suite);
  if (!suite) throw new UsageError(`there is no suite ${options.suite}`);
  const report = toReport(options, await suite.run(options));
  printReport(report);
  if (options.json) writeJson(options.json, report);
  if (report.results.some(({ ok }) => !ok)) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UnavailableError) {
    console.error(error.message);
    process.exitCode = 2;
    return;
  }
  const plain = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  console.error(plain ? `${(error as Error).message}\n\n${usage}` : error);
  if (plain) for (const { name, about } of suites) console.error(`  ${name.padEnd(14)} ${about}`);
  process.exitCode = 2;
});
