// What every script of the house needs. Plain Node, no dependencies: these run on a bare clone.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const path = (...parts) => join(root, ...parts);

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Run npm itself with the Node that runs us, wherever npm comes from. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  const viaNode = cli?.endsWith('.js') && existsSync(cli);
  const [command, all] = viaNode ? [process.execPath, [cli, ...args]] : ['npm', args];
  return spawnSync(command, all, {
    cwd: root,
    stdio: 'inherit',
    shell: !viaNode && process.platform === 'win32',
    ...options,
  });
}

/** The first package whose installed version is not the locked one; undefined when the install is whole. */
function firstDifference(folder) {
  const installedFile = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return 'nothing is installed';
  const installed = readJson(installedFile).packages ?? {};
  const locked = readJson(join(folder, 'package-lock.json')).packages ?? {};
  for (const [name, entry] of Object.entries(locked)) {
    if (name === '' || entry.optional || entry.devOptional || entry.peer || entry.link) continue;
    if (installed[name]?.version !== entry.version)
      return `${name.replace(/^.*node_modules\//, '')} ${entry.version} is missing`;
  }
  return undefined;
}

/** Install exactly what the lock file says, unless it is there already. */
export function ensureInstalled() {
  const difference = firstDifference(root);
  if (difference === undefined) return;
  console.log(`installing (${difference}) …`);
  const done = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (done.status !== 0) {
    console.error('npm ci failed; is the npm registry reachable?');
    process.exit(done.status ?? 1);
  }
}

/** The file that starts a locally installed command, run with our own Node. */
export function bin(packageName, command = packageName) {
  const folder = path('node_modules', packageName);
  const { bin: entry } = readJson(join(folder, 'package.json'));
  return join(folder, typeof entry === 'string' ? entry : entry[command]);
}

/** Run a program to its end and give its exit status and, when asked to capture, what it printed. */
export function run(command, args, { capture = false, cwd = root, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    let output = '';
    child.stdout?.on('data', (text) => (output += text));
    child.stderr?.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ status: 1, output: `${output}${error.message}\n` }));
    child.on('close', (status, signal) =>
      resolve({ status: status ?? 1, output: signal ? `${output}killed by ${signal}\n` : output }),
    );
  });
}

export const runNode = (args, options) => run(process.execPath, args, options);

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Do one thing at a time across processes; a lock left by a dead process is taken over. */
export async function withLock(name, work) {
  const lock = path('build', `.${name}.lock`);
  mkdirSync(path('build'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = readOwner(lock);
      if (owner !== undefined && !isAlive(owner)) rmSync(lock, { force: true });
      else await sleep(100);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readOwner(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    if (owner > 0) return owner;
    return Date.now() - statSync(lock).mtimeMs > 5_000 ? Number.MAX_SAFE_INTEGER : undefined;
  } catch {
    return undefined;
  }
}
