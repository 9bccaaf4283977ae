import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import type { Machine } from './contract.js';
import { root } from './paths.js';
import { rounded } from './statistics.js';

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return '';
  }
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGb: rounded(totalmem() / 1e9, 1),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
  loadAverage: rounded(loadavg()[0] ?? 0, 2),
  date: new Date().toISOString(),
  commit: commit(),
});
