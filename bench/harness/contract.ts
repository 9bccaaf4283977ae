/** What one column of an answer holds, so that two engines' answers can be compared fairly. */
export interface AnswerColumn {
  readonly name: string;
  /** `exact`: integers and decimals, compared by value; `double`: within a tolerance; `text`: everything else. */
  readonly kind: 'exact' | 'double' | 'text';
}

/** An engine's result in a form every engine can give. */
export interface Answer {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What an engine's process is told when it starts. */
export interface Setting {
  readonly engine: string;
  readonly suite: string;
  readonly threads: number;
  readonly items: readonly string[];
  /** The folder with the suite's data; '' when the suite needs none. */
  readonly dataFolder: string;
}

/** One engine ready to run one suite's items. A module of a suite exports `open`, which gives this. */
export interface Engine<Raw = unknown> {
  readonly version: string;
  /** Said beside every figure of this engine, e.g. that it computes decimals as doubles. */
  readonly note?: string;
  /** Greatest relative difference of doubles still called equal; 1e-12 unless the engine adds doubles in any order. */
  readonly relativeTolerance?: number;
  load(): Promise<void>;
  /** The timed part: the question asked and the whole result in the caller's hands. */
  run(item: string): Promise<Raw>;
  /** Not timed. */
  answer(raw: Raw, item: string): Promise<Answer> | Answer;
  close(): Promise<void>;
}

export type OpenEngine = (setting: Setting) => Promise<Engine>;

export interface Result {
  readonly item: string;
  readonly engine: string;
  readonly coldMs: number | null;
  readonly medianMs: number | null;
  readonly minMs: number | null;
  readonly runs: number;
  readonly peakRssMb: number | null;
  readonly ok: boolean;
  readonly note: string;
}

export interface LoadResult {
  readonly engine: string;
  readonly version: string;
  readonly ms: number;
  readonly rssMb: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly loadAverage: number;
  readonly date: string;
  readonly commit: string;
}

export interface Report {
  readonly suite: string;
  readonly machine: Machine;
  readonly threads: number;
  readonly scale: string;
  readonly load: readonly LoadResult[];
  readonly results: readonly Result[];
  /** Peer median / Sparrow median: above 1, Sparrow is faster. */
  readonly ratios: readonly { readonly item: string; readonly peer: string; readonly ratio: number }[];
  readonly geomean: Readonly<Record<string, number>>;
}

export interface Options {
  readonly suite: string;
  /** TPC-H style scale factor, or `tiny`: data made on the spot, for the tests. */
  readonly scale: string;
  readonly engines: readonly string[];
  readonly threads: number;
  readonly only: readonly string[] | undefined;
  readonly rounds: number | undefined;
  readonly json: string | undefined;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly run: (
    options: Options,
  ) => Promise<Omit<Report, 'suite' | 'machine' | 'threads' | 'scale' | 'ratios' | 'geomean'>>;
}

/** Something a run needs cannot be had on this machine; the message says what, and what to do. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

export const ourselves = 'sparrow';
