import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../support/files.js';

export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** Neither server runs as root. */
const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
const run = (...command: string[]): void => {
  execFileSync(command[0] as string, command.slice(1), { stdio: 'ignore' });
};

export const freePort = (): Promise<number> =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });

/** Debian's packages, installed where they are missing and may be. */
function installed(path: () => string | undefined, name: string): string {
  if (path() === undefined) run('apt-get', 'install', '-y', '--no-install-recommends', name);
  const found = path();
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

async function started(folder: string, program: string, args: readonly string[], port: number): Promise<Server> {
  const [command = program, ...rest] = [...asNobody, program, ...args];
  const child = spawn(command, rest, { stdio: 'ignore' });
  const ended = new Promise((resume) => child.once('exit', resume));
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-server-'));
  chmodSync(folder, 0o777);
  return folder;
}

export async function startPostgres(): Promise<Server> {
  const base = '/usr/lib/postgresql';
  const versions = (): string | undefined => (existsSync(base) ? readdirSync(base).sort().at(-1) : undefined);
  const programs = join(base, installed(versions, 'postgresql'), 'bin');
  const [folder, port] = [newFolder(), await freePort()];
  const data = join(folder, 'data');
  run(...asNobody, join(programs, 'initdb'), '-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync');
  const options = ['-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1', '-c', 'fsync=off'];
  return started(folder, join(programs, 'postgres'), options, port);
}

export async function startMariadb(): Promise<Server> {
  const path = (): string | undefined => ['/usr/sbin/mariadbd', '/usr/sbin/mysqld'].find((file) => existsSync(file));
  const program = installed(path, 'mariadb-server');
  const [folder, port] = [newFolder(), await freePort()];
  const data = join(folder, 'data');
  run(...asNobody, 'mariadb-install-db', '--no-defaults', `--datadir=${data}`, '--skip-test-db');
  const options = [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    `--socket=${folder}/s`,
    '--skip-grant-tables',
  ];
  return started(folder, program, [...options, '--skip-networking=0', '--bind-address=127.0.0.1'], port);
}

/** The URL of a module of a package that the tests install beside the project. */
export function driverModule(name: string, version: string, entry = name): string {
  const folder = join(root, 'build', 'peers', 'node');
  const owner = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  if (!existsSync(join(folder, 'node_modules', owner))) {
    mkdirSync(folder, { recursive: true });
    run('npm', 'install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `${owner}@${version}`);
  }
  return pathToFileURL(createRequire(join(folder, 'index.js')).resolve(entry)).href;
}

/** Asks until it is answered. */
export async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resume) => setTimeout(resume, 200));
    }
  }
}
