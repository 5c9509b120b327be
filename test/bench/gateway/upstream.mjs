// Stands in for a model server: answers at once, then goes on at the pace of a large model. `upstream.mjs PACE_MS TOKENS`. The
// one place where a model server is made up: what is measured is the gateway, not the model.

import { createServer } from 'node:http';

const [pace, tokens] = process.argv.slice(2).map(Number);
const words = [
  '\\boxed{',
  'A',
  '}',
  '<think>',
  ...Array.from({ length: tokens }, () => 'hm '),
  '</think>',
  '\\boxed{A}',
];
let running = 0;

const server = createServer(async (request, response) => {
  const json = (value) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  if (request.url === '/health') return response.end();
  if (request.url === '/version') return json({ version: '0.0.0' });
  if (request.url === '/v1/models') return json({ data: [{ id: 'made-up' }] });
  if (request.url === '/running') return json({ running });
  let text = '';
  for await (const piece of request) text += piece;
  const asked = JSON.parse(text);
  if (!asked.stream) return json({ choices: [{ message: { content: 'A' }, finish_reason: 'stop' }] });
  running += 1;
  let gone = false;
  response.on('close', () => {
    gone = true;
    running -= 1;
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const usage = { prompt_tokens: 10, completion_tokens: 1 };
  for (const [place, word] of words.entries()) {
    if (gone) return;
    const token = { token: word, logprob: -0.01, bytes: [...Buffer.from(word)] };
    const finish = place === words.length - 1 ? 'stop' : null;
    const choice = { index: 0, delta: { content: word }, logprobs: { content: [token] }, finish_reason: finish };
    response.write(`data: ${JSON.stringify({ choices: [choice], usage })}\n\n`);
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
  }
  response.end('data: [DONE]\n\n');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
