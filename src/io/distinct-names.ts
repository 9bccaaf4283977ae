/** Columns and fields are found by their names: those of one name get their position, as columns of CSV files do. */
export function distinctNames<T extends { readonly name: string }>(fields: readonly T[]): readonly T[] {
  const taken = new Set(fields.map((f) => f.name));
  if (taken.size === fields.length) return fields;
  return fields.map((field, i) => {
    if (fields.every((other) => other === field || other.name !== field.name)) return field;
    let name = `${field.name}${i}`;
    while (taken.has(name)) name += '_';
    taken.add(name);
    return { ...field, name };
  });
}
