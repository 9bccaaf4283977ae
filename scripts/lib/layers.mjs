import { readdirSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import config from '../../.dependency-cruiser.mjs';
import { root } from './house.mjs';

/** Read every source file's imports and hold them against the layer table. */
export async function checkLayers({ folder = 'src', baseDir = root } = {}) {
  const { output } = await cruise([folder], {
    ...config.options,
    baseDir,
    validate: true,
    ruleSet: { forbidden: config.forbidden },
  });
  const ours = output.modules.filter((module) => isSource(module.source));
  const comments = new Map(config.forbidden.map((rule) => [rule.name, rule.comment]));
  return {
    sources: readdirSync(`${baseDir}/${folder}`, { recursive: true }).filter((file) => isSource(`src/${file}`)).length,
    cruised: ours.length,
    edges: ours.reduce((sum, module) => sum + module.dependencies.length, 0),
    violations: output.summary.violations.map(({ rule, from, to, cycle, via }) => ({
      rule: `${rule.name}: ${comments.get(rule.name)}`,
      from,
      to: (cycle ?? via ?? []).length > 0 ? (cycle ?? via).map((step) => step.name ?? step).join(' → ') : to,
    })),
  };
}

const isSource = (file) => /^src[\\/].*\.ts$/.test(file) && !file.endsWith('.d.ts');
