// The same question, rows from JavaScript and back, by DuckDB.
import { mark, people, tell } from './data.js';

mark('node');
const { DuckDBInstance } = await import('@duckdb/node-api');
mark('import');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
mark('session');
await connection.run('CREATE TABLE people (id INTEGER, team INTEGER, points INTEGER)');
const appender = await connection.createAppender('people');
for (const { id, team, points } of people()) {
  appender.appendInteger(id);
  appender.appendInteger(team);
  appender.appendInteger(points);
  appender.endRow();
}
appender.closeSync();
const reader = await connection.runAndReadAll(
  'SELECT team, count(*) AS n, avg(points) AS mean FROM people WHERE points > 10 GROUP BY team ORDER BY team',
);
const rows = reader.getRowObjectsJS();
mark('collect');
tell(rows.map(({ team, n, mean }) => [Number(team), Number(n), Number(mean)]));
connection.closeSync();
