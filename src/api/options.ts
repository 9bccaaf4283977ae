export type OptionValue = string | number | boolean | null;
export type Options = Readonly<Record<string, OptionValue>>;

/** Options as formats take them: text; null unsets one. */
export function optionTexts(options: Options): Record<string, string> {
  const given = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}
