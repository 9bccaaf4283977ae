import { aggregateBeforeJoin } from './aggregate-before-join.js';
import { chooseBuildSide } from './choose-build-side.js';
import { collapseProjects } from './collapse-projects.js';
import { decorrelate } from './decorrelate.js';
import { distinctToAggregate } from './distinct-to-aggregate.js';
import { eliminateOuterJoins } from './eliminate-outer-joins.js';
import { factorConditions } from './factor-conditions.js';
import { foldConstants } from './fold-constants.js';
import { inferPredicates } from './infer-predicates.js';
import { limitGroups } from './limit-groups.js';
import { mergeFilters } from './merge-filters.js';
import { pruneColumns } from './prune-columns.js';
import { pruneEmpty } from './prune-empty.js';
import { pruneFields } from './prune-fields.js';
import { pushFilters } from './push-filters.js';
import { pushIntoScan } from './push-into-scan.js';
import { pushLimits } from './push-limits.js';
import { removeNoopProjects } from './remove-noop-projects.js';
import { connectJoins, reorderJoins } from './reorder-joins.js';
import { requireLiterals } from './require-literals.js';
import { rewriteDistinctAggregates } from './rewrite-distinct-aggregates.js';
import type { Rule } from './rule.js';
import { semiJoinForDistinct } from './semi-join-for-distinct.js';
import { shareCommonExpressions } from './share-common-expressions.js';
import { narrowShared, shareSubplans } from './share-subplans.js';
import { simplifyBooleans } from './simplify-booleans.js';
import { simplifyCasts } from './simplify-casts.js';
import { simplifyNulls } from './simplify-nulls.js';
import { sortMapKeys } from './sort-map-keys.js';

/** Rules that are applied one after the other, again and again until none has anything to do. */
export interface RuleBatch {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Gone through once. */
  readonly once?: boolean;
}

const expressions: readonly Rule[] = [foldConstants, simplifyCasts, simplifyBooleans, simplifyNulls, factorConditions];

const filters: readonly Rule[] = [mergeFilters, pushFilters, eliminateOuterJoins, pruneEmpty];

const columns: readonly Rule[] = [pruneColumns, collapseProjects, removeNoopProjects];

/** The order is the design: simple expressions first, then fewer rows, then fewer joins' rows, then fewer columns. */
export const ruleBatches: readonly RuleBatch[] = [
  {
    name: 'normalize',
    once: true,
    rules: [decorrelate, removeNoopProjects, sortMapKeys, distinctToAggregate, rewriteDistinctAggregates],
  },
  {
    name: 'simplify',
    rules: [...expressions, ...filters, inferPredicates, collapseProjects, removeNoopProjects, pushLimits],
  },
  { name: 'common parts', once: true, rules: [shareSubplans] },
  { name: 'join order', once: true, rules: [reorderJoins] },
  { name: 'prune', rules: [...filters, inferPredicates, ...columns, pushLimits] },
  { name: 'early groups', once: true, rules: [aggregateBeforeJoin] },
  { name: 'semi joins', rules: [semiJoinForDistinct, ...columns] },
  { name: 'share', rules: [shareCommonExpressions] },
  { name: 'finish', rules: [...columns, narrowShared, ...expressions] },
  { name: 'sources', once: true, rules: [requireLiterals, pushIntoScan, pruneFields, chooseBuildSide, limitGroups] },
];

/**
 * Rules without which a plan cannot run: they rewrite what no operator does, and bring the conditions of a WHERE to the
 * joins they are for (FROM a, b, c would be a product otherwise), in an order in which there is one for each join.
 */
export const requiredBatches: readonly RuleBatch[] = [
  ...ruleBatches.filter((batch) => batch.name === 'normalize'),
  { name: 'join conditions', rules: [factorConditions, mergeFilters, pushFilters, connectJoins] },
];

/** Every rule, in the order of its first use. */
export const allRules: readonly Rule[] = [...new Set(ruleBatches.flatMap((batch) => batch.rules))];
