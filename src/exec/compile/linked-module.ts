import type { Call } from '../../functions/define.js';

/** A module whose code calls into JavaScript or refers to literals, which its state block has to point to. */
export interface LinkedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly callSites: readonly Call[];
  readonly literals: Uint8Array;
}
