import { int, type Operation, op } from './operation.js';
import { duckType, elementOf, listTypes, type Type } from './values.js';

const nullIf = (condition: string, otherwise: string): string =>
  `CASE WHEN ${condition} THEN NULL ELSE ${otherwise} END`;

const ofLists = (type: Type): readonly Operation[] => {
  const element = elementOf(type);
  return [
    op([element, element], type, 'array($0, $1)', '[$0, $1]', { weight: 3 }),
    op([type], 'int', 'size($0)', 'CAST(len($0) AS INTEGER)', { weight: 2 }),
    op([type, int(1, 2, 5, -1, -4)], element, 'try_element_at($0, $1)', `CAST($0[$1] AS ${duckType(element)})`, {
      rules: [27],
      weight: 2,
    }),
    op(
      [type, int(0, 1, 4, -1)],
      element,
      'get($0, $1)',
      `CASE WHEN $1 >= 0 THEN CAST($0[$1 + 1] AS ${duckType(element)}) END`,
      { rules: [27] },
    ),
    op(
      [type, element],
      'boolean',
      'array_contains($0, $1)',
      nullIf(
        '$0 IS NULL OR $1 IS NULL',
        'CASE WHEN list_contains($0, $1) THEN true WHEN len(list_filter($0, lambda x: x IS NULL)) > 0 THEN NULL ELSE false END',
      ),
      { rules: [28] },
    ),
    op(
      [type, element],
      'bigint',
      'array_position($0, $1)',
      nullIf('$0 IS NULL OR $1 IS NULL', 'CAST(coalesce(list_position($0, $1), 0) AS BIGINT)'),
    ),
    op([type], type, 'sort_array($0)', "list_sort($0, 'ASC', 'NULLS FIRST')", { rules: [30] }),
    op([type], type, 'sort_array($0, false)', "list_sort($0, 'DESC', 'NULLS LAST')", { rules: [30] }),
    op([type], type, 'array_sort($0)', "list_sort($0, 'ASC', 'NULLS LAST')", { rules: [30] }),
    op(
      [type],
      type,
      'sort_array(array_distinct(array_compact($0)))',
      `CAST(list_sort(list_distinct($0)) AS ${duckType(type)})`,
    ),
    op([type], element, 'array_max($0)', 'list_max($0)'),
    op([type], element, 'array_min($0)', 'list_min($0)'),
    op([type], type, 'reverse($0)', 'list_reverse($0)'),
    op([type, type], type, 'concat($0, $1)', `CAST($0 || $1 AS ${duckType(type)})`),
    op([type, int(1, 2, 3), int(0, 1, 2)], type, 'slice($0, $1, $2)', 'list_slice($0, $1, $1 + $2 - 1)'),
    op([type, element], type, 'array_append($0, $1)', nullIf('$0 IS NULL', 'list_append($0, $1)')),
    op(
      [type, element],
      type,
      'array_remove($0, $1)',
      nullIf('$0 IS NULL OR $1 IS NULL', 'list_filter($0, lambda x: x IS DISTINCT FROM $1)'),
    ),
    op([type], type, 'filter($0, x -> x IS NOT NULL)', 'list_filter($0, lambda x: x IS NOT NULL)'),
    op([type, element], type, 'filter($0, x -> x > $1)', 'list_filter($0, lambda x: x > $1)'),
    op([type, element], type, 'transform($0, x -> coalesce(x, $1))', 'list_transform($0, lambda x: coalesce(x, $1))'),
    op([type], 'boolean', 'exists($0, x -> x IS NULL)', '(len(list_filter($0, lambda x: x IS NULL)) > 0)'),
    op(
      [type, element],
      'boolean',
      'forall($0, x -> x <=> $1)',
      '(len(list_filter($0, lambda x: x IS DISTINCT FROM $1)) = 0)',
    ),
    op([type, type], 'boolean', '($0 = $1)'),
    op([type], 'boolean', '($0 IS NULL)'),
    op(['boolean', type, type], type, 'CASE WHEN $0 THEN $1 ELSE $2 END', undefined, { rules: [40] }),
    op([type, type], type, 'coalesce($0, $1)', undefined, { rules: [40] }),
  ];
};

export const listOperations: readonly Operation[] = [
  ...listTypes.flatMap((type) => ofLists(type)),
  op(
    ['array<string>'],
    'string',
    "array_join($0, '-')",
    "CASE WHEN $0 IS NOT NULL THEN coalesce(array_to_string($0, '-'), '') END",
  ),
  op(
    ['array<int>'],
    'array<string>',
    'transform($0, x -> CAST(x AS STRING))',
    'list_transform($0, lambda x: CAST(x AS VARCHAR))',
  ),
  op(
    ['array<string>'],
    'array<int>',
    'transform($0, x -> length(x))',
    'list_transform($0, lambda x: CAST(length(x) AS INTEGER))',
  ),
  op(
    ['array<int>'],
    'bigint',
    'aggregate($0, 0L, (a, x) -> a + coalesce(x, 0))',
    nullIf('$0 IS NULL', 'CAST(coalesce(list_sum($0), 0) AS BIGINT)'),
  ),
  op([int(0, 1, 3), int(3, 5)], 'array<int>', 'sequence($0, $1)', 'CAST(generate_series($0, $1) AS INTEGER[])'),
];
