import { describe, expect, test } from 'vitest';
import { SparrowError, simpleString } from '../../src/base/index.js';
import type { Expr } from '../../src/plan/expr.js';
import { sqlText } from '../../src/plan/sql-text.js';
import { parseExpression } from '../../src/sql/expression-parser.js';
import { parseSchema, parseType } from '../../src/sql/type-parser.js';

/** The tree as nested calls, so that precedence shows. */
function shape(expr: Expr): string {
  switch (expr.kind) {
    case 'unresolved_call':
      return `${expr.name}(${expr.distinct === true ? 'distinct ' : ''}${expr.args.map(shape).join(', ')})`;
    case 'unresolved_column':
      return expr.name;
    case 'literal':
      return sqlText(expr);
    case 'cast':
      return `${expr.safe === true ? 'try_cast' : 'cast'}(${shape(expr.input)}: ${simpleString(expr.type)})`;
    case 'alias':
      return `${shape(expr.input)} as ${expr.name}`;
    case 'unresolved_star':
      return expr.qualifier === undefined ? '*' : `${expr.qualifier}.*`;
    default:
      return sqlText(expr);
  }
}

const parsed = (text: string): string => shape(parseExpression(text));

describe('precedence', () => {
  test.each([
    ['a + b * c', '+(a, *(b, c))'],
    ['a - b - c', '-(-(a, b), c)'],
    ['(a + b) * c', '*(+(a, b), c)'],
    ['a or b and not c = d', 'or(a, and(b, not(=(c, d))))'],
    ['not a and b', 'and(not(a), b)'],
    ['a | b ^ c & d << 1 + 2', '|(a, ^(b, &(c, <<(d, +(1, 2)))))'],
    ['a || b || c', 'concat(concat(a, b), c)'],
    ['-a * b', '*(negative(a), b)'],
    ['- 5', '-5'],
    ['2 - 1', '-(2, 1)'],
    ['2 -1', '-(2, 1)'],
    ['a % b DIV c', 'intDiv(%(a, b), c)'],
    ['a = b is null', 'isnull(=(a, b))'],
    ['a is not null and b', 'and(isnotnull(a), b)'],
    ['a <=> b', '<=>(a, b)'],
    ['a <> b', '!=(a, b)'],
    ['a == b', '=(a, b)'],
    ['! a', 'not(a)'],
    ['~a', '~(a)'],
  ])('%s', (text, wanted) => {
    expect(parsed(text)).toBe(wanted);
  });
});

describe('predicates', () => {
  test.each([
    ['a between 1 and 2 and b', 'and(and(>=(a, 1), <=(a, 2)), b)'],
    ['a not between 1 + 1 and 3', 'not(and(>=(a, +(1, 1)), <=(a, 3)))'],
    ['a in (1, 2)', 'in(a, 1, 2)'],
    ['a not in (1)', 'not(in(a, 1))'],
    ["a like 'x%'", "like(a, 'x%')"],
    ["a not like 'x%' escape '!'", "not(like(a, 'x%', '!'))"],
    ["a like any ('x', 'y')", "or(like(a, 'x'), like(a, 'y'))"],
    ["a rlike 'x+'", "rlike(a, 'x+')"],
    ["a ilike 'X'", "ilike(a, 'X')"],
    ['a is true', '<=>(a, true)'],
    ['a is not false', 'not(<=>(a, false))'],
    ['a is distinct from b', 'not(<=>(a, b))'],
    ['a is not distinct from b', '<=>(a, b)'],
  ])('%s', (text, wanted) => {
    expect(parsed(text)).toBe(wanted);
  });
});

describe('literals', () => {
  const typeOf = (text: string): string => {
    const expr = parseExpression(text);
    return expr.kind === 'literal' ? `${simpleString(expr.type)} ${sqlText(expr)}` : expr.kind;
  };

  test.each([
    ['1', 'int 1'],
    ['-2147483648', 'int -2147483648'],
    ['2147483648', 'bigint 2147483648'],
    ['9223372036854775808', 'decimal(19,0) 9223372036854775808'],
    ['1L', 'bigint 1'],
    ['1S', 'smallint 1'],
    ['1Y', 'tinyint 1'],
    ['1.5', 'decimal(2,1) 1.5'],
    ['0.05', 'decimal(2,2) 0.05'],
    ['.5', 'decimal(1,1) 0.5'],
    ['5.', 'decimal(1,0) 5'],
    ['1.5D', 'double 1.5'],
    ['1e3', 'double 1000.0'],
    ['1.5F', 'float 1.5'],
    ['1.25BD', 'decimal(3,2) 1.25'],
    ["'it''s'", "string 'it\\'s'"],
    ["'a\\nb\\u0041\\\\'", "string 'a\nbA\\\\'"],
    ["r'a\\n'", "string 'a\\\\n'"],
    ['"double"', "string 'double'"],
    ["'a' 'b'", "string 'ab'"],
    ["DATE '1998-09-02'", "date DATE '1998-09-02'"],
    ["TIMESTAMP '2020-01-02 03:04:05.5'", "timestamp TIMESTAMP '2020-01-02 03:04:05.5'"],
    ["TIMESTAMP_NTZ '2020-01-02 03:04:05'", "timestamp_ntz TIMESTAMP_NTZ '2020-01-02 03:04:05'"],
    ["X'1F2'", "binary X'01F2'"],
    ['true', 'boolean true'],
    ['null', 'void NULL'],
    ["INTERVAL '1' DAY", "interval day INTERVAL '1' DAY"],
    ['INTERVAL 3 DAYS', "interval day INTERVAL '3' DAY"],
    ["INTERVAL '1-2' YEAR TO MONTH", "interval year to month INTERVAL '1-2' YEAR TO MONTH"],
    ["INTERVAL -'1' MONTH", "interval month INTERVAL '-1' MONTH"],
    ["INTERVAL '1 02:03' DAY TO MINUTE", "interval day to minute INTERVAL '1 02:03' DAY TO MINUTE"],
    ["INTERVAL '2 weeks 1.5 seconds'", "interval day to second INTERVAL '14 00:00:01.5' DAY TO SECOND"],
    ['INTERVAL 1 YEAR 2 MONTHS', "interval year to month INTERVAL '1-2' YEAR TO MONTH"],
  ])('%s', (text, wanted) => {
    expect(typeOf(text)).toBe(wanted);
  });
});

describe('names, calls and the rest', () => {
  test.each([
    ['a.b.c', 'a.b.c'],
    ['`a b`.`c.d`', '`a b`.`c.d`'],
    ['t.*', 't.*'],
    ['count(*)', 'count(*)'],
    ['count(distinct a, b)', 'count(distinct a, b)'],
    ['m[1].x', "getField(getItem(m, 1), 'x')"],
    ['f(x).y', "getField(f(x), 'y')"],
    ['case when a then 1 when b then 2 else 3 end', 'when(a, 1, b, 2, 3)'],
    ['case a when 1 then 2 end', 'when(=(a, 1), 2)'],
    ['cast(a as decimal(10, 2))', 'cast(a: decimal(10,2))'],
    ['try_cast(a as array<array<int>>)', 'try_cast(a: array<array<int>>)'],
    ['a::int + 1', '+(cast(a: int), 1)'],
    ['extract(year from d)', "date_part('year', d)"],
    ["trim(both 'x' from s)", "btrim(s, 'x')"],
    ['trim(s)', 'trim(s)'],
    ['substring(s from 2 for 3)', 'substring(s, 2, 3)'],
    ['substring(s, 2)', 'substring(s, 2)'],
    ["position('a' in s)", "locate('a', s)"],
    ['timestampadd(hour, 1, t)', "timestampadd('hour', 1, t)"],
    ['date_add(d, 1)', 'date_add(d, 1)'],
    ['current_date', 'current_date'],
    ['a + b as c', '+(a, b) as c'],
    ['a b', 'a as b'],
    ['first(a) ignore nulls', 'first(a, true)'],
    ['a -- comment\n + /* nested /* one */ */ b', '+(a, b)'],
    [':limit + ?', '+(:limit, :1)'],
  ])('%s', (text, wanted) => {
    expect(parsed(text)).toBe(wanted);
  });

  test('windows', () => {
    const text =
      'sum(x) filter (where y > 0) over (partition by a, b order by c desc nulls first rows between 1 preceding and current row)';
    expect(sqlText(parseExpression(text), { pretty: true })).toBe(
      'sum(x) FILTER (WHERE (y > 0)) OVER (PARTITION BY a, b ORDER BY c DESC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)',
    );
  });

  test('ten thousand terms', () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `a = ${i}`).join(' or ');
    expect(parseExpression(text).kind).toBe('unresolved_call');
  });
});

describe('types', () => {
  test.each([
    ['BIGINT', 'bigint'],
    ['decimal(12, 2)', 'decimal(12,2)'],
    ['array<map<string, struct<a: int, b string not null>>>', 'array<map<string,struct<a:int,b:string>>>'],
    ['timestamp_ntz', 'timestamp_ntz'],
    ['interval year to month', 'interval year to month'],
    ['varchar(10)', 'string'],
  ])('%s', (text, wanted) => {
    expect(simpleString(parseType(text))).toBe(wanted);
  });

  test('a schema', () => {
    const schema = parseSchema("id BIGINT NOT NULL, `full name` STRING COMMENT 'who', tags ARRAY<STRING>");
    expect(simpleString(schema)).toBe('struct<id:bigint,full name:string,tags:array<string>>');
    expect(schema.fields.map((f) => f.nullable)).toEqual([false, true, true]);
  });
});

describe('errors', () => {
  const errorOf = (text: string): SparrowError => {
    try {
      parseExpression(text);
    } catch (error) {
      if (error instanceof SparrowError) return error;
    }
    throw new Error(`no error for ${text}`);
  };

  test('show the line and the place', () => {
    const error = errorOf('a >\n  and b');
    expect(error.code).toBe('PARSE_SYNTAX_ERROR');
    expect(error.message).toContain("syntax error at or near 'and': expected an expression\n  and b\n  ^");
    expect(error.where).toBe('line 2, position 3 of the SQL text');
  });

  test.each([
    '',
    'a +',
    '(a',
    "'open",
    '`open',
    'a between 1',
    'case end',
    'cast(a int)',
    'f(a,',
    'a in ()',
    '1 2',
    'a b c',
    '/* x',
  ])('%s', (text) => {
    expect(errorOf(text).code).toMatch(
      /^(PARSE_SYNTAX_ERROR|UNCLOSED_BRACKETED_COMMENT|INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE)$/,
    );
  });

  test('deep nesting is refused, not a stack overflow', () => {
    expect(errorOf(`${'('.repeat(5000)}a${')'.repeat(5000)}`).message).toContain('nested too deeply');
  });

  test('an unknown type has candidates', () => {
    expect(errorOf('cast(a as integr)').candidates[0]).toBe('INTEGER');
  });
});
