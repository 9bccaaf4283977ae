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
const opaque = {
  'wasm/index.d.ts': ['Code', 'Func', 'Local'].map((name) => `export interface ${name} {}\n`).join(''),
};

/** What a user never meets by name needs no words in the package; our sources have them. */
const isInside = (file) =>
  /^(plan|io|exec|sql)\/|^base\/(?!errors|types|value-options|variant|calendar-interval)|^functions\/[\w-]+\.d\.ts$|^api\/(type-algebra|function-rules|lambda-types|context)\.d\.ts$/.test(
    file,
  );

const declarationOf = (file) => {
  const text = opaque[file] ?? readFileSync(path('build/lib', file), 'utf8');
  return isInside(file) ? text.replace(/^ *\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, '') : text;
};

/** The declarations that `index.d.ts` leads to. */
export function declarations() {
  const found = new Map();
  const waiting = ['index.d.ts'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file) || !existsSync(path('build/lib', file))) continue;
    const text = declarationOf(file);
    const toNamespace = relative(dirname(file), namespaceFile).replaceAll('\\', '/');
    found.set(file, /\bWebAssembly\./.test(text) ? `/// <reference path="${toNamespace}" />\n${text}` : text);
    for (const [, to] of text.matchAll(/(?:\bfrom|\bimport)[\s(]*['"](\.[^'"]+)\.js['"]/g))
      waiting.push(`${relative(root, resolve(root, dirname(file), to)).replaceAll('\\', '/')}.d.ts`);
  }
  if ([...found.values()].some((text) => text.startsWith('/// <reference'))) found.set(namespaceFile, namespaceText);
  return found;
}
