import { describe, expect, it } from 'vitest';
import {
  clip,
  displayWidth,
  formatBytes,
  formatMarkdown,
  formatSeconds,
  formatTable,
} from '../../../orchestrator/cli/output.js';

describe('tables', () => {
  const columns = [
    { header: 'name', shrink: true },
    { header: 'n', align: 'right' },
  ] as const;

  it('stand in columns, numbers right, nothing at the end of a line', () => {
    expect(
      formatTable(columns, [
        ['a', 1],
        ['bcd', 23],
        [null, ''],
      ]),
    ).toBe('name   n\na      1\nbcd   23\n-      -\n');
  });

  it('are written in Markdown, too, whatever a cell says', () => {
    expect(formatMarkdown(columns, [['a|b', 1], [null]])).toBe(
      '| name | n |\n| --- | ---: |\n| a\\|b | 1 |\n| - | - |\n',
    );
  });

  it('fit the terminal by cutting the columns that may shrink', () => {
    const text = formatTable(columns, [['a very long name of a run', 12345]], 20);
    expect(text.split('\n').every((line) => displayWidth(line) <= 20)).toBe(true);
    expect(text).toContain('a very long …  12345');
  });

  it('keep their shape with wide characters, and never pass control characters on', () => {
    const lines = formatTable(columns, [
      ['東京', 1],
      ['\u001b[31mred\n', 2],
    ]).split('\n');
    expect(lines.slice(0, 3).map((line) => displayWidth(line))).toEqual([12, 12, 12]);
    expect(lines.join('')).not.toContain('\u001b');
  });
});

describe('words for people', () => {
  it('say how long', () => {
    expect([0.42, 9.96, 38, 59.7, 192, 7500].map(formatSeconds)).toEqual([
      '0.4 s',
      '10.0 s',
      '38 s',
      '1 min 00 s',
      '3 min 12 s',
      '2 h 05 min',
    ]);
  });

  it('say how much', () => {
    expect([512, 4_400_000, 999_999, 123_456_789].map(formatBytes)).toEqual(['512 B', '4.4 MB', '1.0 MB', '123 MB']);
  });

  it('cut by columns, not in the middle of a character', () => {
    expect(clip('東京タワー', 5)).toBe('東京…');
    expect(clip('abc', 3)).toBe('abc');
  });
});
