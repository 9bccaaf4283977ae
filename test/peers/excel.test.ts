// Workbooks as openpyxl writes them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../support/files.js';
import { askPython, pythonWithPackages } from './python.js';
import { driverModule } from './servers.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-excel-'));
const before = process.cwd();
let session: Session<DefaultValues>;
beforeAll(async () => {
  const python = await pythonWithPackages();
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'openpyxl']);
  driverModule('read-excel-file', '9', 'read-excel-file/node');
  mkdirSync(join(root, 'build', 'peers', 'node'), { recursive: true });
  process.chdir(join(root, 'build', 'peers', 'node'));
  session = await Session.create({ workers: 1 });
  await askPython(WORKBOOKS, folder);
}, 300_000);
afterAll(async () => {
  process.chdir(before);
  await session?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const WORKBOOKS = `
import sys, datetime as dt, openpyxl, json
wb = openpyxl.Workbook(); ws = wb.active; ws.title = 'Sales'
ws.append(['id', 'name', 'when', 'day', 'amount', 'ok', 'mixed', None])
for i in range(3000):
    ws.append([i, f'n"{i}\\nü' if i % 7 else None, dt.datetime(2024, 1, 1, 12, 30) + dt.timedelta(hours=i),
               dt.date(2024, 1, 1) + dt.timedelta(days=i), i * 1.25, i % 2 == 0, i if i % 2 else f't{i}', 'z'])
more = wb.create_sheet('More'); more.append(['x']); more.append([True])
wb.save(sys.argv[1] + '/book.xlsx')
wb = openpyxl.Workbook(); wb.active.append(['id', 'extra']); wb.active.append([1.5, 'a']); wb.save(sys.argv[1] + '/second.xlsx')
print(json.dumps(True))
`;

test('cells have their types, and come out as they were', async () => {
  const frame = session.read.excel(join(folder, 'book.xlsx'));
  expect((await frame.schema()).simpleString()).toBe(
    'struct<id:bigint,name:string,when:timestamp_ntz,day:date,amount:double,ok:boolean,mixed:string,_c7:string>',
  );
  const rows = await frame.orderBy('id').collect();
  expect(rows.length).toBe(3000);
  expect(rows[0]).toEqual({
    id: 0,
    name: null,
    when: new Date('2024-01-01T12:30:00Z'),
    day: new Date('2024-01-01T00:00:00Z'),
    amount: 0,
    ok: true,
    mixed: 't0',
    _c7: 'z',
  });
  expect(rows[2999]).toMatchObject({ name: 'n"2999\nü', amount: 3748.75, ok: false, mixed: '2999' });
  expect(await frame.filter('ok AND amount > 100').groupBy().sum('id').collect()).toEqual([{ 'sum(id)': 2246860 }]);
});

test('another sheet, no header, several workbooks, bytes, a schema', async () => {
  const path = join(folder, 'book.xlsx');
  expect(await session.read.option('sheet', 'More').excel(path).collect()).toEqual([{ x: true }]);
  expect(await session.read.options({ sheet: 2, header: false }).excel(readFileSync(path)).collect()).toEqual([
    { _c0: 'x' },
    { _c0: 'true' },
  ]);
  const both = session.read.excel([path, join(folder, 'second.xlsx')]);
  expect(await both.filter("extra = 'a'").select('id', 'name').collect()).toEqual([{ id: 1.5, name: null }]);
  const asked = session.read.schema('id decimal(10,2), amount string').excel(join(folder, '*.xlsx'));
  expect(await asked.filter('id = 1.5 OR id = 4').orderBy('id').collect()).toEqual([
    { id: '1.50', amount: null },
    { id: '4.00', amount: '5' },
  ]);
});

test('what is no workbook, and sheets that are not there', async () => {
  writeFileSync(join(folder, 'no.xlsx'), 'PK but no more');
  await expect(session.read.excel(join(folder, 'no.xlsx')).collect()).rejects.toMatchObject({
    code: 'FAILED_READ_FILE',
  });
  const none = session.read.option('sheet', 'Nope').excel(join(folder, 'book.xlsx'));
  await expect(none.collect()).rejects.toMatchObject({ code: 'FAILED_READ_FILE', message: /Nope/ });
  const wrong = session.read.schema('name int').excel(join(folder, 'book.xlsx'));
  await expect(wrong.collect()).rejects.toMatchObject({ code: /MALFORMED/ });
});
