/** Mean of some numbers; NaN of none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Means over the first and the last fifth of a series, at least one number each: single steps of a training are noise. */
export function endsOf(values: readonly number[]): { readonly first: number; readonly last: number } {
  const fifth = Math.max(1, Math.floor(values.length / 5));
  return { first: meanOf(values.slice(0, fifth)), last: meanOf(values.slice(-fifth)) };
}
