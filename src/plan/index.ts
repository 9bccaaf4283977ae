export { bind, bindWith, positionsOf } from './bind.js';
export * as build from './build.js';
export type { Catalog } from './catalog.js';
export { missingParser } from './catalog.js';
export {
  type Explained,
  type ExplainMode,
  explainLogical,
  optimizeExplained,
  sizeText,
  treeString,
} from './explain.js';
export type * from './expr.js';
export { exprNullable, exprType, references, toAttribute } from './expr-type.js';
export { canFail, exprKey, hasAggregate, isDeterministic, sameExpr } from './facts.js';
export { nextId } from './ids.js';
export { equiTerm, joinAnd, splitAnd } from './logic.js';
export type * from './node.js';
export { nodeText } from './node-text.js';
export { type OptimizeOptions, optimize, type RuleFiring } from './optimize/optimizer.js';
export { outputIds, outputOf, schemaOf } from './output.js';
export { expand as expandViews } from './resolve/expand.js';
export { analyze, type PlanSettings, resolve } from './resolve/resolver.js';
export { scalarText } from './scalar-text.js';
export { columnName, sqlText } from './sql-text.js';
export { estimate, type PlanEstimate, sizeInBytes } from './statistics.js';
export {
  allNodes,
  children,
  foldPlan,
  mapChildren,
  planExprs,
  planProperty,
  transformDown,
  transformUp,
  withChildren,
} from './walk.js';
export { exprChildren, foldExpr, someExpr, transformExpr, visitExpr } from './walk-expr.js';
