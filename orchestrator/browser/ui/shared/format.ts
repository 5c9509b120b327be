/** Numbers and times for people; everything that is not known is an en dash. */
export const NONE = '–';

export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? NONE : `${(100 * share).toFixed(digits)}%`;
}

/** "+1.2" points of a difference of shares. */
export function points(difference: number | null | undefined, digits = 1): string {
  if (difference === null || difference === undefined) return NONE;
  return signed(100 * difference, digits);
}

export function signed(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value > 0 ? '+' : '−'}${text}`;
}

export function fixed(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? NONE : value.toFixed(digits);
}

/** 1,234,567 */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toLocaleString('en-US');
}

/** "0.4 s", "38 s", "3 min 12 s", "2 h 05 min". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** "2026-11-23 22:06" in the reader's time zone. */
export function localTime(iso: string | null | undefined): string {
  if (!iso) return NONE;
  const date = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [size, unit] = [value, 0];
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.5 ? size.toFixed(0) : size.toFixed(1)} ${units[unit]}`;
}

/** "benchmark:perception" is "perception". */
export function setName(set: string): string {
  return set.replace(/^benchmark:/, '');
}
