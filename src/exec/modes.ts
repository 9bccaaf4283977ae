import { nearestNames, SparrowError } from '../base/index.js';

/** The ways the engine can run, for tests and commands: one closed list. */
export const engineModes = [
  'compiled',
  'interpreted',
  'no-optimizer',
  'tiny-batches',
  'one-worker',
  'spill',
  'faults',
] as const;

export type EngineMode = (typeof engineModes)[number];

/** Whether somebody asked for a mode. */
export const isModeGiven = (): boolean => process.env.SPARROW_MODE !== undefined;

/** The mode that the environment variable SPARROW_MODE asks for; compiled without it. */
export function engineMode(): EngineMode {
  const wanted = process.env.SPARROW_MODE ?? 'compiled';
  const found = engineModes.find((mode) => mode === wanted);
  if (found !== undefined) return found;
  throw new SparrowError('INVALID_CONF_VALUE', `SPARROW_MODE=${wanted} is not a mode`, {
    candidates: nearestNames(wanted, engineModes),
  });
}
