import { BOUNDARY, NO_BOUNDARY, WORD } from './java-regex.js';

/** What a step does; each says which comes next. */
export const One = 0;
export const Split = 1;
export const Meet = 2;
export const Save = 3;
export const Clear = 4;
/** Behind a turn of a loop: it fails where nothing was matched. */
export const Moved = 5;
export const Start = 6;
export const End = 7;
export const Look = 8;
export const Back = 9;
export const Bound = 10;
export const Accept = 11;

/** Of looks: negated, groups inside. */
export const NEGATED = 1;
export const HAS_GROUPS = 2;

const MOST_STEPS = 20_000;

export interface Step {
  readonly op: number;
  next: number;
  /** The class of a character, the other way, the slot, the state, the body, the group. */
  readonly a: number;
  /** 1: backwards, as one looks behind, or negated; the last slot to clear; the loop around; what look it is. */
  readonly b: number;
  /** The outermost loop, 0: none. What is looked at is not in those outside. */
  loop: number;
  readonly depth: number;
}

/** A regular expression as steps, each a choice or a test of one character, of JavaScript's meaning. */
export interface Program {
  readonly refuse: Refuse;
  readonly steps: readonly Step[];
  readonly entry: number;
  /** The classes of characters. */
  readonly sources: readonly string[];
  readonly names: ReadonlyMap<string, number>;
  readonly groups: number;
  /** By the slot of a loop whose turns may be empty, that of the next around it; -1: none. */
  readonly around: readonly number[];
  /** How many states are remembered of a position; 0 where what comes depends on what groups hold. */
  readonly states: number;
}

/** Refuses a pattern that is too complex: why. */
export type Refuse = (why: string) => never;

/** A part of a pattern: writes steps that lead to the one given, and gives their first. */
interface Part {
  readonly write: (next: number, way: number) => number;
  readonly canBeEmpty: boolean;
}

/** The steps of a pattern, written from the last to the first, so that each knows its next. */
class Writer {
  readonly steps: Step[] = [];
  readonly sources: string[] = [];
  around: number[] = [];
  states = 0;
  #loop = -1;
  #depth = 0;

  constructor(readonly refuse: Refuse) {}

  add(op: number, next: number, a = 0, b = 0): number {
    if (this.steps.length > MOST_STEPS) this.refuse('it is too long with its repetitions');
    return this.steps.push({ op, next, a, b, loop: op === Back ? this.steps.length + 1 : 0, depth: this.#depth }) - 1;
  }

  /** The number of a class. */
  classOf(source: string): number {
    const known = this.sources.indexOf(source);
    return known < 0 ? this.sources.push(source) - 1 : known;
  }

  /** Where ways meet: what failed there once fails again. How many loops begin their turns there matters, too. */
  meeting(next: number): number {
    const at = this.add(Meet, next, this.states, this.#loop);
    for (let slot: number | undefined = this.#loop; slot !== undefined; slot = this.around[slot]) this.states++;
    return at;
  }

  look({ write }: Part, next: number, behind: boolean, flags: number): number {
    const loop = this.#loop;
    this.#loop = -1;
    this.#depth++;
    const body = write(this.add(Accept, 0), Number(behind));
    this.#depth--;
    this.#loop = loop;
    return this.add(Look, next, body, flags);
  }

  /** One turn; `checked`: it fails if it matches the empty text. */
  #turn({ of: { write }, from, to }: Repeated, next: number, way: number, checked: boolean): number {
    const loop = this.#loop;
    if (checked) this.#loop = this.around.push(loop) - 1;
    let at = write(checked ? this.add(Moved, next, this.#loop) : next, way);
    // A step at the least, so that turns without any are counted.
    if (to > from || at === next) at = this.add(Clear, at, 2 * from + 2, 2 * to + 1);
    if (checked) at = this.add(Save, at, this.#loop);
    this.#loop = loop;
    return at;
  }

  repeat(repeated: Repeated, next: number, way: number): number {
    const { of, least, most, lazy } = repeated;
    const choice = (to: number, done: number): number => {
      const turn = this.#turn(repeated, to, way, of.canBeEmpty);
      return lazy ? this.add(Split, done, turn) : this.add(Split, turn, done);
    };
    let at = next;
    if (most === Number.POSITIVE_INFINITY) {
      const begin = this.steps.length;
      at = this.meeting(0);
      (this.steps[at] as Step).next = choice(at, next);
      for (const step of this.steps.slice(begin)) if (step.depth === this.#depth) step.loop = begin + 1;
    } else if (most > least) {
      const done = this.meeting(next);
      at = done;
      for (let i = least; i < most; i++) at = choice(at, done);
    }
    for (let i = 0; i < least; i++) at = this.#turn(repeated, at, way, false);
    return at;
  }
}

interface Repeated {
  readonly of: Part;
  readonly least: number;
  readonly most: number;
  readonly lazy: boolean;
  /** The groups inside are those behind one, up to another. */
  readonly from: number;
  readonly to: number;
}

const TOKEN =
  /(\((?:\?(?:<?[=!]|:|<(\w+)>))?)|\\(?:k<(\w+)>|(\d))|([*+?]|\{(\d+)(,?)(\d*)\})(\??)|[)|^$]|\[(?:\\.|[^\]])*\]|\\u\{\w+\}|\\?\w/g;

/** The program of a pattern, as `translateRegex` writes it and JavaScript takes it. */
export function programOf(source: string, refuse: Refuse): Program {
  const writer = new Writer(refuse);
  const names = new Map<string, number>();
  let groups = 0;
  const tokens = source.replaceAll(BOUNDARY, '\\b').replaceAll(NO_BOUNDARY, '\\B').matchAll(TOKEN);

  function opened(sign: string, name: string | undefined): Part {
    const from = groups;
    if (sign === '(' || name !== undefined) {
      const slot = 2 * ++groups;
      if (name !== undefined) names.set(name, groups);
      const { write, canBeEmpty } = branches();
      const saved: Part['write'] = (next, way) =>
        writer.add(Save, write(writer.add(Save, next, slot + 1 - way), way), slot + way);
      return { write: saved, canBeEmpty };
    }
    const part = branches();
    if (sign === '(?:') return part;
    const flags = (sign.endsWith('!') ? NEGATED : 0) | (groups > from ? HAS_GROUPS : 0);
    return { write: (next) => writer.look(part, next, sign[2] === '<', flags), canBeEmpty: true };
  }

  function simple(text: string): Part {
    const edge = ['^', '$', '\\b', '\\B'].indexOf(text);
    const one = edge === 0 || edge === 1 ? 0 : writer.classOf(edge < 0 ? text : WORD);
    const op = edge < 0 ? One : edge === 0 ? Start : edge === 1 ? End : Bound;
    return { write: (next, way) => writer.add(op, next, one, edge < 0 ? way : edge - 2), canBeEmpty: edge >= 0 };
  }

  /** Everything up to the end of the group. */
  function branches(): Part {
    const all: Part[][] = [[]];
    let from = 0;
    for (const [text, sign, name, called, digit, times, few, comma, many, lazy] of tokens) {
      const items = all[all.length - 1] as Part[];
      if (text === ')') break;
      if (text === '|') all.push([]);
      else if (times !== undefined) {
        const of = items.pop() as Part;
        const least = Number(few ?? times === '+');
        const most = times === '?' ? 1 : comma === '' ? least : Number(many || Number.POSITIVE_INFINITY);
        const repeated = { of, least, most, lazy: lazy !== '', from, to: groups };
        items.push({
          write: (next, way) => writer.repeat(repeated, next, way),
          canBeEmpty: least === 0 || of.canBeEmpty,
        });
      } else {
        from = groups;
        const group = called ?? digit;
        const back: Part['write'] = (next, way) =>
          writer.add(Back, next, names.get(group as string) ?? Number(group), way);
        if (sign !== undefined) items.push(opened(sign, name));
        else items.push(group === undefined ? simple(text) : { write: back, canBeEmpty: true });
      }
    }
    const write: Part['write'] = (next, way) => {
      const done = all.length > 1 ? writer.meeting(next) : next;
      return all
        .map((items) => (way > 0 ? items : items.toReversed()).reduce((to, item) => item.write(to, way), done))
        .reduceRight((others, one) => writer.add(Split, one, others));
    };
    return { write, canBeEmpty: all.some((items) => items.every((item) => item.canBeEmpty)) };
  }

  const { write } = branches();
  // The first slots say where groups begin and end.
  writer.around = Array(2 * groups + 2).fill(-1);
  const entry = write(writer.add(Accept, 0), 0);
  const { steps, sources, around } = writer;
  const states = steps.some(({ op }) => op === Back) ? 0 : writer.states;
  return { refuse, steps, entry, sources, names, groups, around, states };
}
