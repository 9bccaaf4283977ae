// npm run lock [-- <npm install arguments>]: change dependencies, and leave a lock file that works on every platform.
// A registry mirror may lack the binary packages of other platforms; npm then leaves them out of the lock file without
// a word, and `npm ci` refuses that file. Each one left out is added by what its name says.
import { readFileSync, writeFileSync } from 'node:fs';
import { npm, path } from './lib/house.mjs';

const done = npm(['install', ...process.argv.slice(2), '--no-audit', '--no-fund']);
if (done.status !== 0) process.exit(done.status ?? 1);

const file = path('package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));

/** Whether a package that stands at `from` finds `name` in its own or an outer node_modules. */
function isLocked(from, name) {
  const folders = from
    .split('/node_modules/')
    .map((_, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'));
  return ['', ...folders].some(
    (folder) => lock.packages[`${folder}${folder && '/'}node_modules/${name}`] !== undefined,
  );
}

/** The platform in names like core-linux-arm64-musl or cli-win32-x64. */
function platformOf(name) {
  const [, os, cpu, flavour = ''] =
    /-(linux|darwin|win32|android|freebsd)-(x64|arm64|arm|ia32|ppc64|s390x|riscv64)(-\w+)?$/.exec(name) ?? [];
  if (os === undefined) throw new Error(`${name}: its platform cannot be told from its name`);
  const libc = flavour.startsWith('-gnu') ? ['glibc'] : flavour === '-musl' ? ['musl'] : undefined;
  return { cpu: [cpu], ...(libc && { libc }), os: [os] };
}

let added = 0;
for (const [from, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(from, name)) continue;
    const { cpu, libc, os } = platformOf(name);
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(dev && { dev }),
      ...(libc && { libc }),
      optional: true,
      os,
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([x], [y]) => (x < y ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} packages of other platforms added`);
