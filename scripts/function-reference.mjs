// npm run docs:functions: write docs/reference/functions.md from the functions registry.
// With --check nothing is built or written: exit status 1 when the file is not what the built registry says.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './lib/build.mjs';
import { ensureInstalled, path } from './lib/house.mjs';

const target = path('docs/reference/functions.md');

/** What the families of the registry are called here; a family without a title gets its own name. */
const titles = {
  arithmeticFunctions: 'Arithmetic',
  compareFunctions: 'Comparison',
  logicFunctions: 'Logic',
  conditionalFunctions: 'Conditions and nulls',
  castFunctions: 'Casts',
  hashFunctions: 'Hashes',
  mathFunctions: 'Mathematics and bits',
  stringFunctions: 'Strings',
  stringMoreFunctions: 'More of strings',
  stringEncodeFunctions: 'Encoding and formatting',
  likeFunctions: 'LIKE',
  regexpFunctions: 'Regular expressions',
  datetimeFunctions: 'Dates and times',
  datetimeMoreFunctions: 'More of dates and times',
  nestedMakeFunctions: 'Making arrays, maps and structs',
  nestedAccessFunctions: 'Reaching into nested values',
  orderingFunctions: 'Order of nested values',
  arrayFunctions: 'Arrays',
  arrayMoreFunctions: 'More of arrays',
  sequenceFunctions: 'Sequences',
  mapFunctions: 'Maps',
  jsonFunctions: 'JSON',
  csvFunctions: 'CSV',
  variantFunctions: 'Variants',
  jsonGeneratorFunctions: 'Generators of JSON',
  variantGeneratorFunctions: 'Generators of variants',
  lambdaFunctions: 'Lambda functions over arrays',
  lambdaMapFunctions: 'Lambda functions over maps',
  generatorFunctions: 'Generators',
  miscFunctions: 'Session, errors, encryption and bitmaps',
  randomFunctions: 'Random numbers and strings',
  stringCheckFunctions: 'Checked and masked strings',
  timeFunctions: 'Times of day',
  formatFunctions: 'Conversions by a format',
  urlFunctions: 'URLs',
  aggregateFunctions: 'Aggregates',
  momentAggregates: 'Moments',
  statisticAggregates: 'Correlation, regression and shape',
  percentileAggregates: 'Percentiles',
  bitAggregates: 'Aggregates of bits',
  listAggregates: 'Tolerant sums, joined texts and bitmaps',
  sketchAggregates: 'Approximate counts',
  listAggregateFunctions: 'Lists of values',
  windowFunctions: 'Window functions',
};

const load = (module) => import(pathToFileURL(path('build/lib/functions', module)).href);

/** The lists of functions that a family is put together of, in their order: its imports say where each one is. */
async function partsOf(family) {
  const text = readFileSync(path(`build/lib/functions/families/${family}.js`), 'utf8');
  const files = new Map([...text.matchAll(/import \{ (\w+) \} from '\.\.\/([\w-]+\.js)'/g)].map((m) => [m[1], m[2]]));
  const order = [...text.matchAll(/^\s*\.\.\.(\w+),$/gm)].map((m) => m[1]);
  const found = [];
  for (const name of order) found.push([titles[name] ?? name, Object.values((await load(files.get(name)))[name])]);
  return found;
}

async function families() {
  const { families: all, functions } = await load('families/all.js');
  const found = (await Promise.all(Object.keys(all).map(partsOf))).flat();
  const count = found.reduce((sum, [, entries]) => sum + entries.length, 0);
  if (count !== Object.keys(functions).length)
    throw new Error(`${count} functions in families, not all of the registry`);
  return found;
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text) => {
  const ticks = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const pad = ticks.length > 1 ? ' ' : '';
  return `${ticks}${pad}${cell(text)}${pad}${ticks}`;
};

/** Where an entry is computed: in the compiled pipeline, or by a call of JavaScript. */
function placeOf(entry) {
  if (entry.kind === 'window' || entry.kind === 'generator') return '';
  const isCompiled = entry.emit !== undefined || entry.emitLazy !== undefined;
  if (!isCompiled) return `Runs in JavaScript${entry.compiled === undefined ? '' : `: ${entry.compiled}`}.`;
  return entry.compiled === undefined ? '' : `Compiled where it can be; ${entry.compiled}.`;
}

function entryText(entry) {
  const place = placeOf(entry);
  const lines = [
    `### ${entry.name}`,
    '',
    `SQL: ${entry.sql.map(code).join(', ')}`,
    '',
    `${entry.summary}${place && ` ${place}`}`,
  ];
  if (entry.examples.length > 0) {
    lines.push('', '| expression | result |', '| --- | --- |');
    for (const [sql, result] of entry.examples) lines.push(`| ${code(sql)} | ${code(result ?? 'NULL')} |`);
  }
  return lines.join('\n');
}

function referenceText(all) {
  const count = all.reduce((sum, [, entries]) => sum + entries.length, 0);
  const head = [
    '# Functions',
    '',
    '<!-- Written by `npm run docs:functions` from src/functions. Do not edit. -->',
    '',
    `All ${count} functions and operators. The heading of an entry is its name in \`fn\` (\`fn.dateTrunc\`); under "SQL" is what it is`,
    'called in SQL text, and `fn` has those names as well (`fn.date_trunc`). Operators such as `+` are methods of columns',
    '(`col("a").add(1)`). Arguments that are null give null unless the entry says otherwise. Each example is run by the tests, and its',
    'result is as Spark 4 prints it when cast to a string.',
    '',
    ...all.map(
      ([title, entries]) =>
        `- [${title}](#${anchor(title)}): ${entries.map((entry) => `\`${entry.name}\``).join(', ')}`,
    ),
  ].join('\n');
  const parts = all.map(([title, entries]) => `## ${title}\n\n${entries.map(entryText).join('\n\n')}`);
  return `${[head, ...parts].join('\n\n')}\n`;
}

const anchor = (title) => title.toLowerCase().replaceAll(' ', '-');

const isCheck = process.argv.includes('--check');
if (!isCheck) {
  ensureInstalled();
  const complaints = await build({ capture: true });
  if (complaints) console.error(complaints);
}
const text = referenceText(await families());
if (!isCheck) {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
} else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  console.error('docs/reference/functions.md is out of date: npm run docs:functions');
  process.exitCode = 1;
}
