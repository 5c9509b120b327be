import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../orchestrator/cli/progress.js';

/** A stream and a clock of one's own. */
function recorder(isTTY: boolean, columns = 100) {
  let text = '';
  let time = 0;
  const stream = {
    write: (part: string) => {
      text += part;
    },
    columns,
  };
  return {
    progress: createProgress({ stream, isTTY, now: () => time, color: false }),
    wait: (seconds: number) => {
      time += seconds * 1000;
    },
    text: () => text,
    lines: () => text.trimEnd().split('\n'),
    /** What the terminal shows last. */
    shown: () => text.split('\r\u001b[2K').at(-1) ?? '',
  };
}

describe('without a terminal', () => {
  it('the first and the last update are printed, and one in ten seconds between', () => {
    const { progress, wait, lines } = recorder(false);
    const stage = progress.stage('filter');
    for (let done = 1; done <= 25; done += 1) {
      stage.update(done, 25, { 'tokens/s': 100 * done });
      wait(1);
    }
    stage.end('done');
    expect(lines()).toEqual([
      'filter: 1/25  tokens/s 100',
      'filter: 11/25  1.0/s  14 s left  tokens/s 1100',
      'filter: 21/25  1.0/s  4.0 s left  tokens/s 2100',
      expect.stringMatching(/^filter: 25\/25 {2}.* {2}tokens\/s 2500$/),
      'filter: done in 25 s',
    ]);
  });

  it('the last update is not printed twice', () => {
    const { progress, lines } = recorder(false);
    const stage = progress.stage('sweep');
    stage.update(1, 1);
    stage.end('done');
    expect(lines()).toEqual(['sweep: 1/1', 'sweep: done in 0.0 s']);
  });

  it('each stage has its own ten seconds', () => {
    const { progress, lines } = recorder(false);
    progress.stage('a').update(1, 2);
    progress.stage('b').update(1, 2);
    expect(lines()).toEqual(['a: 1/2', 'b: 1/2']);
  });

  it('notes and ends are always printed', () => {
    const { progress, lines } = recorder(false);
    const stage = progress.stage('train');
    stage.note('loading weights');
    stage.note('warning: kl is high');
    stage.end('cached');
    expect(lines()).toEqual([
      'train: loading weights',
      'train: warning: kl is high',
      'train: already done, taken from the store',
    ]);
  });

  it('no control characters are printed', () => {
    const { progress, text } = recorder(false);
    progress.stage('a').update(1, 2);
    expect(text()).not.toContain('\r');
    expect(text()).not.toContain('\u001b');
  });
});

describe('speed', () => {
  it('does not count what was done before', () => {
    const { progress, wait, lines } = recorder(false);
    const stage = progress.stage('filter');
    stage.update(900, 1000);
    wait(10);
    stage.update(920, 1000);
    expect(lines()[1]).toBe('filter: 920/1000  2.0/s  40 s left');
  });

  it('starts again with another pass', () => {
    const { progress, wait, lines } = recorder(false);
    const stage = progress.stage('evaluate');
    stage.update(200, 200);
    wait(20);
    stage.update(1, 400);
    wait(10);
    stage.update(5, 400);
    expect(lines().at(-1)).toBe('evaluate: 5/400  2.5 s each  16 min 28 s left');
  });
});

describe('on a terminal', () => {
  it('one line is redrawn', () => {
    const { progress, wait, shown, text } = recorder(true);
    const stage = progress.stage('filter');
    stage.update(0, 10);
    wait(5);
    stage.update(5, 10, { reward: '1.20' });
    expect(shown()).toBe('filter  ██████████░░░░░░░░░░ 5/10  1.0/s  5.0 s left  reward 1.20');
    expect(text()).not.toContain('\n');
    stage.end('done');
    expect(shown()).toBe('✓ filter: done in 5.0 s  5/10  1.0/s  5.0 s left  reward 1.20\n');
  });

  it('is not drawn faster than the eye sees', () => {
    const { progress, wait, text } = recorder(true);
    const stage = progress.stage('filter');
    for (let done = 0; done < 1000; done += 1) {
      stage.update(done, 1000);
      wait(0.001);
    }
    expect(text().split('\r').length).toBeLessThan(15);
    stage.end('failed');
  });

  it('a wait says what for and how long; a warning stays', () => {
    const { progress, wait, shown, text } = recorder(true);
    const stage = progress.stage('evaluate');
    stage.note('warning: 2 failed');
    stage.note('loading weights');
    expect(shown()).toBe('evaluate  loading weights, 0.0 s');
    wait(38);
    stage.note('loading weights');
    expect(text()).toContain('evaluate: warning: 2 failed\n');
    stage.end('interrupted');
    expect(shown()).toBe('‖ evaluate: interrupted after 38 s\n');
  });

  it('stays within the width', () => {
    const { progress, shown } = recorder(true, 40);
    progress.stage('filter').update(1, 10, { something: 'x'.repeat(80) });
    expect(shown().length).toBeLessThanOrEqual(40);
  });
});
