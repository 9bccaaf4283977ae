import {
  Accept,
  Back,
  Bound,
  Clear,
  End,
  HAS_GROUPS,
  Look,
  Meet,
  Moved,
  NEGATED,
  One,
  type Program,
  Save,
  Split,
  Start,
  type Step,
} from './regex-program.js';

/** Steps for each character, and beside. */
const WORK = 30;
const LEAST_WORK = 1_000_000;
const MOST_BYTES = 2 ** 28;

const FAILED = 1;
const HELD = 2;
/** On the stack: a state to be remembered, unlike a step to go on with. */
const STATE = 2 ** 30;

/** Of a character, the classes it is of. */
export type Kind = readonly boolean[];
const SECOND_HALF: Kind = [];

/** The kinds of a text's characters, and one more. */
function kindsOf(text: string, classes: readonly RegExp[], known: Map<number, Kind>): Kind[] {
  const kinds: Kind[] = [];
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) as number;
    let kind = known.get(point);
    if (kind === undefined) {
      kind = classes.map((one) => one.test(String.fromCodePoint(point)));
      known.set(point, kind);
    }
    kinds.push(kind);
    if (point > 0xffff) at = kinds.push(SECOND_HALF) - 1;
  }
  kinds.push([]);
  return kinds;
}

/** A program, and what is kept from one text to the next. */
export interface Shared {
  readonly program: Program;
  readonly classes: readonly RegExp[];
  readonly kinds: Map<number, Kind>;
  /** What every match begins with. */
  readonly head: RegExp | undefined;
}

/**
 * The search of one text. It tries one way after the other, in JavaScript's order, as V8 does. What makes it linear is
 * that it remembers of each position and each place where ways meet that nothing came of it, and of what is looked at,
 * that something did.
 */
export class Search {
  readonly #program: Program;
  readonly #head: RegExp | undefined;
  readonly #text: string;
  readonly #kinds: readonly Kind[];
  readonly #slots: Int32Array;
  readonly #known: Uint8Array;
  #stack = new Int32Array(256);
  #top = 0;
  #work: number;

  constructor({ program, classes, kinds, head }: Shared, text: string) {
    this.#program = program;
    this.#head = head;
    this.#text = text;
    this.#kinds = kindsOf(text, classes, kinds);
    this.#slots = new Int32Array(program.around.length);
    this.#known = new Uint8Array(this.#bytes(program.states * this.#kinds.length));
    this.#work = LEAST_WORK + WORK * text.length;
  }

  /** Where the next match and its groups begin and end, -1: nowhere. */
  find(from: number): Int32Array | undefined {
    const kinds = this.#kinds;
    const slots = this.#slots.fill(-1);
    const head = this.#head;
    for (let start = kinds[from] === SECOND_HALF ? from - 1 : from; start < kinds.length; start++) {
      if (head !== undefined) {
        if (kinds[start] === SECOND_HALF) continue;
        head.lastIndex = start;
        const found = head.exec(this.#text);
        if (found === null) return undefined;
        start = found.index;
      }
      this.#top = 0;
      const end = this.#run(this.#program.entry, start);
      if (end < 0) continue;
      slots[0] = start;
      slots[1] = end;
      return slots;
    }
    return undefined;
  }

  #refuse(): never {
    return this.#program.refuse(`a text of ${this.#text.length} characters takes too many steps`);
  }

  #bytes(count: number): number {
    return count > MOST_BYTES ? this.#refuse() : count;
  }

  #push(what: number, value: number): void {
    if (this.#top === this.#stack.length) {
      const longer = new Int32Array(this.#bytes(8 * this.#top) / 4);
      longer.set(this.#stack);
      this.#stack = longer;
    }
    this.#stack[this.#top++] = what;
    this.#stack[this.#top++] = value;
  }

  #set(slot: number, value: number): void {
    this.#push(~slot, this.#slots[slot] as number);
    this.#slots[slot] = value;
  }

  /** Leaves where a choice was made on the stack, all that was done since being undone; false: there is none. */
  #goBack(base: number): boolean {
    const stack = this.#stack;
    while (this.#top > base) {
      const value = stack[--this.#top] as number;
      const what = stack[--this.#top] as number;
      if (what < 0) this.#slots[~what] = value;
      else if (what === STATE) this.#known[value] = FAILED;
      else return true;
    }
    return false;
  }

  #look(body: number, flags: number, at: number): boolean {
    const base = this.#top;
    const held = this.#run(body, at) >= 0;
    const stack = this.#stack;
    // There is no way back into it, whatever comes of the rest.
    for (let i = base; i < this.#top; i += 2) {
      if ((stack[i] as number) < 0) continue;
      if (stack[i] === STATE && (flags & HAS_GROUPS) === 0) this.#known[stack[i + 1] as number] = HELD;
      stack[i] = STATE;
      stack[i + 1] = -1;
    }
    if ((flags & NEGATED) === 0) return held;
    this.#goBack(base);
    return !held;
  }

  /** Of a state at a position: how many of the loops around began their turns here matters, too. */
  #stateOf(first: number, loop: number, at: number): number {
    const { around, states } = this.#program;
    let state = at * states + first;
    for (let slot = loop; slot >= 0 && this.#slots[slot] === at; slot = around[slot] as number) state++;
    return state;
  }

  /** Where a character of a class begins that ends here; -1: there is none. */
  #before(source: number, at: number): number {
    const kinds = this.#kinds;
    const from = kinds[at - 1] === SECOND_HALF ? at - 2 : at - 1;
    return kinds[at] !== SECOND_HALF && kinds[from]?.[source] ? from : -1;
  }

  /** Behind the text of a group; -1: it is not there. */
  #again(group: number, way: number, at: number): number {
    const part = this.#text.slice(this.#slots[2 * group], Math.max(this.#slots[2 * group + 1] as number, 0));
    // Long texts are compared some characters at a time.
    this.#work -= part.length >> 4;
    const from = at - way * part.length;
    return from >= 0 && this.#text.startsWith(part, from) ? from + (1 - way) * part.length : -1;
  }

  /** The end of a match that begins here; -1: there is none. */
  #run(entry: number, from: number): number {
    const { steps, states } = this.#program;
    const kinds = this.#kinds;
    const slots = this.#slots;
    const known = this.#known;
    const base = this.#top;
    let at = from;
    for (let step = steps[entry] as Step; ; ) {
      if (--this.#work < 0) this.#refuse();
      const { op, a, b } = step;
      let holds = true;
      switch (op) {
        case One:
          if (b > 0) at = this.#before(a, at);
          else if (kinds[at]?.[a]) at += kinds[at + 1] === SECOND_HALF ? 2 : 1;
          else at = -1;
          holds = at >= 0;
          break;
        case Split:
          this.#push(a, at);
          break;
        case Meet:
          if (states > 0) {
            const state = this.#stateOf(a, b, at);
            if (known[state] === HELD) return at;
            holds = known[state] !== FAILED;
            if (holds) this.#push(STATE, state);
          }
          break;
        case Save:
          this.#set(a, at);
          break;
        case Clear:
          for (let slot = a; slot <= b; slot++) this.#set(slot, -1);
          break;
        case Moved:
          holds = slots[a] !== at;
          break;
        case Start:
          holds = at === 0;
          break;
        case End:
          holds = at === kinds.length - 1;
          break;
        case Bound:
          holds = (this.#before(a, at) < 0 === (kinds[at]?.[a] ?? false)) === (b === 0);
          break;
        case Look:
          holds = this.#look(a, b, at);
          break;
        case Back:
          at = this.#again(a, b, at);
          holds = at >= 0;
          break;
        case Accept:
          return at;
      }
      if (holds) step = steps[step.next] as Step;
      else if (this.#goBack(base)) {
        step = steps[this.#stack[this.#top] as number] as Step;
        at = this.#stack[this.#top + 1] as number;
      } else return -1;
    }
  }
}
