import type { DataType } from '../base/index.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { SqlRoutine } from '../plan/routine.js';

/** A name of up to three parts (`catalog.database.table`), outermost first. */
export type NameParts = readonly string[];

/** A column of CREATE TABLE or ALTER TABLE. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly comment?: string;
  readonly default?: string;
}

/** A query inside a command, as text and as the plan it was read as. */
export interface QueryText {
  readonly text: string;
  readonly plan: Plan;
}

export interface CreateView {
  readonly kind: 'create_view';
  readonly name: NameParts;
  readonly scope: 'permanent' | 'temporary' | 'global';
  readonly replace: boolean;
  readonly ifNotExists: boolean;
  readonly columns?: readonly string[];
  /** Absent for `CREATE TEMP VIEW … USING format`. */
  readonly query?: QueryText;
  readonly source?: {
    readonly format: string;
    readonly options: Readonly<Record<string, string>>;
    readonly schema?: readonly ColumnDefinition[];
  };
  readonly comment?: string;
}

export interface CreateFunction {
  readonly kind: 'create_function';
  readonly name: NameParts;
  readonly temporary: boolean;
  readonly replace: boolean;
  readonly ifNotExists: boolean;
  readonly routine: Omit<SqlRoutine, 'name'>;
}

/** Rows of a table lie in files by a hash of columns, and sorted in each file. */
export interface Buckets {
  readonly count: number;
  readonly columns: readonly string[];
  readonly sortBy: readonly string[];
}

export interface CreateTable {
  readonly kind: 'create_table';
  readonly name: NameParts;
  readonly replace: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  readonly format?: string;
  readonly options: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly partitionBy: readonly string[];
  readonly buckets?: Buckets;
  readonly location?: string;
  readonly comment?: string;
  readonly query?: QueryText;
  readonly like?: NameParts;
}

/** `PARTITION (a = 1, b)`: a value, or undefined for one that the query gives. */
export type PartitionSpec = readonly { readonly name: string; readonly value?: Expr }[];

export interface Insert {
  readonly kind: 'insert';
  readonly table: NameParts;
  readonly overwrite: boolean;
  readonly columns?: readonly string[];
  readonly byName: boolean;
  /** `REPLACE WHERE condition`: only the rows it holds for are replaced. */
  readonly replaceWhere?: string;
  readonly partition: PartitionSpec;
  readonly query: Plan;
}

/** A column and what it becomes; without a value its default. */
export interface Assignment {
  readonly column: string;
  readonly value?: Expr;
}

/** The table whose rows are changed, and what it is called in expressions. */
interface ChangedTable {
  readonly table: NameParts;
  readonly alias?: string;
}

export interface DeleteRows extends ChangedTable {
  readonly kind: 'delete';
  readonly where?: Expr;
}

export interface UpdateRows extends ChangedTable {
  readonly kind: 'update';
  readonly set: readonly Assignment[];
  readonly where?: Expr;
}

/** `all`: every column takes the source's of its name. */
export type MergeAction =
  | { readonly kind: 'delete' }
  | { readonly kind: 'all' }
  | { readonly kind: 'set'; readonly set: readonly Assignment[] };

export interface MergeClause {
  readonly on: 'matched' | 'notMatched' | 'notMatchedBySource';
  readonly condition?: Expr;
  readonly action: MergeAction;
}

export interface MergeRows extends ChangedTable {
  readonly kind: 'merge';
  readonly source: Plan;
  readonly on: Expr;
  /** Of those that apply to a row the first is taken. */
  readonly clauses: readonly MergeClause[];
}

export type AlterAction =
  | { readonly kind: 'rename'; readonly to: NameParts }
  | { readonly kind: 'add_columns'; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: 'drop_columns'; readonly columns: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: 'rename_column'; readonly from: string; readonly to: string }
  | { readonly kind: 'alter_column'; readonly column: string; readonly type?: DataType; readonly comment?: string }
  | { readonly kind: 'set_properties'; readonly properties: Readonly<Record<string, string>> }
  | { readonly kind: 'add_partitions'; readonly specs: readonly PartitionSpec[]; readonly ifNotExists: boolean }
  | { readonly kind: 'drop_partitions'; readonly specs: readonly PartitionSpec[]; readonly ifExists: boolean }
  | { readonly kind: 'rename_partitions'; readonly from: PartitionSpec; readonly to: PartitionSpec }
  | { readonly kind: 'recover_partitions' }
  | { readonly kind: 'unset_properties'; readonly names: readonly string[]; readonly ifExists: boolean };

/** Values for variables, in order; a value that is left out is the variable's default. */
export interface Assign {
  readonly kind: 'set_variable';
  readonly names: readonly NameParts[];
  readonly values: readonly (Expr | undefined)[];
  /** Instead of values: a query whose one row has them. */
  readonly query?: Plan;
}

/** What is shown: a list of names, most of them with `LIKE 'pattern'`. */
export type Shown = 'namespace' | 'tables' | 'views' | 'databases' | 'columns' | 'functions' | 'catalogs';

/** A statement that does something other than give rows of tables. */
export type Command =
  | CreateView
  | CreateTable
  | CreateFunction
  | {
      readonly kind: 'drop_function';
      readonly name: NameParts;
      readonly ifExists: boolean;
      readonly temporary: boolean;
    }
  | Insert
  | DeleteRows
  | UpdateRows
  | MergeRows
  | {
      readonly kind: 'create_database';
      readonly name: NameParts;
      readonly ifNotExists: boolean;
      readonly comment?: string;
      readonly location?: string;
    }
  | {
      readonly kind: 'drop';
      readonly what: 'table' | 'view' | 'database' | 'variable';
      readonly name: NameParts;
      readonly ifExists: boolean;
      readonly cascade: boolean;
    }
  | { readonly kind: 'truncate'; readonly table: NameParts; readonly spec?: PartitionSpec }
  | { readonly kind: 'alter'; readonly what: 'table' | 'view'; readonly name: NameParts; readonly action: AlterAction }
  | { readonly kind: 'alter_view'; readonly name: NameParts; readonly query: QueryText }
  | { readonly kind: 'use'; readonly name: NameParts }
  | { readonly kind: 'use_catalog'; readonly name: string }
  | { readonly kind: 'set'; readonly name?: string; readonly value?: string }
  | { readonly kind: 'set_time_zone'; readonly zone: string | Expr }
  | { readonly kind: 'reset'; readonly name?: string }
  | {
      readonly kind: 'show';
      readonly what: Shown;
      /** Of functions: the user's or the built-in ones only. */
      readonly scope?: 'user' | 'system';
      readonly from?: NameParts;
      readonly pattern?: string;
    }
  | { readonly kind: 'show_partitions'; readonly table: NameParts; readonly spec?: PartitionSpec }
  | { readonly kind: 'show_create'; readonly table: NameParts }
  | { readonly kind: 'show_properties'; readonly table: NameParts; readonly name?: string }
  | {
      readonly kind: 'describe';
      readonly what: 'table' | 'database' | 'function';
      readonly name: NameParts;
      readonly extended: boolean;
      readonly column?: string;
    }
  | { readonly kind: 'describe_query'; readonly query: Plan }
  | {
      readonly kind: 'explain';
      readonly mode: 'simple' | 'extended' | 'formatted' | 'cost' | 'codegen';
      readonly text: string;
    }
  | { readonly kind: 'cache'; readonly table: NameParts; readonly query?: QueryText }
  | { readonly kind: 'uncache'; readonly table: NameParts; readonly ifExists: boolean }
  | { readonly kind: 'clear_cache' }
  | { readonly kind: 'refresh'; readonly table: NameParts }
  | {
      readonly kind: 'declare_variable';
      readonly names: readonly NameParts[];
      readonly replace: boolean;
      readonly type?: DataType;
      readonly default?: Expr;
    }
  | Assign
  | {
      readonly kind: 'execute_immediate';
      readonly text: Expr;
      readonly into: readonly NameParts[];
      readonly given: readonly { readonly name?: string; readonly value: Expr }[];
    };

export type CommandKind = Command['kind'];

/** A statement of SQL text. */
export type SqlStatement = { readonly kind: 'query'; readonly plan: Plan } | Command;
