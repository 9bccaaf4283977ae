import { SparrowError } from '../../base/index.js';
import type { Attribute } from '../expr.js';
import { indexOf, type NameMatch, nameParts } from './names.js';

/**
 * Which DataFrames a resolved plan was made from: what `df.col("x")` looks its frame up in. A tree that follows the
 * plan's, with a node for each frame and each join only.
 */
export interface Frames {
  /** The frames whose columns these are (one node may stand for several merged ones). */
  readonly named?: { find(planId: number): ((parts: readonly string[]) => NameMatch) | undefined };
  readonly inputs: readonly FrameEdge[];
}

export interface FrameEdge {
  readonly frames: Frames;
  /** Ids that columns got on the way up (the right side of a self-join). */
  readonly renewed?: ReadonlyMap<number, number>;
}

export const noFrames: Frames = { inputs: [] };

/** The frames of a node: its inputs' and, when it is a DataFrame's plan itself, that one. */
export function framesOf(
  planId: number | undefined,
  output: readonly Attribute[],
  inputs: readonly FrameEdge[],
  caseSensitive: boolean,
): Frames {
  if (planId === undefined) {
    const [only] = inputs;
    return inputs.length === 1 && only !== undefined && only.renewed === undefined ? only.frames : { inputs };
  }
  const match = (parts: readonly string[]): NameMatch => indexOf(output, caseSensitive).match(parts);
  return { inputs, named: { find: (id) => (id === planId ? match : undefined) } };
}

interface Place {
  readonly frames: Frames;
  readonly renewals: readonly ReadonlyMap<number, number>[];
}

/**
 * The column `name` of the frame `planId`, as ids that may be visible now. The nearest places of the frame win;
 * a frame that is used twice at the same distance gives both.
 */
export function findInFrame(frames: Frames, planId: number, name: string): NameMatch {
  const parts = nameParts(name);
  let level: Place[] = [{ frames, renewals: [] }];
  const seen = new Set<Frames>();
  while (level.length > 0) {
    const next: Place[] = [];
    const found: Attribute[] = [];
    let fields: readonly string[] = [];
    let known = false;
    for (const { frames: here, renewals } of level) {
      const match = here.named?.find(planId)?.(parts);
      if (match !== undefined) {
        known = true;
        fields = match.fields;
        found.push(...match.attributes.map((attribute) => renew(attribute, renewals)));
        continue;
      }
      for (const edge of here.inputs) {
        // The same frames may be reached by many roads; each renewed one counts apart.
        if (edge.renewed === undefined && seen.has(edge.frames)) continue;
        seen.add(edge.frames);
        next.push({
          frames: edge.frames,
          renewals: edge.renewed === undefined ? renewals : [edge.renewed, ...renewals],
        });
      }
    }
    if (known) return { attributes: found, fields };
    level = next;
  }
  throw new SparrowError(
    'CANNOT_RESOLVE_DATAFRAME_COLUMN',
    `\`${name}\` is a column of a DataFrame that is not used here`,
    {
      sqlState: '42704',
      parameters: { name },
      hint: 'name the column by col("…"), or take it from a DataFrame this one is made from',
    },
  );
}

/** Renewals are listed innermost first. */
function renew(attribute: Attribute, renewals: readonly ReadonlyMap<number, number>[]): Attribute {
  let { id } = attribute;
  for (const renewed of renewals) id = renewed.get(id) ?? id;
  return id === attribute.id ? attribute : { ...attribute, id };
}
