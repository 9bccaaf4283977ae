// Who may import whom. Imports go one way; a layer may import itself and what stands here, types included.
const mayImport = {
  base: [],
  wasm: ['base'],
  functions: ['base', 'wasm'],
  plan: ['base', 'functions'],
  sql: ['base', 'functions', 'plan'],
  connect: ['base', 'functions', 'plan'],
  io: ['base', 'wasm'],
  exec: ['base', 'wasm', 'functions', 'plan', 'io'],
  api: ['base', 'functions', 'plan', 'sql', 'connect', 'io', 'exec'],
  cli: ['api'],
};

const folders = (names) => `^src/(${names.join('|')})/`;

const layerRules = Object.entries(mayImport).map(([layer, allowed]) => ({
  name: `${layer}-imports-${allowed.length === 0 ? 'nothing' : 'only-below'}`,
  comment: `src/${layer} may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: folders([layer]) },
  to: { path: '^src/', pathNot: folders([layer, ...allowed]) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'src-has-known-layers-only',
      comment: `every source file but index.ts is in one of ${Object.keys(mayImport).join(', ')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `${folders(Object.keys(mayImport))}|^src/index\\.ts$` },
      to: {},
    },
    {
      name: 'index-imports-api-and-base',
      comment: 'index.ts names what is public and does nothing else',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { pathNot: folders(['api', 'base']) },
    },
    {
      name: 'connect-is-loaded-lazily',
      comment: 'a program that never leaves this machine does not load the Spark Connect client',
      severity: 'error',
      from: { path: folders(['api']) },
      to: { path: folders(['connect']), dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'worker-never-plans',
      comment: 'tasks reach a worker thread as physical plain data; it loads no planner, no SQL and no API',
      severity: 'error',
      from: { path: '^src/exec/worker\\.ts$' },
      to: { path: folders(['plan', 'sql', 'connect', 'api']), reachable: true },
    },
    {
      name: 'no-cycles',
      comment: 'not even by types',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'resolves',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies-in-src',
      comment: 'users get production dependencies only',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API: without swc nothing would be read, and nothing reported.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.d.ts', '.mjs'],
    },
  },
};
