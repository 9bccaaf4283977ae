import { engineBug } from '../../base/index.js';
import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import { fieldAt, GROUP_HEADER, PLACE_SHIFT, type RowLayout } from '../row-layout.js';
import type { SourceColumn } from '../task/spec.js';
import { extend, hashKeys, placeOf, pushSameKey } from './keys.js';
import { type ColumnValue, loadField } from './load.js';
import { MORE, type Pipe } from './pipe.js';
import { storeValue } from './rows.js';
import { DENSE, DENSE_BYTES, PIPE } from './state-layout.js';

/** How groups are found: `single` (no keys), a dense array over small key domains, or a hash index. */
export type GroupAddressing =
  | { readonly kind: 'single' | 'hash' }
  /** One flag a key: whether it is addressed by dictionary code. And whether the slots are few enough to keep totals in. */
  | { readonly kind: 'dense'; readonly byCode: readonly boolean[]; readonly slots: 'few' | 'some' | 'many' };

/** Emits the lookup (or creation) of a group's row. */
export class GroupTable {
  readonly #index: Local;
  readonly #mask: Local;
  readonly #denseBases: (Local | undefined)[] = [];
  readonly #denseStrides: Local[] = [];
  #layout: RowLayout | undefined;
  #init: (row: Local) => void = () => undefined;

  constructor(
    private readonly pipe: Pipe,
    private readonly keys: readonly SourceColumn[],
    private readonly addressing: GroupAddressing,
    /** So many keys say by themselves which partition a group belongs to. */
    private readonly partitionKeys = keys.length,
  ) {
    const { code } = pipe;
    this.#index = code.local('i32');
    this.#mask = code.local('i32');
  }

  /** At the start of the function. */
  prologue(): void {
    const { pipe, addressing } = this;
    pipe.loadWord(PIPE.INDEX, this.#index);
    if (addressing.kind === 'hash') pipe.loadWord(PIPE.INDEX_MASK, this.#mask);
    if (addressing.kind !== 'dense') return;
    addressing.byCode.forEach((byCode, k) => {
      const at = pipe.layout.dense + k * DENSE_BYTES;
      const stride = pipe.code.local('i32');
      pipe.loadWord(at + DENSE.STRIDE, stride);
      this.#denseStrides.push(stride);
      const base = byCode ? undefined : pipe.code.local('i64');
      if (base !== undefined) pipe.loadWord(at + DENSE.BASE, base);
      this.#denseBases.push(base);
    });
  }

  /** Settles the rows' layout and how a new group's state begins, once the arguments' carriers are known. */
  use(layout: RowLayout, init: (row: Local) => void): void {
    this.#layout = layout;
    this.#init = init;
  }

  get layout(): RowLayout {
    if (this.#layout === undefined) throw engineBug('group layout is not settled');
    return this.#layout;
  }

  /** The row of the group of these keys; `word` when what its row begins with is known already. */
  find(keys: readonly ColumnValue[], word?: Local): Local {
    if (this.addressing.kind === 'single') return this.#findSingle();
    return this.addressing.kind === 'dense'
      ? this.#findDense(keys)
      : this.#findHashed(keys, word ?? hashKeys(this.pipe, keys), word);
  }

  /**
   * Fetches the place in the index of a group to be looked up soon, if what is on the stack says so. A lookup waits for each
   * place that is not in the cache; such loads wait beside each other.
   */
  touch(hash: Local, isAsked: boolean): void {
    const { code } = this.pipe;
    const slot = code.local('i32');
    code.get(hash).get(this.#mask).op('i32.and').set(slot);
    if (isAsked) {
      const asked = code.local('i32');
      code.set(asked).get(slot).i32(0).get(asked).select().set(slot);
    }
    code.get(this.#index).get(slot).i32(3).op('i32.shl').op('i32.add').op('i32.load', 4).drop();
  }

  #findSingle(): Local {
    const { code } = this.pipe;
    const row = code.local('i32');
    // INDEX holds the only row's address.
    code
      .get(this.#index)
      .tee(row)
      .op('i32.eqz')
      .if(() => {
        const made = this.#create([], undefined);
        code.get(made).tee(row).set(this.#index);
        this.pipe.storeWord(PIPE.INDEX, row);
      });
    return row;
  }

  #findDense(keys: readonly ColumnValue[]): Local {
    const { pipe } = this;
    const { code } = pipe;
    const slot = code.local('i32');
    const row = code.local('i32');
    code.get(this.#index);
    keys.forEach((key, k) => {
      this.#pushDenseDigit(key, k);
      code
        .get(this.#denseStrides[k] as Local)
        .op('i32.mul')
        .op('i32.add');
    });
    code
      .tee(slot)
      .op('i32.load')
      .tee(row)
      .op('i32.eqz')
      .if(() => {
        // Bytes and hash of a dense group's keys are computed once, when the group is made: merging needs them.
        const whole = keys.map((key) =>
          key.late === undefined || key.parts.length > 0 ? key : { ...key, parts: key.late() },
        );
        code.get(this.#create(whole, hashKeys(pipe, whole))).set(row);
        code.get(slot).get(row).op('i32.store');
      });
    return row;
  }

  /** Pushes 0 for null, else 1 + code or value - base. Strides are in bytes. */
  #pushDenseDigit(key: ColumnValue, k: number): void {
    const { code } = this.pipe;
    const base = this.#denseBases[k];
    if (base === undefined) {
      if (key.dictionaryCode === undefined) throw engineBug('a dense key by code has no code');
      code.get(key.dictionaryCode);
    } else {
      const [wide] = extend(code, key, key.carrier === 'i128' ? 'i128' : 'i64');
      code
        .get(wide as Local)
        .get(base)
        .op('i64.sub')
        .op('i32.wrap_i64');
    }
    code.i32(1).op('i32.add');
    if (key.isNull !== undefined) {
      const digit = code.local('i32');
      code.set(digit).i32(0).get(digit).get(key.isNull).select();
    }
  }

  #findHashed(keys: readonly ColumnValue[], hash: Local, word?: Local): Local {
    const { pipe } = this;
    const { code } = pipe;
    const slot = code.local('i32');
    const entry = code.local('i32');
    const row = code.local('i32');
    code.get(hash).get(this.#mask).op('i32.and').set(slot);
    code.block((found) => {
      code.loop((again) => {
        code.get(this.#index).get(slot).i32(3).op('i32.shl').op('i32.add').tee(entry);
        code
          .op('i32.load', 4)
          .tee(row)
          .op('i32.eqz')
          .if(() => {
            this.#growIfFull(hash, slot, () => code.br(again));
            code.get(this.#create(keys, hash, word)).set(row);
            code.get(entry).get(hash).op('i32.store', 0);
            code.get(entry).get(row).op('i32.store', 4);
            code.br(found);
          });
        code
          .get(entry)
          .op('i32.load', 0)
          .get(hash)
          .op('i32.xor')
          .i32(32 - PLACE_SHIFT)
          .op('i32.shl')
          .op('i32.eqz')
          .if(() => {
            this.#pushSameKeys(keys, row);
            code.brIf(found);
          });
        code.get(slot).i32(1).op('i32.add').get(this.#mask).op('i32.and').set(slot);
        code.br(again);
      });
    });
    return row;
  }

  #growIfFull(hash: Local, slot: Local, retry: () => void): void {
    const { pipe } = this;
    const { code, state } = pipe;
    code
      .get(state)
      .op('i32.load', PIPE.GROUPS)
      .get(state)
      .op('i32.load', PIPE.GROUP_LIMIT)
      .op('i32.ge_u')
      .if(() => {
        pipe.callMore(MORE.GROUPS, () => code.i32(0));
        pipe.loadWord(PIPE.INDEX, this.#index);
        pipe.loadWord(PIPE.INDEX_MASK, this.#mask);
        code.get(hash).get(this.#mask).op('i32.and').set(slot);
        retry();
      });
  }

  #pushSameKeys(keys: readonly ColumnValue[], row: Local): void {
    const { pipe, layout } = this;
    const { code } = pipe;
    const stored = (k: number): Value => loadField(code, row, fieldAt(layout, k), (this.keys[k] as SourceColumn).type);
    const check = (k: number): void => {
      const key = keys[k];
      if (key === undefined) {
        code.i32(1);
        return;
      }
      pushSameKey(pipe.emitter, key, stored(k));
      if (k + 1 < keys.length)
        code.if(
          () => check(k + 1),
          () => code.i32(0),
          ['i32'],
        );
    };
    check(0);
  }

  /** The first word of a row is `word`, or the key's place in its top bits and their hash below. */
  #create(keys: readonly ColumnValue[], hash: Local | undefined, word?: Local): Local {
    const { pipe, layout } = this;
    const { code, state } = pipe;
    const place = hash === undefined || word !== undefined ? word : placeOf(pipe, keys.slice(0, this.partitionKeys));
    const row = pipe.newRow(layout.stride);
    if (place !== undefined) {
      code.get(row).get(place);
      if (hash !== undefined && word === undefined) {
        code.i32(-1 << PLACE_SHIFT).op('i32.and');
        code
          .get(hash)
          .i32(~(-1 << PLACE_SHIFT))
          .op('i32.and')
          .op('i32.or');
      }
      code.op('i32.store', GROUP_HEADER.HASH);
    }
    for (const [k, key] of keys.entries()) storeValue(pipe, layout, row, k, key);
    this.#init(row);
    code.get(state).get(state).op('i32.load', PIPE.GROUPS).i32(1).op('i32.add').op('i32.store', PIPE.GROUPS);
    return row;
  }
}
