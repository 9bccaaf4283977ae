/**
 * One value on the JS side of the engine (literals, statistics, the interpreter):
 *
 * | type | scalar |
 * |---|---|
 * | boolean | boolean |
 * | int8, int16, int32, date (days), interval_ym (months), float32, float64 | number |
 * | int64, time, timestamp, timestamp_ntz, interval_dt (all micros) | bigint |
 * | decimal | bigint, unscaled |
 * | string | string |
 * | binary | Uint8Array |
 * | array | Scalar[] |
 * | struct | Scalar[], by field position |
 * | map | MapScalar |
 * | variant | VariantScalar |
 * | SQL NULL | null |
 */
export type Scalar =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Scalar[]
  | MapScalar
  | VariantScalar;

/** A map value: entries in order, keys unique. */
export interface MapScalar {
  readonly entries: readonly (readonly [Scalar, Scalar])[];
}

/** A variant value in Spark's encoding. */
export interface VariantScalar {
  readonly metadata: Uint8Array;
  readonly value: Uint8Array;
}
