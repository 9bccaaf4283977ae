import type { Local } from '../../wasm/index.js';

/** The parameters of a function with `N` of them. */
export type Locals<N extends number, T extends Local[] = []> = T['length'] extends N ? T : Locals<N, [...T, Local]>;
