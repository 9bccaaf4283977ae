import { readFileSync, writeFileSync } from 'node:fs';

/** Start measuring the peak anew where the system can (Linux); elsewhere the peak is that of the process so far. */
export function resetPeakRss(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed.
  }
}

export function peakRssMb(): number {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kibibytes !== undefined) return Math.round(Number(kibibytes) / 1024);
  } catch {
    // Not Linux.
  }
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

export const rssMb = (): number => Math.round(process.memoryUsage.rss() / 1048576);
