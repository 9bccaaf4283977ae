// The declarations the package has: those that dist/index.d.ts leads to, without what no user meets.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { path, root } from './house.mjs';

const namespaceFile = 'wasm/webassembly.d.ts';

/**
 * The names our declarations use of a namespace that @types/node lacks and lib.dom has. Empty, they are there without
 * lib.dom and add nothing to what is there with it.
 */
const namespaceText = `declare namespace WebAssembly {
  interface Memory {}
  interface Module {}
  interface Instance {}
}
`;

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

const HUB = 'base/index.d.ts';

/** What the declarations found so far take from base. */
const namesOfBase = (texts) =>
  texts.flatMap((text) => [
    ...[...text.matchAll(/\{([^}]*)\} from '[^']*base\/index\.js'/g)].flatMap(([, names]) => names.match(/\w+/g) ?? []),
    ...[...text.matchAll(/import\("[^"]*base\/index\.js"\)\.(\w+)/g)].map(([, name]) => name),
  ]);

/** The index of base without the files of which nobody takes a name. */
function hubWith(names) {
  const isTaken = (line) => {
    const [, file] = /'\.\/([\w-]+)\.js'/.exec(line) ?? [];
    if (file === undefined) return false;
    const text = readFileSync(path('build/lib/base', `${file}.d.ts`), 'utf8');
    const declared = [...text.matchAll(/^export (?:declare )?(?:abstract )?\w+ (\w+)/gm)].map(([, name]) => name);
    return declared.some((name) => names.includes(name));
  };
  return readFileSync(path('build/lib', HUB), 'utf8').split('\n').filter(isTaken);
}

/** The declarations that `index.d.ts` leads to. */
export function declarations() {
  let names = [];
  for (;;) {
    const found = declarationsWith(names);
    const wanted = [...new Set(namesOfBase([...found.values()]))];
    if (wanted.every((name) => names.includes(name))) return found;
    names = wanted;
  }
}

function declarationsWith(names) {
  const found = new Map();
  const waiting = ['index.d.ts'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file) || !existsSync(path('build/lib', file))) continue;
    const text = file === HUB ? `${hubWith(names).join('\n')}\n` : declarationOf(file);
    const toNamespace = relative(dirname(file), namespaceFile).replaceAll('\\', '/');
    found.set(file, /\bWebAssembly\./.test(text) ? `/// <reference path="${toNamespace}" />\n${text}` : text);
    for (const [, to] of text.matchAll(/(?:\bfrom|\bimport)[\s(]*['"](\.[^'"]+)\.js['"]/g))
      waiting.push(`${relative(root, resolve(root, dirname(file), to)).replaceAll('\\', '/')}.d.ts`);
  }
  if ([...found.values()].some((text) => text.startsWith('/// <reference'))) found.set(namespaceFile, namespaceText);
  return found;
}
