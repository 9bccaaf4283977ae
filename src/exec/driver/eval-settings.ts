import type { Clock } from '../../base/index.js';
import type { SessionSettings } from '../../plan/engine.js';
import type { PlanSettings } from '../../plan/resolve/resolver.js';

/** What planning and functions take of a session's settings, at this moment. */
export function evalSettings(settings: SessionSettings, clock: Clock): PlanSettings {
  const nowMicros = BigInt(Math.round(clock.now() * 1000));
  const { ansi, timeZone, caseSensitive, timestampType, exactDecimals = false, config, database } = settings;
  const own = database === undefined ? {} : { database };
  const given = { ansi, timeZone, nowMicros, caseSensitive, timestampType, exactDecimals, config, ...own };
  return settings.variable === undefined ? given : { ...given, variable: settings.variable };
}
