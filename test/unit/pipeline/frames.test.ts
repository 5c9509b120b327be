import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { UserError } from '../../../orchestrator/errors.js';
import { frameEnvironment } from '../../../orchestrator/pipeline/frames.js';

it('hands workers the folder, whole, and nothing without one', () => {
  expect(frameEnvironment('runs/.frames', {})).toEqual({ VAUTO_FRAME_CACHE: resolve('runs/.frames') });
  expect(frameEnvironment(undefined, { VAUTO_FRAME_CACHE_GIB: '0' })).toEqual({});
});

it.each(['0', '', '0.5', '20'])('takes %j GiB', (size) => {
  expect(frameEnvironment('runs/.frames', { VAUTO_FRAME_CACHE_GIB: size })).toHaveProperty('VAUTO_FRAME_CACHE');
});

it.each(['4GB', '-1', '0x10', 'Infinity'])('refuses %j GiB before a worker starts', (size) => {
  const attempt = () => frameEnvironment('runs/.frames', { VAUTO_FRAME_CACHE_GIB: size });
  expect(attempt).toThrow(UserError);
  expect(attempt).toThrow(`VAUTO_FRAME_CACHE_GIB is "${size}"`);
});
