import { type Decimal, decimalText, parseDecimal } from './decimal.js';
import { withoutDelimiters, withoutWrappers } from './plain-text.js';
import { canonicalUnit, isKnownUnit } from './units.js';

/** A mathematical answer taken apart, ready to be compared or handed to math-verify. */
export interface MathText {
  /** LaTeX without delimiters, unit, percent sign and name. */
  readonly body: string;
  /** Set when the body is a plain number. */
  readonly decimal: Decimal | null;
  /** `x` of `x = 3`. */
  readonly name: string | null;
  /** One spelling of the unit; null without one. */
  readonly unit: string | null;
  readonly percent: boolean;
  /** Words, which are compared as text: a product of letters is no answer. */
  readonly prose: boolean;
  /** Several values of which one would be picked: "10 or 20", `\pm 2`. */
  readonly alternatives: boolean;
}

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/[−–—]/g, '-'],
  [/×/g, '\\times '],
  [/÷/g, '/'],
  [/[·⋅]/g, '\\cdot '],
  [/π/g, '\\pi '],
  [/∞/g, '\\infty '],
  [/²/g, '^{2}'],
  [/³/g, '^{3}'],
  [/√\s*\(([^()]*)\)/g, '\\sqrt{$1}'],
  [/√\s*(\d+|[a-z])/g, '\\sqrt{$1}'],
  [/≤/g, '\\leq '],
  [/≥/g, '\\geq '],
  [/\\[dt]frac(?![a-zA-Z])/g, '\\frac'],
  [/\\(?:left|right|displaystyle|limits)(?![a-zA-Z])/g, ''],
  // Digit groups: 1{,}234, 1\,234, 1\!234.
  [/(?<=\d)(?:\{,\}|\\[,!]|,\\!)(?=\d)/g, ''],
  // Names that plain text writes without the backslash.
  [/(?<![A-Za-z\\])(pi|sin|cos|tan|cot|sec|csc|ln|log|exp|arcsin|arccos|arctan)(?![A-Za-z])/g, '\\$1 '],
  [/(?<![A-Za-z\\])(?:infinity|inf)(?![A-Za-z])/gi, '\\infty '],
  [/\\[,!;: ]|~|\\q?quad(?![a-zA-Z])/g, ' '],
];

const LEAD_IN = /^(?:(?:the\s+)?(?:final\s+)?answer\s*(?:is\b\s*:?|[:=]))\s*(?=\S)/i;
const NAME = /^((?:[A-Za-z]|\\[a-zA-Z]+)(?:_(?:\w|\{\w+\}))?)\s*=(?!=)\s*([^=]+)$/;
const OR = /\s*(?:,\s*)?(?:\\text\s*\{\s*or\s*\}|(?<![A-Za-z\\{])or(?![A-Za-z}]))\s*/g;
const AND = /\s*(?:,\s*)?(?:\\text\s*\{\s*and\s*\}|(?<![A-Za-z\\{])and(?![A-Za-z}]))\s*/g;
const THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$|^[+-]?\d{1,3}(?: \d{3})+(?:\.\d+)?$/;
const MIXED = /^(-?)\s*(\d{1,9}) (\d{1,9})\/(\d{1,9})$/;

const MOST_ROUNDS = 8;

/** Brings a boxed answer or a gold answer into one form; reading the body again changes nothing. */
export function readMath(text: string): MathText {
  let read = readOnce(text);
  // What one layer hid ("1%.", wrappers in delimiters) shows in the next round.
  for (let round = 1; round < MOST_ROUNDS; round += 1) {
    const again = readOnce(read.body);
    if (again.body === read.body) break;
    read = {
      ...again,
      name: read.name ?? again.name,
      unit: read.unit ?? again.unit,
      percent: read.percent || again.percent,
      alternatives: read.alternatives || again.alternatives,
    };
  }
  return read;
}

function readOnce(text: string): MathText {
  let body = unwrapped(tidy(text)).replace(LEAD_IN, '');
  const named = NAME.exec(body);
  const name = named?.[1] ?? null;
  body = withoutEnd(named?.[2] ?? body);
  const alternatives = body.search(OR) >= 0 || body.includes('\\pm');
  body = withoutEnd(unwrapped(withoutEnd(body.replace(OR, ', ').replace(AND, ', '))));
  const { rest, unit, percent } = withoutUnit(body);
  body = tidyNumber(rest);
  const decimal = parseDecimal(body);
  const prose = decimal === null && isProse(body);
  if (prose) body = withoutWrappers(body).replace(/\s+/g, ' ').trim().toLowerCase();
  return { body: decimal ? decimalText(decimal) : body, decimal, name, unit, percent, prose, alternatives };
}

/** Without delimiters, and without a wrapper that holds all of it (`\\text{7}`). */
function unwrapped(text: string): string {
  const plain = withoutDelimiters(text);
  return /^\\[a-z]+\s*\{[^{}]*\}$/.test(plain) ? withoutWrappers(plain).trim() : plain;
}

function tidy(text: string): string {
  let result = text
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/^\*\*|\*\*$/g, '');
  for (const [pattern, to] of SYMBOLS) result = result.replace(pattern, to);
  return withoutEnd(result.replace(/\s+/g, ' ').trim());
}

function withoutEnd(text: string): string {
  return text
    .replace(/[.,;]$/, '')
    .replace(/^=/, '')
    .trim();
}

/** Takes units, percent signs and currencies off, as many as there are. */
function withoutUnit(text: string): { rest: string; unit: string | null; percent: boolean } {
  const units: string[] = [];
  let rest = text;
  let percent = false;
  for (let found = true; found; ) {
    const before = rest;
    rest = rest.replace(/(?<=\S)\s*(?:\\?%|\b(?:percent|pct))$/i, () => {
      percent = true;
      return '';
    });
    rest = withoutTrailingUnit(rest, units);
    found = rest !== before;
  }
  const currency = /^(-?)\s*(\\?\$|[€£¥₹])\s*(?=[\d.])/.exec(rest);
  if (currency) {
    units.push(currency[2]?.replace('\\', '') ?? '');
    rest = (currency[1] ?? '') + rest.slice(currency[0].length);
  }
  return { rest, unit: units.length > 0 ? canonicalUnit(units.reverse().join(' ')) : null, percent };
}

const POWER_OF_UNIT = /\s*(?:\^\s*\{?\s*-?\d\s*\}?)?/.source;
const DEGREES = /(?<=[\d})\]])\s*\^\s*\{?\s*\\circ\s*\}?\s*([CF]?)$|(?<=\d)\s*°\s*([CF]?)$/;
const WRAPPED = new RegExp(
  `(?<=[\\d})\\]])\\s*(\\\\(?:text|mathrm|textrm|rm|mbox|operatorname)\\s*\\{([^{}]*[\\p{L}°][^{}]*)\\}${POWER_OF_UNIT})$`,
  'u',
);
const BARE = new RegExp(`(?<=[\\d})\\]])(\\s*)([\\p{L}°][\\p{L}° /]*${POWER_OF_UNIT})$`, 'u');
const MATH_WORD = /^(?:pi|sin|cos|tan|cot|sec|csc|ln|log|exp|sqrt|max|min|gcd|lcm|mod|inf|infinity|or|and|if|for)$/i;

function withoutTrailingUnit(text: string, units: string[]): string {
  const degrees = DEGREES.exec(text);
  if (degrees) return taken(text, degrees.index, `°${degrees[1] ?? degrees[2] ?? ''}`, units);
  const wrapped = WRAPPED.exec(text);
  if (wrapped) return taken(text, wrapped.index, withoutWrappers(wrapped[1] ?? ''), units);
  const bare = BARE.exec(text);
  if (bare && isUnit(bare[2] ?? '', (bare[1] ?? '') !== '')) return taken(text, bare.index, bare[2] ?? '', units);
  return text;
}

/** A known unit, or words behind a space ("5 red apples"); letters of an expression ("2x", "3 ab") are none. */
function isUnit(text: string, apart: boolean): boolean {
  if (isKnownUnit(text)) return true;
  const words = text.match(/\p{L}+/gu) ?? [];
  return apart && /^\p{L}{3}/u.test(text) && words.length <= 4 && !words.some((word) => MATH_WORD.test(word));
}

function taken(text: string, at: number, unit: string, units: string[]): string {
  units.push(unit);
  return text.slice(0, at).trim();
}

function tidyNumber(text: string): string {
  const body = withoutEnd(withoutDelimiters(text));
  if (THOUSANDS.test(body)) return body.replace(/[, ]/g, '');
  return body
    .replace(MIXED, '$1$2\\frac{$3}{$4}')
    .replace(/(?<![\d.A-Za-z])(\d+(?:\.\d+)?)[eE]([+-]?\d{1,4})(?![\dA-Za-z.])/g, '$1 \\cdot 10^{$2}')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Three letters in a row that no LaTeX command explains. */
function isProse(body: string): boolean {
  const rest = body
    .replace(/\\(?:begin|end|operatorname\*?)\s*\{[A-Za-z*]+\}/g, ' ')
    .replace(/\\[A-Za-z]+/g, ' ')
    .replace(/(?<![A-Za-z])(?:sqrt|max|min|gcd|lcm|mod)(?![A-Za-z])/g, ' ');
  return /\p{L}{3}/u.test(rest);
}
