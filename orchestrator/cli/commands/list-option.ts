/** Collects the values of an option that may be repeated. No default for lists: help would show it as "[]". */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
