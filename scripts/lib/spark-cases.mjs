// What the golden generator asks: calls of every registry entry with edge values, from its signature.
import { inputs, operators, skipped, undecided } from './spark-inputs.mjs';
import { nullOf, pools, tableColumns } from './spark-pools.mjs';

/** At most this many calls of one entry that are made from its signature. */
const MOST_CALLS = 28;
const MOST_SHAPES = 28;
/** Their arguments are lengths: great numbers would ask for gigabytes. */
const makesText = new Set([
  'lpad',
  'rpad',
  'repeat',
  'space',
  'array_repeat',
  'sequence',
  'randstr',
  'format_string',
  'format_number',
]);

/** A small generator of pseudo-random numbers, so that two runs ask the same. */
function random(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const hashOf = (text) => [...text].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, 7);

const typeNames = Object.keys(pools);

/** Which argument types an entry takes, among the pools. */
function shapesOf(entry, typeOf, pick) {
  const found = [];
  const accepts = (names) => {
    for (const constants of [false, true]) {
      const args = names.map((name) => {
        const type = typeOf(name);
        return constants && type.kind === 'string' ? { type, nullable: false, literal: 'x' } : { type, nullable: true };
      });
      try {
        if (!('mismatch' in entry.resolve(args, { ansi: true }))) return true;
      } catch {
        // Some say so by an error.
      }
    }
    return false;
  };
  const add = (names) => {
    if (accepts(names)) found.push(names);
  };
  add([]);
  for (const a of typeNames) add([a]);
  for (const a of typeNames) for (const b of typeNames) add([a, b]);
  for (let i = 0; i < 150; i++) add(Array.from({ length: 3 }, () => typeNames[pick(typeNames.length)]));
  const common = typeNames.slice(0, 12);
  for (let i = 0; i < 60; i++) add(Array.from({ length: 3 }, () => common[pick(common.length)]));
  while (found.length > MOST_SHAPES) found.splice(pick(found.length), 1);
  return found;
}

function textOf(sqlName, args) {
  const template = operators[sqlName];
  if (template !== undefined) return template(args);
  return `${sqlName}(${args.join(', ')})`;
}

function scalarCases(entry, typeOf) {
  const pick = random(hashOf(entry.name));
  const [name] = entry.sql;
  const cases = new Set([
    ...entry.examples.map(([sql]) => sql),
    ...(inputs[name] ?? []).map((args) => expand(name, args)),
  ]);
  if (!isCallable(name)) return [...cases];
  const shapes = shapesOf(entry, typeOf, pick);
  const rounds = Math.max(1, Math.ceil(MOST_CALLS / Math.max(1, shapes.length)));
  for (const shape of shapes) {
    for (let round = 0; round < rounds; round++) {
      const args = shape.map((type) => {
        const values = pools[type];
        const value = pick(12) === 0 ? nullOf(type) : values[(round + pick(values.length)) % values.length];
        return makesText.has(name) && /\d{4}/.test(value) ? '5' : value;
      });
      cases.add(textOf(name, args));
    }
  }
  return [...cases];
}

const isCallable = (name) => operators[name] !== undefined || /^[a-z]\w*$/.test(name);
/** An input is a list of arguments, or a whole expression. */
const expand = (name, args) => (typeof args === 'string' ? args : textOf(name, args));

function aggregateCases(entry, typeOf, columnType) {
  const pick = random(hashOf(entry.name));
  const [name] = entry.sql;
  const columns = Object.keys(tableColumns);
  const cases = new Set((inputs[name] ?? []).map((args) => expand(name, args)));
  const accepts = (names) => {
    try {
      return !(
        'mismatch' in
        entry.resolve(
          names.map((n) => ({ type: typeOf(columnType[n]), nullable: true })),
          { ansi: true },
        )
      );
    } catch {
      return false;
    }
  };
  for (const a of columns) if (accepts([a])) cases.add(`${name}(${a})`);
  for (const a of ['i32', 'f64', 's'])
    if (accepts([a])) cases.add(`${name}(distinct ${a})`).add(`${name}(${a}) filter (where g = 1)`);
  for (const a of ['i32', 's']) if (accepts([a])) cases.add(`${name}(${a}) filter (where g > 9)`);
  const pairs = columns.flatMap((a) => columns.map((b) => [a, b])).filter(accepts);
  while (pairs.length > 16) pairs.splice(pick(pairs.length), 1);
  for (const pair of pairs) cases.add(`${name}(${pair.join(', ')})`);
  return [...cases];
}

/** Every pair of types that a cast may go between, over all edge values of the first. */
function castCases() {
  const targets = [
    ...[
      'tinyint',
      'smallint',
      'int',
      'bigint',
      'float',
      'double',
      'decimal(5,2)',
      'decimal(38,18)',
      'string',
      'binary',
    ],
    ...['boolean', 'date', 'timestamp', 'timestamp_ntz', 'time', 'interval year to month', 'interval day to second'],
    ...['interval year', 'interval hour to second', 'interval second'],
  ];
  const cases = [];
  for (const [from, values] of Object.entries(pools)) {
    for (const to of targets) {
      for (const value of from === 'string' ? [...values, ...inputs.castText] : values)
        cases.push(`cast(${value} as ${to})`);
      cases.push(`try_cast(${values[from === 'string' ? 2 : values.length - 1]} as ${to})`);
    }
  }
  return cases;
}

/** [function, kind, SQL] of all that is asked. */
export function allCases(functions, typeOf, columnType) {
  const cases = castCases().map((sql) => ['cast', 'row', sql]);
  for (const entry of Object.values(functions)) {
    if (skipped.has(entry.sql[0]) || entry.name === 'cast' || entry.name === 'tryCast') continue;
    if (entry.kind === 'scalar' && entry.deterministic !== false) {
      for (const sql of scalarCases(entry, typeOf)) cases.push([entry.name, 'row', sql]);
    } else if (entry.kind === 'aggregate') {
      for (const sql of aggregateCases(entry, typeOf, columnType))
        if (!undecided.has(sql)) cases.push([entry.name, 'agg', sql]);
    }
  }
  return cases;
}
