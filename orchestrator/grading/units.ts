/** Spellings of the same unit; letters' case matters in symbols, not in words. */
const SPELLINGS: readonly (readonly string[])[] = [
  ['m', 'meter', 'meters', 'metre', 'metres'],
  ['cm', 'centimeter', 'centimeters', 'centimetre', 'centimetres'],
  ['mm', 'millimeter', 'millimeters', 'millimetre', 'millimetres'],
  ['km', 'kilometer', 'kilometers', 'kilometre', 'kilometres'],
  ['in', 'inch', 'inches'],
  ['ft', 'foot', 'feet'],
  ['yd', 'yard', 'yards'],
  ['mi', 'mile', 'miles'],
  ['g', 'gram', 'grams'],
  ['kg', 'kilogram', 'kilograms'],
  ['mg', 'milligram', 'milligrams'],
  ['lb', 'lbs', 'pound', 'pounds'],
  ['oz', 'ounce', 'ounces'],
  ['s', 'sec', 'secs', 'second', 'seconds'],
  ['ms', 'millisecond', 'milliseconds'],
  ['min', 'mins', 'minute', 'minutes'],
  ['h', 'hr', 'hrs', 'hour', 'hours'],
  ['day', 'days'],
  ['week', 'weeks'],
  ['month', 'months'],
  ['year', 'years', 'yr', 'yrs'],
  ['L', 'l', 'liter', 'liters', 'litre', 'litres'],
  ['mL', 'ml', 'milliliter', 'milliliters', 'millilitre', 'millilitres'],
  ['N', 'newton', 'newtons'],
  ['J', 'joule', 'joules'],
  ['kJ', 'kilojoule', 'kilojoules'],
  ['W', 'watt', 'watts'],
  ['kW', 'kilowatt', 'kilowatts'],
  ['V', 'volt', 'volts'],
  ['Hz', 'hertz'],
  ['kHz', 'kilohertz'],
  ['Pa', 'pascal', 'pascals'],
  ['kPa', 'kilopascal', 'kilopascals'],
  ['mol', 'mole', 'moles'],
  ['K', 'kelvin'],
  ['Ω', 'ohm', 'ohms'],
  ['°', 'degree', 'degrees', 'deg'],
  ['rad', 'radian', 'radians'],
  ['unit', 'units'],
  ['mph'],
  ['fps'],
  ['$', 'dollar', 'dollars', 'usd'],
  ['€', 'euro', 'euros'],
  ['cent', 'cents'],
];

const BY_SPELLING: ReadonlyMap<string, string> = new Map(
  SPELLINGS.flatMap(([symbol = '', ...others]) => [symbol, ...others].map((spelling) => [spelling, symbol] as const)),
);

/** The one spelling of a unit such as `meters per second`, `m/s`, `cm^2`, `square meters`; unknown words keep their own. */
export function canonicalUnit(text: string): string {
  return text
    .replace(/\\(?:cdot|times|,|;| )|[{}~]/g, ' ')
    .replace(/²/g, '^2')
    .replace(/³/g, '^3')
    .replace(/\s+per\s+/gi, '/')
    .replace(/\b(?:square|sq\.?)\s+(\S+)/gi, '$1^2')
    .replace(/\b(?:cubic|cu\.?)\s+(\S+)/gi, '$1^3')
    .replace(/[\p{L}°$€]+/gu, symbolOf)
    .replace(/\s*([/^*])\s*/g, '$1')
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '')
    .trim();
}

function symbolOf(word: string): string {
  return BY_SPELLING.get(word) ?? BY_SPELLING.get(word.toLowerCase()) ?? word.toLowerCase();
}

/** Whether every word of the text is a known unit. */
export function isKnownUnit(text: string): boolean {
  const words = text.replace(/\b(?:per|square|cubic|sq|cu)\b/gi, ' ').match(/[\p{L}°$€]+/gu) ?? [];
  return (
    words.length > 0 &&
    words.every((word) => BY_SPELLING.has(word) || (word.length > 2 && BY_SPELLING.has(word.toLowerCase())))
  );
}
