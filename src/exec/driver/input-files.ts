import type { Platform } from '../../base/index.js';
import { openSource } from '../../io/registry.js';
import type { InputFiles } from '../../plan/engine.js';
import { everyNode } from '../../plan/nested.js';
import type { Plan } from '../../plan/node.js';

/** The files that the sources of a plan would read, each once, and whether one of them is a stream. */
export async function inputFiles(plan: Plan, platform: Platform): Promise<InputFiles> {
  const files = new Set<string>();
  let isStreaming = false;
  for (const node of everyNode(plan)) {
    if (node.kind !== 'read') continue;
    isStreaming ||= node.description.stream !== undefined;
    const { stream: _, ...description } = node.description;
    const { splits } = await (await openSource(description, platform)).plan({ columns: [] });
    for (const { file } of splits) if (file !== undefined) files.add(file);
  }
  return { files: [...files], isStreaming };
}
