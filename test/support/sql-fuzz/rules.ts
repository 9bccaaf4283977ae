/**
 * How the questions to the two engines, or the reading of their answers, differ, by number: those of one kind of
 * expression stand where the operation is defined. What is not explained by one of these is a fault.
 */
export const rules: Readonly<Record<number, string>> = {
  1: 'int / int is a double on both sides; Spark’s div truncates to a bigint, as DuckDB’s // does of bigints',
  2: 'division by zero is an error in Spark: DuckDB is asked to raise one',
  3: '% has the sign of the dividend; pmod is written out for DuckDB; MIN % -1 is 0',
  4: 'overflow of integers is an error on both sides',
  5: 'sum of integers is a bigint in Spark: DuckDB’s HUGEINT is cast',
  6: 'sums and differences of decimals are cast to one type on both sides',
  7: 'avg of decimals is a double in DuckDB: asked of doubles and integers only',
  8: 'products of decimals are cast to one type, DuckDB’s operands to one wide enough',
  10: 'casts of doubles and decimals to integers truncate in Spark: DuckDB is asked to trunc first; round and floor beyond 2^63 are written out',
  11: 'casts of texts to numbers: DuckDB is only asked about texts that are one by Spark’s grammar',
  13: 'where nulls are ordered is always said',
  15: '-0.0 is 0.0 in answers',
  16: 'functions outside of their domain give NaN or null in Spark: DuckDB, where it raises, is asked with a CASE',
  17: 'log has no argument of one kind in both: ln, log2 and log10 are asked',
  18: 'shifts by less than the width',
  19: 'substring: 0 counts as 1 and a start before the text eats of the length: written out for DuckDB',
  20: 'length and reverse by code point: no combining characters',
  21: 'upper and lower: no ß and no İ',
  22: 'concat of null is null in Spark: || in DuckDB',
  23: 'LIKE has \\ as its escape in Spark: said to DuckDB',
  24: 'regular expressions of the common subset, regexp_replace of all',
  25: 'split by texts that mean themselves as regular expressions too',
  26: 'chr of ASCII only',
  27: 'elements of arrays by position: counted from 0 and checked as Spark does',
  28: 'array_contains with nulls in the array: written out for DuckDB',
  29: 'collect_list without nulls: FILTER in DuckDB',
  30: 'where sorted arrays have their nulls is said to DuckDB',
  31: 'dates and days: cast to DATE',
  32: 'the week begins with Sunday as 1 in Spark, as 0 in DuckDB',
  33: 'casts between times and integers are written out; of texts only the forms yyyy-MM-dd and yyyy',
  40: 'DuckDB computes both sides of AND, OR and CASE at times: its error, where we have rows, is none behind one of them',
  45: 'DuckDB’s optimizer changes its own answer (TRY_CAST in comparisons): without it the answers are the same',
  46: 'where DuckDB is asked with a CASE about nulls it does not evaluate the other arguments: an error of ours there is none',
  49: 'where an argument is null Spark does not evaluate those after it (of a division, the dividend): DuckDB is asked with a CASE',
  47: 'the total of ROLLUP, CUBE and GROUPING SETS over no rows is no row in Spark',
  48: 'count_if over a window without true is 0: DuckDB’s null is',
  44: 'beside a constant null Spark evaluates nothing (NullPropagation): DuckDB’s error there is none',
  50: 'beside a constant that becomes null DuckDB evaluates nothing; Spark evaluates what is constant as a whole, and first argument first',
  43: 'DuckDB’s optimizer leaves out or moves what can fail: where only one side raises an error, it is asked again without',
  41: 'DuckDB refuses the query, not a row: it is left out',
  42: 'a limit or a semi join need not look at the row that fails: an error on one side only is none',
};

/** How often each rule was met. */
export class RuleCounts {
  readonly counts = new Map<number, number>();

  hit(rule: number): void {
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + 1);
  }

  lines(): string[] {
    return [...this.counts]
      .sort(([a], [b]) => a - b)
      .map(([rule, count]) => `  D${rule}: ${count} (${rules[rule] ?? 'no such rule'})`);
  }
}
