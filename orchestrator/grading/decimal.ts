/** A decimal number, exactly: `digits` × 10^`exponent`, without zeros at either end; zero is "0" × 10^0. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** `12`, `-3.50`, `.5`, `3.`, `1e2`, `1.5 \times 10^{-3}`, `10^{6}`. */
const PLAIN = /^([+-]?)\s*(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,9}))?$/;
const POWER =
  /^([+-]?)\s*(?:(\d+\.?\d*|\.\d+)\s*(?:\\times|\\cdot|\*|x)\s*)?10\s*\^\s*(?:\{\s*([+-]?\d{1,9})\s*\}|(\d))$/;

/** Reads a number written out in decimals or in scientific notation; null for anything else. */
export function parseDecimal(text: string): Decimal | null {
  const plain = PLAIN.exec(text);
  if (plain) return canonical(plain[1] === '-', plain[2] ?? '', Number(plain[3] ?? 0));
  const power = POWER.exec(text);
  return power ? canonical(power[1] === '-', power[2] ?? '1', Number(power[3] ?? power[4] ?? 0)) : null;
}

function canonical(negative: boolean, written: string, power: number): Decimal {
  const [whole = '', fraction = ''] = written.split('.');
  const leading = (whole + fraction).replace(/^0+/, '');
  const digits = withoutTrailingZeros(leading);
  if (digits === '') return { negative: false, digits: '0', exponent: 0 };
  return { negative, digits, exponent: power - fraction.length + leading.length - digits.length };
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

export function equalDecimals(a: Decimal, b: Decimal): boolean {
  return a.negative === b.negative && a.digits === b.digits && a.exponent === b.exponent;
}

export function hundredth(value: Decimal): Decimal {
  return value.digits === '0' ? value : { ...value, exponent: value.exponent - 2 };
}

/** Whether |value| ≥ 1. */
export function atLeastOne(value: Decimal): boolean {
  return value.digits !== '0' && value.digits.length + value.exponent > 0;
}

/** The number as LaTeX and people write it. */
export function decimalText({ negative, digits, exponent }: Decimal): string {
  const sign = negative ? '-' : '';
  const point = digits.length + exponent;
  if (exponent >= 0 && point <= 21) return sign + digits + '0'.repeat(exponent);
  if (exponent < 0 && point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (exponent < 0 && point > -7) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${sign}${mantissa} \\cdot 10^{${point - 1}}`;
}
