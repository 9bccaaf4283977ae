import { col, type DefaultValues, fn, lit, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tell } from './harness.js';

// Regular expressions that made servers stand still, and texts of 100 KB made for them.
const LENGTH = 100_000;
/** Milliseconds of the processor, all threads together: backtracking takes ten seconds, or for ever. */
const MOST = 2000;

/** A pattern, what its text begins with, what it repeats, what it ends with. */
type Attack = readonly [pattern: string, begin: string, repeated: string, end: string];
const IP = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const attacks: Readonly<Record<string, readonly Attack[]>> = {
  OWASP: [
    ['^(a+)+$', '', 'a', '!'],
    ['^([a-zA-Z]+)*$', '', 'a', '!'],
    ['^(a|aa)+$', '', 'a', '!'],
    ['^(a|a?)+$', '', 'a', '!'],
    ['^(.*a){11}$', '', 'a', '!'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', '', 'a', ''],
    [
      '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$',
      '',
      'a',
      '!',
    ],
    ['^[a-zA-Z0-9]+(([_.-])*[a-zA-Z0-9])*@[a-z]+$', '', 'a', '!'],
    ['^\\d+(,\\d+|\\d+)*$', '', '1', '!'],
  ],
  'outages and patterns everybody copies': [
    ['^[\\s\\u200c]+|[\\s\\u200c]+$', 'x', ' ', 'x'],
    [
      `(?:(?:"|'|\\]|\\}|\\\\|\\d|(?:nan|infinity|true|false|null|undefined|symbol|math)|\`|-|\\+)+[)]*;?((?:\\s|-|~|!|\\{\\}|\\|\\||\\+)*.*(?:.*=.*)))`,
      '',
      'x=',
      '',
    ],
    ['.*.*=.*', '', 'x', ''],
    ['^(https?:\\/\\/)?([\\da-z\\.-]+)\\.([a-z\\.]{2,6})([\\/\\w \\.-]*)*\\/?$', 'a.', 'b', '!'],
    ['<([a-z]+)([^<]+)*(?:>(.*)<|\\s+\\/>)', '<a', ' b', '<'],
    ['(\\w+\\s?)+$', '', 'word ', '!'],
    ['^(?:\\w+\\.?)+@', '', 'a', '!'],
    ['^\\s*(.*?)\\s*=\\s*(.*?)\\s*;$', '=', ' ', 'x'],
    ['(([^,]*),?)*;', '', 'a', '!'],
    ['^(\\w*)*(\\w*)*:$', '', 'a', '!'],
    [`^${IP}(\\.${IP}){3}$`, '', '1.', '!'],
    ['(?s)^(.*)*x$', '', 'a\n', '!'],
    ['"(?:[^"\\\\]|\\\\.)*"', '"', '\\\\', ''],
    ['/\\*(?:[^*]|\\*[^/])*\\*/', '/*', '*', ''],
  ],
  'packages of npm': [
    // marked, CVE-2015-8854 and CVE-2022-21681
    ['^\\b_((?:__|[\\s\\S])+?)_\\b|^\\*((?:\\*\\*|[\\s\\S])+?)\\*(?!\\*)', '_', '__', ''],
    ['^(?:\\[((?:\\[[^\\]]*\\]|[^\\[\\]]|\\](?=[^\\[]*\\]))*)\\])$', '[', '[a]', ''],
    // ms, CVE-2015-8315
    ['^((?:\\d+)?\\.?\\d+) *(ms|seconds?|s|minutes?|m|hours?|h|days?|d|years?|y)?$', '', '5', '!'],
    // moment, CVE-2017-18214 and CVE-2022-31129
    ['D[oD]?(\\[[^\\[\\]]*\\]|\\s+)+MMMM?', 'D', ' ', '!'],
    ['\\([^)]*\\)|[\\n\\t]', '', '(', ''],
    // brace-expansion, CVE-2017-18077
    ['^(.*,)+(.+)?$', '', ',', '\n\n'],
    // fresh, CVE-2017-16119; debug, CVE-2017-16137; charset, CVE-2017-16098
    [' *, *', '', ' ', ''],
    ['\\s*\\n\\s*x', '', '\n', ''],
    [`(?:charset|encoding)\\s*=\\s*['"]? *([\\w\\-]+)`, 'charset=', ' ', '!'],
    // content, CVE-2017-16026
    [
      '^([^\\/]+\\/[^\\s;]+)(?:(?:\\s*;\\s*boundary=(?:"([^"]+)"|([^;"]+)))|(?:\\s*;\\s*[^=]+=(?:(?:"(?:[^"]+)")|(?:[^;"]+))))*$',
      'a/b',
      ';x=y',
      '"',
    ],
    // tough-cookie, CVE-2016-1000232; is-my-json-valid, CVE-2016-2537
    ['^(([^=;]+))\\s*=\\s*([^\\n\\r]*)$', '', ' ', ''],
    ['^[^@]+@[^@]+\\.[^@]+$', 'x@', '.', '@'],
    // ansi-regex, CVE-2021-3807
    [
      '[\\x1b\\x9b][\\[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[-a-zA-Z\\d\\/#&.:=?%@~_]*)*)?\\x07)|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PR-TZcf-ntqry=><~]))',
      '\x1b[',
      ';',
      '',
    ],
    // path-parse, CVE-2021-23343
    [
      '^((?:[a-zA-Z]:|[\\\\\\/]{2}[^\\\\\\/]+[\\\\\\/]+[^\\\\\\/]+)?[\\\\\\/]?)([\\s\\S]*?)((?:\\.{1,2}|[^\\\\\\/]+?|)(\\.[^.\\/\\\\]*|))(?:[\\\\\\/]*)!$',
      '',
      './',
      '',
    ],
    // glob-parent, CVE-2020-28469
    ['(^|[^\\\\])([\\{\\[]|\\([^\\)]+$)', '', '(', ')'],
    // trim, CVE-2020-7753; axios, CVE-2021-3749; lodash, CVE-2020-28500
    ['^\\s+|\\s+$', '1', ' ', '1'],
    ['\\s*$', '1', ' ', '1'],
    // color-string, CVE-2021-29060
    ['^hwb\\(\\s*([+-]?\\d*[.]?\\d+)(?:deg)?\\s*,\\s*([+-]?\\d*[.]?\\d+)%\\s*\\)$', 'hwb(', '1', '!'],
    // postcss, CVE-2021-23382
    ['/\\*\\s*# sourceMappingURL=(.*)\\s*\\*/', '', '/* # sourceMappingURL=', ''],
    // nth-check, CVE-2021-3803
    ['^([+-]?\\d*n)?\\s*(?:([+-]?)\\s*(\\d+))?$', 'n', ' ', '!'],
    // is-svg, CVE-2021-28092
    [
      '^\\s*(?:<\\?xml[^>]*>\\s*)?(?:<!doctype svg[^>]*\\s*(?:\\[?(?:\\s*<![^>]*>\\s*)*\\]?)*[^>]*>\\s*)?<svg[^>]*>$',
      '<!doctype svg',
      ' ',
      '!',
    ],
    // jspdf, CVE-2021-23353; ua-parser-js, CVE-2020-7733
    ['^data:\\w*\\/\\w*;*(charset=[\\w=-]*)*;*,$', 'data:/', 'charset=', '!'],
    ['ip[honead]+(?:.*os\\s([\\w]+)*\\slike\\smac|;\\sopera)', 'iphone os ', 'a', '!'],
    // http-cache-semantics, CVE-2022-25881; word-wrap, CVE-2023-26115; semver, CVE-2022-25883
    ['\\s*,\\s*', '', ' ', ''],
    ['(?:(?!\\n)\\s)+$', '', ' ', '!'],
    ['(\\s*)[v=\\s]*(\\d+)\\.(\\d+)', '', ' ', ''],
    // minimatch, CVE-2022-3517; loader-utils, CVE-2022-37603
    ['\\{.*\\}', '', '{', ''],
    ['\\[(?:([^\\[:\\]]+):)?(?:hash|contenthash)(?::([a-z]+\\d*))?(?::(\\d+))?\\]', '[', 'a', ''],
    // browserslist, CVE-2021-23364; ssri, CVE-2021-27290
    ['^(?:(?:[^,]*\\s+or\\s+)*|\\s*,\\s*)*x$', '', ' or ', '!'],
    ['^([a-z0-9]+)-([A-Za-z0-9+/=]{44,88})(\\?[\\x21-\\x7e]*)*$', `a-${'A'.repeat(44)}`, '?', ' '],
  ],
  'other languages’ libraries': [
    // Python: CVE-2020-8492, CVE-2018-1060, CVE-2018-1061
    ['(?:.*,)*[ \\t]*([^ \\t]+)[ \\t]+realm=', '', ',', ''],
    ['\\s*#?\\s*$', '', ' ', '!'],
    ['(<.+@.+>)+x', '', '<@>', ''],
    // Django, CVE-2009-3695
    ["^[-!#$%&'*+/=?^_`{}|~0-9A-Z]+(\\.[-!#$%&'*+/=?^_`{}|~0-9A-Z]+)*@$", '', 'A.', '!'],
    ['(?i)^([-!#$%&*+/=?^_`{}|~0-9A-Z]+\\.?)+@(?:[A-Z0-9]+(?:-*[A-Z0-9]+)*\\.)+[A-Z]{2,6}$', 'a@', 'a', '!'],
    // Ruby on Rails, CVE-2021-22880
    ['^-?\\D*[\\d,]+\\.\\d{2}$', '', ',', '!'],
  ],
  'tests of linear engines': [
    ['(x+x+)+y', '', 'x', ''],
    ['(a?){30}a{30}$', '', 'a', '!'],
    ['((a{0,5}){0,5})*[c]', '', 'a', ''],
    ['((a{0,50}){0,50}){0,50}[c]', '', 'a', ''],
    ['(?:\\p{L}{1,1000}){1,1000}$', '', 'a', '!'],
    ['(?:a|b|ab)*c', '', 'ab', ''],
    ['([ab]{1,20}){1,20}c', '', 'ab', ''],
    ['[a-z]{1,1000}@', '', 'a', ''],
    ['a.*b.*c.*d', '', 'abc', ''],
    ['(?:[ab]*a[ab]{12})+c', '', 'ab', ''],
    ['(?=.*x)(?=.*y).{8,}z', '', 'xya', ''],
    ['(?<![a-z]{0,9})(?!(a+)+b)a*c', '', 'a', ''],
    ['(?=(a+))a*b', '', 'a', ''],
    ['^(a+)\\1+$', '', 'aaa', 'b'],
    ['(?:(?:)*)*(?:a*)*b', '', 'a', ''],
  ],
};

const textOf = ([, begin, repeated, end]: Attack): string =>
  begin + repeated.repeat((LENGTH - begin.length - end.length) / repeated.length) + end;

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2 });
});
afterAll(() => session.stop());

const used: number[] = [];
const refused: string[] = [];

/** What a query gives, or that its pattern is too complex; it must not take the processor long. */
async function quickly<T>(pattern: string, query: () => Promise<T>): Promise<T | undefined> {
  const before = process.cpuUsage();
  const answer = await query().catch((error) => {
    expect(error).toMatchObject({
      code: 'REGEX_TOO_COMPLEX',
      message: expect.stringContaining(JSON.stringify(pattern)),
    });
    refused.push(pattern);
    return undefined;
  });
  const { user, system } = process.cpuUsage(before);
  used.push((user + system) / 1000);
  expect(used.at(-1), pattern).toBeLessThan(MOST);
  return answer;
}

describe('hostile texts of 100 KB', () => {
  for (const [source, all] of Object.entries(attacks)) {
    test.for(all)(`${source}: %s`, async (attack) => {
      const frame = session.createDataFrame([{ s: textOf(attack) }]);
      await quickly(attack[0], () => frame.select(col('s').rlike(attack[0]).as('found')).collect());
    });
  }

  test('whatever is asked of them', async () => {
    const frame = session.createDataFrame([{ s: `${'a '.repeat(LENGTH / 4)}${' '.repeat(LENGTH / 2)}!` }]);
    const row = await quickly('', () =>
      frame
        .select(
          fn.regexpReplace('s', '\\s+$', lit('')).eq(col('s')).as('trimmed'),
          fn.regexpCount('s', lit('(a+)+(?:.*b)?')).as('counted'),
          fn.regexpInstr('s', lit('(?:\\s\\s)+!')).as('at'),
          fn.length(fn.regexpExtract('s', '(\\s+)!', 1)).as('blanks'),
          fn.size(fn.split('s', '\\s+(?=a)')).as('parts'),
        )
        .collect(),
    );
    const half = LENGTH / 2;
    expect(row).toEqual([{ trimmed: true, counted: half / 2, at: half + 1, blanks: half + 1, parts: half / 2 }]);
  });

  test('few are refused', () => {
    const sorted = used.toSorted((a, b) => a - b);
    const at = (share: number): string => `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] as number)} ms`;
    tell(`${used.length} patterns, ${refused.length} too complex; the processor took ${at(0.5)}, at most ${at(1)}`);
    expect(used.length).toBeGreaterThan(60);
    expect(refused.length).toBeLessThan(15);
  });
});
