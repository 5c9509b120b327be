import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytes,
  count,
  duration,
  fixed,
  localTime,
  NONE,
  percent,
  points,
  signed,
} from '../../../../orchestrator/browser/ui/shared/format.js';

test('what is not known is a dash, and 0 is a number', () => {
  for (const text of [percent, points, fixed, count, duration, localTime])
    expect([text(null), text(undefined)]).toEqual([NONE, NONE]);
  expect([percent(0), points(0), fixed(0), count(0), duration(0)]).toEqual(['0.0%', '0.0', '0.0', '0', '0.0 s']);
});

test('shares and differences', () => {
  expect([percent(0.12345), percent(1, 0), percent(0.99951)]).toEqual(['12.3%', '100%', '100.0%']);
  expect([points(0.0123), points(-0.0123), points(1)]).toEqual(['+1.2', '−1.2', '+100.0']);
});

test('a sign stands only before what is not shown as 0', () => {
  expect([0, -0, 0.04, -0.04, 0.06, -0.06].map((value) => signed(value))).toEqual([
    ...['0.0', '0.0', '0.0', '0.0'],
    ...['+0.1', '−0.1'],
  ]);
  fc.assert(
    fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.nat(3), (value, digits) => {
      const text = signed(value, digits);
      const shown = Number(text.replace('−', '-'));
      expect(Math.abs(shown - value)).toBeLessThanOrEqual(0.5 * 10 ** -digits + 1e-9);
      expect(/^[+−]/.test(text)).toBe(shown !== 0);
    }),
  );
});

test('durations carry over to the next unit', () => {
  const texts = {
    0.04: '0.0 s',
    9.4: '9.4 s',
    37.6: '38 s',
    59.4: '59 s',
    59.6: '1 min 00 s',
    192: '3 min 12 s',
    3599.4: '59 min 59 s',
    3599.7: '1 h 00 min',
    7170: '2 h 00 min',
    7500: '2 h 05 min',
    360000: '100 h 00 min',
  };
  expect(Object.keys(texts).map((seconds) => [seconds, duration(Number(seconds))])).toEqual(Object.entries(texts));
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (value) => {
      expect(duration(value)).toMatch(/^(\d+\.\d s|[1-5]?\d s|[1-5]?\d min [0-5]\d s|\d+ h [0-5]\d min)$/);
    }),
  );
});

test('sizes keep three digits and change their unit before a fourth', () => {
  const sizes = [0, 999, 1000, 1234, 99_400, 99_600, 999_499, 999_500, 2.5e9, 1e12, 5e15];
  expect(sizes.map(bytes)).toEqual([
    ...['0 B', '999 B', '1.0 kB', '1.2 kB', '99.4 kB', '100 kB', '999 kB', '1.0 MB', '2.5 GB', '1.0 TB', '5000 TB'],
  ]);
});
