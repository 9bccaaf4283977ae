import { expectRefused, expectSpark } from './expect-spark.js';

// LIKE: SQL, the answer of Spark 4.0.1 (ANSI, UTC) as `cast(… as string)` prints it, and its type.
expectSpark([
  ["like('a\\nb', 'a_b')", 'true', 'boolean'],
  ["like('a%', 'a\\\\%')", 'true', 'boolean'],
  ["like('a\\\\b', 'a\\\\\\\\b')", 'true', 'boolean'],
  ["like('a%b', 'a#%b', '#')", 'true', 'boolean'],
  ["ilike('ÉA', 'é_')", 'true', 'boolean'],
  ["ilike('İ', 'i_')", 'true', 'boolean'],
  ["like('😀', '_')", 'true', 'boolean'],
  ["like('', '%')", 'true', 'boolean'],
  ["like('', '_')", 'false', 'boolean'],
  ["like('abc', '')", 'false', 'boolean'],
  ["like(null, 'a')", null, 'boolean'],
  ["like('a', '%%a%%')", 'true', 'boolean'],
  ["like('aab', '%ab')", 'true', 'boolean'],
  ["like('abab', 'ab%ab')", 'true', 'boolean'],
  ["like('aba', 'ab%ba')", 'false', 'boolean'],
  ["like('Spark', '_park')", 'true', 'boolean'],
  ["like('Spark SQL', '%ark%L')", 'true', 'boolean'],
  ["like('100%', '100/%', '/')", 'true', 'boolean'],
  ["ilike('Spark', '_PARK')", 'true', 'boolean'],
]);

// What Spark refuses, by its error condition.
expectRefused([
  ["like('a', 'a\\\\')", 'INVALID_FORMAT.ESC_AT_THE_END'],
  ["like('a', '\\\\a')", 'INVALID_FORMAT.ESC_IN_THE_MIDDLE'],
]);
