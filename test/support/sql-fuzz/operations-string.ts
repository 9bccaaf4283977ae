import { type Argument, int, type Operation, op } from './operation.js';

const text = (...of: readonly string[]): Argument => ({ type: 'string', of });

const START =
  'CASE WHEN $1 > 0 THEN CAST($1 AS BIGINT) WHEN $1 = 0 THEN 1 ELSE length($0) + CAST($1 AS BIGINT) + 1 END';
/** Spark's substring: 0 counts as 1, and a start before the text eats of the length. */
const SUBSTRING = `CASE WHEN $0 IS NULL OR $1 IS NULL OR $2 IS NULL THEN NULL ELSE substring($0, greatest(${START}, 1), greatest(${START} + CAST($2 AS BIGINT) - greatest(${START}, 1), 0)) END`;
const patterns = text('a%', '%b', '_b%', '%', '', 'a\\_%', '%a%b%', '___', '%\\%', 'Z%');
const regexes = text('^a', 'b$', '[a-c]+', '\\d', 'a.c', '(a|b)+', '^$', '[^a]', ' ', 'x?b', '\\s', 'é|ü');
/** Those that never match the empty text. */
const eager = text('a', '[a-c]+', '\\d+', 'a.c', '(a|b)+', ' ', 'b{2}', '\\s+');

export const stringOperations: readonly Operation[] = [
  op(['string', 'string'], 'string', '($0 || $1)', 'CAST($0 || $1 AS VARCHAR)', { weight: 3 }),
  op(['string', 'string'], 'string', 'concat($0, $1)', 'CAST($0 || $1 AS VARCHAR)', { rules: [22] }),
  op(['string', 'string', 'string'], 'string', "concat_ws('-', $0, $1, $2)"),
  op(['string'], 'int', 'length($0)', 'CAST(length($0) AS INTEGER)', { rules: [20], weight: 2 }),
  op(['string'], 'int', 'octet_length($0)', 'CAST(strlen($0) AS INTEGER)'),
  op(['string'], 'int', 'bit_length($0)', 'CAST(bit_length($0) AS INTEGER)'),
  op(['string'], 'string', 'upper($0)', undefined, { rules: [21] }),
  op(['string'], 'string', 'lower($0)', undefined, { rules: [21] }),
  op(['string'], 'string', 'trim($0)', "trim($0, ' ')"),
  op(['string'], 'string', 'ltrim($0)', "ltrim($0, ' ')"),
  op(['string'], 'string', 'rtrim($0)', "rtrim($0, ' ')"),
  op(['string', text('a', 'ab', 'b ', 'é')], 'string', 'btrim($0, $1)', 'trim($0, $1)'),
  op(['string', text('a', 'ab', '%')], 'string', 'trim(TRAILING $1 FROM $0)', 'rtrim($0, $1)'),
  op(['string', 'int', 'int'], 'string', 'substring($0, $1, $2)', SUBSTRING, { rules: [19], weight: 2 }),
  op(['string', 'int'], 'string', 'substring($0, $1)', SUBSTRING.replaceAll('$2', '2147483647'), { rules: [19] }),
  op(['string', 'int'], 'string', 'left($0, $1)', 'left($0, CASE WHEN $1 < 0 THEN 0 ELSE $1 END)'),
  op(['string', 'int'], 'string', 'right($0, $1)', 'right($0, CASE WHEN $1 < 0 THEN 0 ELSE $1 END)'),
  op(['string', int(0, 1, 3, 5, 8), text('x', 'ab', ' ', 'é')], 'string', 'lpad($0, $1, $2)'),
  op(['string', int(0, 1, 3, 5, 8), text('x', 'ab', ' ', 'é')], 'string', 'rpad($0, $1, $2)'),
  op(['string', int(0, 1, 2, 3)], 'string', 'repeat($0, $1)', 'repeat(CAST($0 AS VARCHAR), $1)'),
  op(['string'], 'string', 'reverse($0)', undefined, { rules: [20] }),
  op(['string', 'string', 'string'], 'string', 'replace($0, $1, $2)'),
  op(['string', text('ab', 'a', ' A'), text('xy', '', 'b')], 'string', 'translate($0, $1, $2)'),
  op(['string', 'string'], 'int', 'instr($0, $1)', 'CAST(instr($0, $1) AS INTEGER)'),
  op(['string', 'string'], 'int', 'position($0 IN $1)', 'CAST(position($0 IN $1) AS INTEGER)'),
  op(['string', 'string'], 'boolean', 'startswith($0, $1)', 'starts_with($0, $1)'),
  op(['string', 'string'], 'boolean', 'endswith($0, $1)', 'ends_with($0, $1)'),
  op(['string', 'string'], 'boolean', 'contains($0, $1)'),
  op(['string', patterns], 'boolean', '($0 LIKE $1)', "($0 LIKE $1 ESCAPE '\\')", { rules: [23], weight: 3 }),
  op(['string', patterns], 'boolean', '($0 NOT LIKE $1)', "($0 NOT LIKE $1 ESCAPE '\\')", { rules: [23] }),
  op(['string', text('A%', '%B', '_b%', '%ab%')], 'boolean', '($0 ILIKE $1)', '($0 ILIKE $1)'),
  op(['string', regexes], 'boolean', '($0 RLIKE $1)', 'regexp_matches($0, $1)', { rules: [24], weight: 2 }),
  op(
    ['string', eager, text('', 'x', '-é-')],
    'string',
    'regexp_replace($0, $1, $2)',
    "regexp_replace($0, $1, $2, 'g')",
    {
      rules: [24],
    },
  ),
  op(
    ['string', text('([a-c])(.)', '(\\d+)(x?)', '(.)(b)'), int(0, 1, 2)],
    'string',
    'regexp_extract($0, $1, $2)',
    undefined,
    {
      rules: [24],
    },
  ),
  op(['string', text(',', 'b', 'ab', ' ')], 'array<string>', 'split($0, $1)', 'string_split($0, $1)', {
    rules: [25],
    weight: 3,
  }),
  op(['string', text(',', 'b', ' '), int(1, 2, 3, -1, -2)], 'string', 'split_part($0, $1, $2)'),
  op(['string'], 'int', 'ascii($0)', 'CAST(ascii($0) AS INTEGER)'),
  op([int(65, 66, 97, 98, 32, 126)], 'string', 'chr($0)', 'chr($0)', { rules: [26] }),
  op(
    ['string', 'string'],
    'int',
    "levenshtein(regexp_replace($0, '[^ -~]', ''), regexp_replace($1, '[^ -~]', ''))",
    "CAST(levenshtein(regexp_replace($0, '[^ -~]', '', 'g'), regexp_replace($1, '[^ -~]', '', 'g')) AS INTEGER)",
  ),
  op(['string'], 'string', 'md5($0)'),
  op(['string'], 'string', 'sha1($0)'),
  op(['string'], 'string', 'sha2($0, 256)', 'sha256($0)'),
  op(['string'], 'string', 'hex($0)'),
  op(['string'], 'string', 'base64(left($0, 14))', 'to_base64(encode(left($0, 14)))'),
  op(
    ['string'],
    'double',
    'try_cast($0 AS DOUBLE)',
    "CASE WHEN regexp_full_match($0, '[ \\t\\n]*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?[ \\t\\n]*') THEN TRY_CAST(regexp_replace($0, '[dDfF][ \\t\\n]*$', '') AS DOUBLE) END",
    { rules: [11] },
  ),
  op(
    ['string'],
    'date',
    "CASE WHEN $0 RLIKE '^[ \\\\t\\\\n]*[0-9]{4}(-[0-9]{2}-[0-9]{2})?[ \\\\t\\\\n]*$' THEN try_cast($0 AS DATE) END",
    "CASE WHEN regexp_full_match(trim($0, E' \\t\\n'), '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(trim($0, E' \\t\\n') AS DATE) WHEN regexp_full_match(trim($0, E' \\t\\n'), '[0-9]{4}') THEN make_date(CAST(trim($0, E' \\t\\n') AS INTEGER), 1, 1) END",
    { rules: [33] },
  ),
  op(
    ['string'],
    'decimal(9,2)',
    'try_cast($0 AS DECIMAL(9,2))',
    "CASE WHEN regexp_full_match($0, '[ \\t\\n]*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)[ \\t\\n]*') THEN TRY_CAST($0 AS DECIMAL(9,2)) END",
    { rules: [11] },
  ),
];
