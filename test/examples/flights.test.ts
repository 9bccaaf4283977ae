import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { data, questions } from '../../examples/flights-queries.js';
import { type Cells, cellsOf, Duck } from '../exec/duckdb.js';

// The main job's answers, held to DuckDB's over the same files.
let session: Session<DefaultValues>;
let duck: Duck;

beforeAll(async () => {
  session = await Session.create({ memory: '1GB' });
  duck = await Duck.open();
  await duck.run(`CREATE VIEW flights AS SELECT * FROM '${join(data, 'flights-3m.parquet')}'`);
  await duck.run(`CREATE VIEW airports AS SELECT * FROM '${join(data, 'airports.csv')}'`);
});
afterAll(async () => {
  await session.stop();
  duck.close();
});

const answers: Record<'flights' | 'airports' | 'worst' | 'byHour' | 'busiest', string> = {
  flights: 'SELECT count(*), sum(delay), sum(distance), min(origin), max(destination) FROM flights',
  airports: 'SELECT iata, name, city, state, country, latitude, longitude FROM airports ORDER BY iata LIMIT 50',
  worst: `SELECT origin, name, city, state, flights, round(mean, 2) AS meanDelay
    FROM (SELECT origin, count(*) AS flights, avg(delay) AS mean FROM flights GROUP BY origin)
    LEFT JOIN airports ON iata = origin ORDER BY meanDelay DESC, origin LIMIT 10`,
  byHour: `SELECT hour(date) AS hour, count(*), round(avg(delay), 2), max(delay), count(*) FILTER (delay > 60)
    FROM flights GROUP BY hour ORDER BY hour`,
  busiest: `SELECT state, origin, destination, flights, round(miles) FROM (
      SELECT *, row_number() OVER (PARTITION BY state ORDER BY flights DESC, origin, destination) AS place FROM (
        SELECT origin, destination, count(*) AS flights, avg(distance) AS miles FROM flights GROUP BY origin, destination)
      JOIN airports ON iata = origin)
    WHERE place = 1 ORDER BY state`,
};

async function sparrow(question: keyof typeof answers): Promise<Cells[]> {
  const { flights, airports, worst, byHour, busiest } = questions(session);
  switch (question) {
    case 'flights': {
      const all = flights.agg({ '*': 'count', delay: 'sum', distance: 'sum', origin: 'min', destination: 'max' });
      return cellsOf(await all.collect());
    }
    case 'airports':
      return cellsOf(await airports.orderBy('iata').limit(50).collect());
    default:
      return cellsOf(await { worst, byHour, busiest }[question].collect());
  }
}

test.each(Object.keys(answers) as (keyof typeof answers)[])('%s', async (question) => {
  const expected = await duck.rows(answers[question]);
  expect(expected.length).toBeGreaterThan(0);
  expect(await sparrow(question)).toEqual(expected);
});
