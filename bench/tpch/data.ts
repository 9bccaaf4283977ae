import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError } from '../harness/contract.js';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import { dataFolder } from '../harness/paths.js';
import { tables } from './tables.js';
import { writeTinyData } from './tiny-data.js';

const generatorVersion = '4.0.0';
const toolsFolder = join(dataFolder, '.tools');

export type Compression = 'snappy' | 'zstd';

/** TPC-H as eight Parquet files, made once per scale factor and compression; gives their folder. */
export async function tpchData(scale: string, compression: Compression = 'snappy'): Promise<string> {
  const folder = join(dataFolder, `tpch-sf${scale}${compression === 'snappy' ? '' : `-${compression}`}`);
  if (isWhole(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  console.error(`making TPC-H data of scale ${scale}, ${compression} …`);
  if (scale === 'tiny') await writeTinyData(partial, compression);
  else if (!generateWithTool(partial, scale, compression) && !(await generateWithDuckdb(partial, scale, compression))) {
    rmSync(partial, { recursive: true });
    throw new UnavailableError(
      `No TPC-H data of scale ${scale}: there is neither tpchgen-cli (pip install tpchgen-cli) nor DuckDB's tpch extension. ` +
        `Put region.parquet … lineitem.parquet into ${folder}, or use --sf tiny.`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return folder;
}

const isWhole = (folder: string): boolean =>
  existsSync(folder) && tables.every((table) => readdirSync(folder).includes(`${table}.parquet`));

const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', shell: false }).status === 0;

/** tpchgen-cli from the path, from an earlier install, or installed now with pip into the data folder. */
function findTool(): string | undefined {
  const installed = join(toolsFolder, 'bin/tpchgen-cli');
  const present = ['tpchgen-cli', installed].find((command) => succeeds(command, ['--version']));
  if (present) return present;
  for (const python of ['python3', 'python']) {
    const arguments_ = ['-m', 'pip', 'install', '--quiet', '--target', toolsFolder, `tpchgen-cli==${generatorVersion}`];
    if (succeeds(python, arguments_) && succeeds(installed, ['--version'])) return installed;
  }
  return undefined;
}

function generateWithTool(folder: string, scale: string, compression: Compression): boolean {
  const tool = findTool();
  if (tool === undefined) return false;
  const codec = compression === 'zstd' ? 'ZSTD(1)' : 'SNAPPY';
  const wanted = ['parquet', '-s', scale, '-c', codec, '--output-dir', folder, '--quiet'];
  // Version 4 names the format by a subcommand, earlier ones by an option.
  const earlier = ['-s', scale, '--format=parquet', '--parquet-compression', codec, '--output-dir', folder];
  return (succeeds(tool, wanted) || succeeds(tool, earlier)) && isWhole(folder);
}

async function generateWithDuckdb(folder: string, scale: string, compression: Compression): Promise<boolean> {
  const connection = await connectDuckdb(2);
  try {
    await connection.run('INSTALL tpch');
    await connection.run('LOAD tpch');
    await connection.run(`CALL dbgen(sf = ${Number(scale)})`);
    for (const table of tables) {
      const file = quoted(join(folder, `${table}.parquet`));
      await connection.run(`COPY ${table} TO ${file} (FORMAT parquet, CODEC ${compression})`);
    }
    return true;
  } catch {
    return false;
  } finally {
    connection.closeSync();
  }
}
