// npm run spark-goldens [-- name…]: asks Apache Spark (PyPI pyspark, Java 17 or later) about every entry of the registry,
// and records schema, value or error in test/conformance/functions. With names only these entries are asked again.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './lib/build.mjs';
import { ensureInstalled, path } from './lib/house.mjs';
import { allCases } from './lib/spark-cases.mjs';
import { tableColumns } from './lib/spark-pools.mjs';

const TIME_ZONE = 'America/Los_Angeles';
const PYSPARK = process.env.PYSPARK_VERSION ?? '4.3.0';
const folder = path('test/conformance/functions');
/** Answers longer than this tell nothing more. */
const LONGEST = 400;
const only = process.argv.slice(2);

ensureInstalled();
await build({ capture: true });
const load = (module) => import(pathToFileURL(path('build/lib', module)).href);
const { functions } = await load('functions/families/all.js');
const { parseType } = await load('sql/type-parser.js');

/** Apache Spark as pip installs it: jars and all. */
function sparkHome() {
  const venv = process.env.SPARK_VENV ?? path('build/peers/spark');
  const python = join(venv, 'bin/python');
  if (!existsSync(join(venv, 'bin/pyspark'))) {
    console.log(`installing pyspark ${PYSPARK} into ${venv}`);
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', `pyspark==${PYSPARK}`], { stdio: 'inherit' });
  }
  return execFileSync(python, ['-c', 'import pyspark; print(pyspark.__path__[0])'], { encoding: 'utf8' }).trim();
}

/** What Spark's own start script tells Java 17. */
const JVM = [
  '-Xmx1g',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  ...[
    'lang',
    'lang.invoke',
    'lang.reflect',
    'io',
    'net',
    'nio',
    'util',
    'util.concurrent',
    'util.concurrent.atomic',
  ].flatMap((name) => ['--add-opens', `java.base/java.${name}=ALL-UNNAMED`]),
  ...['sun.nio.ch', 'sun.nio.cs', 'sun.security.action', 'sun.util.calendar', 'jdk.internal.ref'].flatMap((name) => [
    '--add-opens',
    `java.base/${name}=ALL-UNNAMED`,
  ]),
];

const columnType = {
  ...{ g: 'int', i8: 'tinyint', i16: 'smallint', i32: 'int', i64: 'bigint', f32: 'float', f64: 'double', x: 'double' },
  ...{ y: 'double', d9: 'decimal(9,2)', d38: 'decimal(38,6)', s: 'string', bin: 'binary', b: 'boolean', d: 'date' },
  ...{ ts: 'timestamp', ym: 'interval year to month', dt: 'interval day to second' },
};
const types = new Map();
const typeOf = (name) => {
  if (!types.has(name)) types.set(name, parseType(name.replaceAll(':', ': ')));
  return types.get(name);
};

const cases = allCases(functions, typeOf, columnType).filter(([name]) => only.length === 0 || only.includes(name));
console.log(`${cases.length} calls, each with ANSI on and off`);
const work = path('build/spark-goldens');
mkdirSync(work, { recursive: true });
const [asked, answered] = [join(work, 'asked.tsv'), join(work, 'answered.tsv')];
const escaped = (text) =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
const unescaped = (text) => text.replace(/\\(.)/g, (_, c) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c);
const names = Object.keys(tableColumns);
const rows = tableColumns.g.map((_, i) => `(${names.map((name) => tableColumns[name][i]).join(', ')})`);
const tableQuery = `SELECT * FROM VALUES ${rows.join(', ')} AS t(${names.join(', ')})`;
writeFileSync(asked, [escaped(tableQuery), ...cases.map(([, kind, sql]) => `${kind}\t${escaped(sql)}`), ''].join('\n'));
const started = Date.now();
execFileSync(
  'java',
  [...JVM, '-cp', join(sparkHome(), 'jars/*'), path('scripts/spark-goldens.java'), asked, answered, TIME_ZONE],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
const [spark, ...lines] = readFileSync(answered, 'utf8').trimEnd().split('\n');

/** [type, text], or [condition]. */
function answerOf(line) {
  const at = line.indexOf('\t');
  if (line === '?') return null;
  if (line.startsWith('!\t')) return [line.slice(2)];
  return at < 0 ? [unescaped(line), null] : [unescaped(line.slice(0, at)), unescaped(line.slice(at + 1))];
}

// Row expressions come first, then the aggregates, once for each mode.
const order = [...cases.keys()].sort((a, b) => (cases[a][1] === 'agg') - (cases[b][1] === 'agg') || a - b);
const answers = [];
for (const [k, i] of order.entries()) answers[i] = [answerOf(lines[k]), answerOf(lines[k + cases.length])];

const byFunction = new Map();
for (const [i, [name, kind, sql]] of cases.entries()) {
  const [ansi, legacy] = answers[i];
  if ([ansi, legacy].some((answer) => typeof answer?.[1] === 'string' && answer[1].length > LONGEST)) continue;
  const same = JSON.stringify(ansi) === JSON.stringify(legacy);
  const line = [sql, ansi, ...(same ? [] : [legacy])];
  if (!byFunction.has(name)) byFunction.set(name, { kind, lines: [] });
  byFunction.get(name).lines.push(line);
}
mkdirSync(folder, { recursive: true });
for (const [name, { kind, lines }] of byFunction) {
  const text = lines.map((line) => JSON.stringify(line)).join(',\n');
  const head = JSON.stringify({ spark, timeZone: TIME_ZONE, kind }).slice(0, -1);
  writeFileSync(join(folder, `${name}.json`), `${head},"cases":[\n${text}\n]}\n`);
}
writeFileSync(join(folder, 'table.json'), `${JSON.stringify(tableColumns, undefined, 1)}\n`);
console.log(`${byFunction.size} files, Spark ${spark}, ${Math.round((Date.now() - started) / 1000)} s`);
