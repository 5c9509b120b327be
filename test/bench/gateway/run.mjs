// What the gateway adds to the time until a client has the first token, and what clients that go away leave behind. The model
// server is made up (upstream.mjs): gateway, server and clients are three processes.

import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const CLIENTS = 32;
/** Milliseconds from token to token, as on a model of some billions of parameters. */
const PACE_MS = 25;
const TOKENS = 40;
const ROUNDS = 6;
const PER_CLIENT = 4;
const LEAVING = 1000;

export const title = 'Gateway in front of a server that answers at once';

export async function run({ root, note }) {
  const upstream = await started('node', [join(import.meta.dirname, 'upstream.mjs'), String(PACE_MS), String(TOKENS)]);
  const behind = `http://127.0.0.1:${upstream.line}`;
  const flags = ['--upstream', behind, '--port', '0', '--max-running', '2000', '--name', 'made-up', '--json'];
  const gateway = await started('node', [
    join(root, 'dist', 'cli', 'main.js'),
    'serve',
    join(root, 'recipes', 'quickstart.yaml'),
    ...flags,
  ]);
  try {
    const front = JSON.parse(gateway.line).url.replace('/v1', '');
    await round(behind);
    await round(front);
    const times = { direct: [], through: [] };
    for (let index = 0; index < ROUNDS; index += 1) {
      // Who goes first changes from round to round.
      const order = index % 2 === 0 ? ['direct', 'through'] : ['through', 'direct'];
      for (const way of order) times[way].push(...(await round(way === 'direct' ? behind : front)));
    }
    const added = (share) => quantile(times.through, share) - quantile(times.direct, share);
    note(
      `p50 direct ${quantile(times.direct, 0.5).toFixed(2)} ms, through ${quantile(times.through, 0.5).toFixed(2)} ms`,
    );
    const before = await openFiles(front);
    const left = await leaveAll(front, behind);
    const after = await openFiles(front);
    note(`${left.gone} clients gone; nothing runs after ${left.ms.toFixed(0)} ms; open files ${before} → ${after}`);
    return {
      goal: 'p50 added ≤ 5 ms; after 1,000 clients have gone the server runs nothing within 1 s, and nothing stays open',
      figures: {
        [`first token later than without the gateway, p50 of ${times.through.length}, ${CLIENTS} clients`]: `${added(0.5).toFixed(2)} ms`,
        'the same, p90': `${added(0.9).toFixed(2)} ms`,
        'first token without the gateway, p50': `${quantile(times.direct, 0.5).toFixed(2)} ms`,
        [`requests under way on the server, ${LEAVING} clients gone at random`]: `0 after ${left.ms.toFixed(0)} ms`,
        'open files of the gateway, before and after': `${before} and ${after}`,
      },
      holds: added(0.5) <= 5 && left.ms <= 1000 && after <= before + 8,
    };
  } finally {
    gateway.child.kill('SIGINT');
    upstream.child.kill();
    await Promise.allSettled([gateway.child, upstream.child]);
  }
}

/** Every client asks a few times, one after the other; milliseconds to the first token of each. */
async function round(base) {
  const client = async (index) => {
    const times = [];
    await sleep((index * PACE_MS * TOKENS) / CLIENTS);
    for (let turn = 0; turn < PER_CLIENT; turn += 1) times.push(await firstToken(base));
    return times;
  };
  return (await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))).flat();
}

const body = JSON.stringify({
  model: 'made-up',
  messages: [{ role: 'user', content: 'Which digit is shown?' }],
  stream: true,
  vauto: { policy: 'always', output: 'text' },
});

function firstToken(base) {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    let first;
    const request = open(base, reject);
    request.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.on('data', (piece) => {
        if (first === undefined && String(piece).includes('boxed')) first = performance.now() - begun;
      });
      response.on('end', () => resolve(first));
    });
    request.end(body);
  });
}

function open(base, onError) {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const request = httpRequest(`${base}/v1/chat/completions`, { method: 'POST', headers, agent: false });
  request.on('error', onError);
  return request;
}

/** Clients that close their connections at random moments; milliseconds until the server runs nothing after the last. */
async function leaveAll(front, behind) {
  let gone = 0;
  await Promise.all(
    Array.from({ length: LEAVING }, async (_, index) => {
      await sleep(index * 3);
      const request = open(front, () => {});
      request.on('response', (response) => response.resume().on('error', () => {}));
      request.end(body);
      await sleep((index * 7919) % 900);
      request.destroy();
      gone += 1;
    }),
  );
  const last = performance.now();
  while ((await (await fetch(`${behind}/running`)).json()).running > 0) {
    if (performance.now() - last > 30_000) break;
    await sleep(5);
  }
  return { gone, ms: performance.now() - last };
}

async function openFiles(front) {
  // Connections that are kept open for the next request are no leak: they end when nobody uses them.
  await sleep(6000);
  const text = await (await fetch(`${front}/metrics`)).text();
  return Number(/^process_open_fds (\d+)/m.exec(text)?.[1]);
}

/** A process that has printed its first line or document. */
async function started(file, args) {
  const child = execa(file, args, { reject: false, buffer: false, stdin: 'ignore', stderr: 'inherit' });
  let line = '';
  for await (const piece of createInterface({ input: child.stdout })) {
    line += piece;
    if (!line.startsWith('{') || piece === '}') break;
  }
  return { child, line };
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
