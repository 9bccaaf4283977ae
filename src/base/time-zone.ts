import { daysFromCivil, MICROS_PER_SECOND } from './calendar.js';
import { SparrowError } from './errors.js';

const SECONDS_PER_DAY = 86_400;
const MAX_OFFSET_SECONDS = 18 * 3600;
/** Offsets are remembered per stretch of this many seconds (three days); no zone ever changed twice in half of one. */
const STRETCH_SECONDS = 2 ** 18;
/** Before it every zone has its local mean time (1779). */
const FIRST_CHANGE_SECONDS = -6_000_000_000;
/** From 2100 on rules only repeat; the calendar does every 400 years. */
const REPEATING_FROM_SECONDS = daysFromCivil(2100, 1, 1) * SECONDS_PER_DAY;
const CYCLE_SECONDS = 146_097 * SECONDS_PER_DAY;

/** A time zone: how far its clocks are from UTC at any moment. */
export interface TimeZone {
  /** The name it was asked by. */
  readonly id: string;
  /** Seconds that local clocks are ahead of UTC at an instant given in seconds since the epoch. */
  offsetAt(epochSeconds: number): number;
}

/** Java's short names, the last of its ways to name a zone. */
const SHORT_IDS: Readonly<Record<string, string>> = {
  ACT: 'Australia/Darwin',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  ART: 'Africa/Cairo',
  AST: 'America/Anchorage',
  BET: 'America/Sao_Paulo',
  BST: 'Asia/Dhaka',
  CAT: 'Africa/Harare',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Addis_Ababa',
  ECT: 'Europe/Paris',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  MIT: 'Pacific/Apia',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SST: 'Pacific/Guadalcanal',
  VST: 'Asia/Ho_Chi_Minh',
  EST: '-05:00',
  MST: '-07:00',
  HST: '-10:00',
};

const FIXED = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{1,2})(?::?(\d{2}))?)?$/;
const REGION = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
const zones = new Map<string, TimeZone | undefined>();
let regionNames: ReadonlyMap<string, string> | undefined;

/** The zone of an id as Spark takes it (`UTC`, `+01:30`, `UTC+3`, `Europe/Rome`, `PST`), or undefined. */
export function findTimeZone(id: string): TimeZone | undefined {
  if (zones.has(id)) return zones.get(id);
  const zone = newZone(id);
  // Ids may come from data: what does not name a zone is not remembered for ever.
  if (zone !== undefined || zones.size < 10_000) zones.set(id, zone);
  return zone;
}

/** Like `findTimeZone`, refusing unknown ids. */
export function timeZone(id: string): TimeZone {
  const zone = findTimeZone(id);
  if (zone !== undefined) return zone;
  throw new SparrowError('INVALID_TIMEZONE', `the time zone ${JSON.stringify(id)} is unknown`, {
    hint: "use a region such as 'Europe/Rome' or an offset such as '+01:00'",
    sqlState: '22009',
    parameters: { timeZone: id },
  });
}

function newZone(id: string): TimeZone | undefined {
  if (id === 'UTC' || id === 'GMT' || id === 'UT' || id === 'Z' || id === 'GMT0') return fixedZone(id, 0);
  const target = SHORT_IDS[id] ?? id;
  const fixed = FIXED.exec(target);
  if (fixed !== null) {
    const [hours, minutes, seconds] = [Number(fixed[2]), Number(fixed[3] ?? 0), Number(fixed[4] ?? 0)];
    const offset = hours * 3600 + minutes * 60 + seconds;
    if (minutes > 59 || seconds > 59 || offset > MAX_OFFSET_SECONDS) return undefined;
    return fixedZone(id, fixed[1] === '-' ? -offset : offset);
  }
  // Intl takes ids in any case, Java does not.
  if (!REGION.test(target) || (regionByLowerCase(target) ?? target) !== target) return undefined;
  return regionZone(id, target);
}

function regionByLowerCase(id: string): string | undefined {
  regionNames ??= new Map(Intl.supportedValuesOf('timeZone').map((name) => [name.toLowerCase(), name]));
  return regionNames.get(id.toLowerCase());
}

const fixedZone = (id: string, offset: number): TimeZone => ({ id, offsetAt: () => offset });

/** A stretch of time in which a zone's offset changes: each change with the offset from then on. */
interface Changes {
  readonly first: number;
  readonly changes: readonly { readonly at: number; readonly offset: number }[];
}

function regionZone(id: string, region: string): TimeZone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: region, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  const stretches = new Map<number, number | Changes>();
  const offsetAt = (epochSeconds: number): number => {
    const seconds = withinKnownTime(Math.floor(epochSeconds));
    const index = Math.floor(seconds / STRETCH_SECONDS);
    let stretch = stretches.get(index);
    if (stretch === undefined) {
      stretch = findChanges(format, index * STRETCH_SECONDS);
      stretches.set(index, stretch);
    }
    if (typeof stretch === 'number') return stretch;
    let offset = stretch.first;
    for (const change of stretch.changes) if (seconds >= change.at) ({ offset } = change);
    return offset;
  };
  return { id, offsetAt };
}

function withinKnownTime(seconds: number): number {
  if (seconds < FIRST_CHANGE_SECONDS) return FIRST_CHANGE_SECONDS;
  if (seconds < REPEATING_FROM_SECONDS) return seconds;
  return REPEATING_FROM_SECONDS + ((seconds - REPEATING_FROM_SECONDS) % CYCLE_SECONDS);
}

function findChanges(format: Intl.DateTimeFormat, start: number): number | Changes {
  const first = askOffset(format, start);
  const changes: { at: number; offset: number }[] = [];
  const half = STRETCH_SECONDS / 2;
  let before = first;
  for (const from of [start, start + half]) {
    const after = askOffset(format, from + half);
    if (after !== before) changes.push({ at: findChange(format, from, from + half, before), offset: after });
    before = after;
  }
  return changes.length === 0 ? first : { first, changes };
}

/** The first second of `low`..`high` at which the offset is no longer `before`. */
function findChange(format: Intl.DateTimeFormat, low: number, high: number, before: number): number {
  let same = low;
  let changed = high;
  while (changed - same > 1) {
    const middle = same + Math.floor((changed - same) / 2);
    if (askOffset(format, middle) === before) same = middle;
    else changed = middle;
  }
  return changed;
}

const OFFSET_TEXT = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

function askOffset(format: Intl.DateTimeFormat, seconds: number): number {
  const match = OFFSET_TEXT.exec(format.format(seconds * 1000));
  if (match === null) throw new SparrowError('INTERNAL_ERROR', 'engine bug: Intl gives no time zone offset');
  const offset = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return match[1] === '-' ? -offset : offset;
}

const MICROS = BigInt(MICROS_PER_SECOND);
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Whole seconds of microseconds, rounded down. */
export function floorSeconds(micros: bigint): number {
  if (micros < SAFE && micros > -SAFE) return Math.floor(Number(micros) / MICROS_PER_SECOND);
  const seconds = micros / MICROS;
  return Number(micros < 0n && seconds * MICROS !== micros ? seconds - 1n : seconds);
}

/** What clocks in the zone show at an instant; both in microseconds. */
export function instantToLocal(zone: TimeZone, micros: bigint): bigint {
  return micros + BigInt(zone.offsetAt(floorSeconds(micros))) * MICROS;
}

/**
 * The instant at which clocks in the zone show a reading. Readings that occur twice mean the first time; those
 * skipped when clocks go forward are moved forward by as much, as in Java.
 */
export function localToInstant(zone: TimeZone, local: bigint): bigint {
  const seconds = floorSeconds(local);
  const before = zone.offsetAt(seconds - SECONDS_PER_DAY);
  const after = zone.offsetAt(seconds + SECONDS_PER_DAY);
  const early = local - BigInt(before) * MICROS;
  if (before === after || zone.offsetAt(seconds - before) === before) return early;
  return zone.offsetAt(seconds - after) === after ? local - BigInt(after) * MICROS : early;
}
