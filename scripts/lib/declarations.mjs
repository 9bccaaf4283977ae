// The declarations the package has, in one file: what build/lib/index.d.ts leads to, without what no user meets.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { path, root } from './house.mjs';

/** What no program of a user's can hold: there are names for it in our declarations, and nothing behind them. */
const interfaces = (...names) => names.map((name) => `export interface ${name} {}\n`).join('');
const opaque = {
  'plan/node.d.ts': `${interfaces('Plan', 'ResolvedPlan')}export interface WritePlan {
    readonly mode: 'append' | 'overwrite' | 'ignore' | 'error';
}
`,
  'plan/expr.d.ts': interfaces('Expr', 'Literal', 'WindowSpec', 'SortOrder'),
  'wasm/index.d.ts': interfaces('Code', 'Func', 'Local'),
  'base/column.d.ts': interfaces('Batch'),
  'base/heap.d.ts': interfaces('Arena'),
  'base/platform.d.ts': `${interfaces('FileSystem', 'Platform')}export interface FileInfo {
  readonly path: string;
  readonly size: number;
}
`,
  'base/source.d.ts': interfaces('Predicate'),
  'api/context.d.ts': interfaces('FrameContext'),
  'api/catalog/session-catalog.d.ts': interfaces('SessionCatalog'),
  'api/catalog/table-store.d.ts': interfaces('TableRecord'),
  'plan/catalog.d.ts': interfaces('Catalog', 'VariableLookup'),
  'plan/routine.d.ts': interfaces('SqlRoutine'),
  'functions/value.d.ts': interfaces('Emitter', 'StateAccess', 'Thunk', 'Value'),
  'functions/resolved-call.d.ts': interfaces('Call', 'LambdaFunction', 'Range'),
  'functions/expression.d.ts': interfaces('EvalSettings'),
  'sql/command.d.ts': interfaces('Buckets'),
  'io/delta/log.d.ts': interfaces('Snapshot'),
};

/** What is behind a session, beside what its users meet. */
const hidden = {
  'plan/engine.d.ts': ['SessionSettings', 'SessionNames', 'RunOptions', 'RunningQuery', 'EngineOptions', 'QueryEngine'],
};

/** Declarations with nothing behind these interfaces, and without the imports that they alone need. */
function withoutBodies(text, names) {
  const bodies = new RegExp(`^export interface (${names.join('|')})\\b[^{]*\\{[\\s\\S]*?^\\}`, 'gm');
  const rest = text
    .replace(bodies, 'export interface $1 {}')
    .replace(/^export declare function [\s\S]*?;\n(?=export)/gm, '');
  return rest.replace(/^import type \{([^}]*)\}.*\n/gm, (line, list) => {
    const isUsed = (name) => rest.match(new RegExp(`\\b${name}\\b`, 'g')).length > 1;
    return (list.match(/\w+/g) ?? []).some(isUsed) ? line : '';
  });
}

/** What a user never meets by name needs no words in the package; our sources have them. */
const isInside = (file) =>
  /^(plan|io|exec|sql)\/|^base\/(?!errors|types|value-options|variant|calendar-interval)|^functions\/[\w-]+\.d\.ts$|^api\/(type-algebra|function-rules|lambda-types|context)\.d\.ts$/.test(
    file,
  );

const declarationOf = (file) => {
  const text = opaque[file] ?? readFileSync(path('build/lib', file), 'utf8');
  const plain = isInside(file) ? text.replace(/^ *\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, '') : text;
  return file in hidden ? withoutBodies(plain, hidden[file]) : plain;
};

/** The declarations that `index.d.ts` leads to, each as the package says it. */
function declarationsInside() {
  const found = new Map();
  const waiting = ['index.d.ts'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file) || !existsSync(path('build/lib', file))) continue;
    const text = declarationOf(file);
    found.set(file, text);
    for (const [, to] of text.matchAll(/(?:\bfrom|\bimport)[\s(]*['"](\.[^'"]+)\.js['"]/g))
      waiting.push(`${relative(root, resolve(root, dirname(file), to)).replaceAll('\\', '/')}.d.ts`);
  }
  return found;
}

const folder = 'build/declarations';

/** The text of `dist/index.d.ts`; what it is made of stays in a folder, and is made into one again when it changed. */
export async function declarations() {
  const made = path(folder, 'package.d.ts');
  let isFresh = existsSync(made);
  for (const [file, text] of declarationsInside()) {
    const to = path(folder, 'parts', file);
    if (existsSync(to) && readFileSync(to, 'utf8') === text) continue;
    isFresh = false;
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, text);
  }
  if (!isFresh) writeFileSync(made, await rolledUp(path(folder, 'parts/index.d.ts')));
  return readFileSync(made, 'utf8');
}

async function rolledUp(input) {
  const [{ rollup }, { dts }] = await Promise.all([import('rollup'), import('rollup-plugin-dts')]);
  const external = (name) => !/^[./]|^\w:/.test(name);
  // Modules that the package says less of have dropped names that others, none of which gets into the file, import.
  const rolled = await rollup({ input, external, plugins: [dts()], shimMissingExports: true, onwarn: () => {} });
  const { output } = await rolled.generate({ format: 'es' });
  await rolled.close();
  const [{ code }] = output;
  if (code.includes('_missingExportShim'))
    throw new Error('A declaration of the package needs a name that was dropped');
  return code;
}
