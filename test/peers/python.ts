import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../support/files.js';

const run = promisify(execFile);
const folder = join(root, 'build', 'peers', 'python');
/** What the tests beside Python ask of PyPI. */
const PACKAGES = [
  'deltalake==1.*',
  'pyarrow',
  'fastavro',
  'cramjam',
  'pyiceberg[sql-sqlite]==0.12.*',
  'pyiceberg-core',
  'duckdb==1.5.*',
  'duckdb-extension-tpcds==1.5.*',
];

/** Python with the packages of the tests, in a folder of its own that is made once. */
export async function pythonWithPackages(): Promise<string> {
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'packages.txt');
  const wanted = PACKAGES.join('\n');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  mkdirSync(folder, { recursive: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
    timeout: 600_000,
    maxBuffer: 1 << 26,
  });
  writeFileSync(stamp, wanted);
  return python;
}

/** Python with real Spark, which needs Java 17 or later; the place that `npm run spark-goldens` uses, too. */
async function pythonWithSpark(): Promise<string> {
  const venv = process.env.SPARK_VENV ?? join(root, 'build', 'peers', 'spark');
  const python = join(venv, 'bin', 'python');
  if (existsSync(join(venv, 'bin', 'pyspark'))) return python;
  await run('python3', ['-m', 'venv', venv]);
  const version = process.env.PYSPARK_VERSION ?? '4.3.0';
  await run(python, ['-m', 'pip', 'install', '--quiet', `pyspark==${version}`], {
    timeout: 900_000,
    maxBuffer: 1 << 26,
  });
  return python;
}

/** Runs a program beside real Spark, whose session is `spark`, and gives the JSON value of its last line. */
export async function askSpark(program: string, warehouse: string, ...args: readonly string[]): Promise<unknown> {
  const settings = [
    ['ui.enabled', 'false'],
    ['sql.warehouse.dir', warehouse],
    ['sql.shuffle.partitions', '2'],
    ['driver.memory', '1g'],
  ];
  const config = settings.map(([name, value]) => `.config('spark.${name}', '${value}')`).join('');
  const whole = `from pyspark.sql import SparkSession\nspark = SparkSession.builder.master('local[2]')${config}.getOrCreate()\n${program}`;
  const { stdout } = await run(await pythonWithSpark(), ['-c', whole, ...args], {
    timeout: 300_000,
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

/** Runs a program that prints one JSON value; `args` are its arguments. */
export async function askPython(program: string, ...args: readonly string[]): Promise<unknown> {
  const python = await pythonWithPackages();
  // The threads of some packages are torn down in an order that aborts the process: it ends before.
  const whole = `${program}\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n`;
  const { stdout } = await run(python, ['-c', whole, ...args], { timeout: 120_000, maxBuffer: 1 << 28 });
  return JSON.parse(stdout);
}
