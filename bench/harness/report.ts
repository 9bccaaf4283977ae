import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Options, ourselves, type Report, type Result } from './contract.js';
import { machine } from './machine.js';
import { geometricMean, rounded } from './statistics.js';

type Measured = Pick<Report, 'load' | 'results'>;

/** The figures in the shape other programs read. */
export function toReport(options: Options, { load, results }: Measured, where = machine()): Report {
  const ratios = results.filter(({ engine }) => engine !== ourselves).flatMap((peer) => ratioOf(peer, results));
  const peers = [...new Set(ratios.map(({ peer }) => peer))];
  const geomean = Object.fromEntries(
    peers.map((peer) => {
      const own = ratios.filter((entry) => entry.peer === peer).map(({ ratio }) => ratio);
      return [peer, rounded(geometricMean(own), 3)];
    }),
  );
  return {
    suite: options.suite,
    machine: where,
    threads: options.threads,
    scale: options.scale,
    load,
    results,
    ratios,
    geomean,
  };
}

/** A wrong answer is worth no ratio. */
function ratioOf(peer: Result, results: readonly Result[]): Report['ratios'] {
  const own = results.find(({ item, engine }) => item === peer.item && engine === ourselves);
  if (!own?.ok || !peer.ok || !own.medianMs || !peer.medianMs) return [];
  return [{ item: peer.item, peer: peer.engine, ratio: rounded(peer.medianMs / own.medianMs, 3) }];
}

const cell = (value: number | null | undefined, digits = 1): string => (value == null ? '–' : value.toFixed(digits));

/** The figures for people. */
export function printReport({ suite, scale, threads, machine: on, load, results, ratios, geomean }: Report): void {
  console.log(`\n${suite}, scale ${scale}, ${threads} threads, ${on.cpu}, ${on.cores} cores, Node ${on.node}`);
  for (const { engine, version, ms, rssMb } of load) {
    console.log(`  ${`${engine} ${version}`.padEnd(28)} loaded in ${ms.toFixed(0)} ms, ${rssMb} MB`);
  }
  const rows = results.map(({ item, engine, coldMs, medianMs, minMs, runs, peakRssMb, ok, note }) => {
    const ratio = ratios.find((entry) => entry.item === item && entry.peer === engine)?.ratio;
    const state = ok ? 'ok' : medianMs === null ? 'FAILED' : 'WRONG';
    return [
      item,
      engine,
      cell(coldMs),
      cell(medianMs),
      cell(minMs),
      `${runs}`,
      cell(peakRssMb, 0),
      cell(ratio, 2),
      state,
      note,
    ];
  });
  printTable(['item', 'engine', 'cold ms', 'median ms', 'min ms', 'runs', 'peak MB', '/ sparrow', '', 'note'], rows);
  for (const [peer, ratio] of Object.entries(geomean)) {
    console.log(`geometric mean, ${peer} / ${ourselves}: ${ratio.toFixed(2)}`);
  }
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, index) =>
        index >= 2 && index <= 7 ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  console.log(['', line(head), ...rows.map(line), ''].join('\n'));
}

export function writeJson(file: string, report: Report): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
