import { UserError } from '../../errors.js';

/** What is wrong for every request: it stops the batch, and the user can mend it. */
export function unreachable(base: string, cause: Error): UserError {
  return new UserError({
    code: 'server-unreachable',
    kind: 'environment',
    message: `no connection to the server at ${base}: ${cause.message}`,
    fix: 'start the server or correct engine.server.url; the same command then goes on where it stopped',
    cause,
  });
}

/** It was there, and has been away for longer than it may. */
export function serverGone(base: string, seconds: number, cause: Error): UserError {
  return new UserError({
    code: 'server-gone',
    kind: 'dependency',
    message: `the server at ${base} has been gone for ${seconds} s: ${cause.message}`,
    fix: 'start it again, then the same command, which goes on where it stopped; engine.server.patience is how many seconds it is waited for',
    cause,
  });
}

/** It came back as another than the one that made the rollouts so far. */
export function serverChanged(base: string, before: string, now: string): UserError {
  return new UserError({
    code: 'server-changed',
    kind: 'dependency',
    message: `the server at ${base} came back as another one: ${now}, before ${before}`,
    fix: 'serve the same model as before and start the same command again, or begin another run with --run NAME',
  });
}

/** The server does not even answer the first small request. */
export function refusesAll(base: string, cause: Error): UserError {
  return new UserError({
    code: 'server-refuses',
    kind: 'environment',
    message: `the server at ${base} does not take a first small request: ${cause.message}`,
    fix: "look into the server's own log; it must offer /v1/chat/completions with the fields of vLLM",
    cause,
  });
}

export function keyRefused(status: number, message: string): UserError {
  const fix = 'put the key into an environment variable and name that variable in engine.server.apiKeyEnv';
  return new UserError({ code: 'server-key', kind: 'environment', message: `status ${status}: ${message}`, fix });
}

export function keyMissing(variable: string): UserError {
  return new UserError({
    code: 'server-key',
    kind: 'environment',
    message: `the environment variable ${variable} (engine.server.apiKeyEnv) is not set`,
    fix: "set it to the server's key, or leave engine.server.apiKeyEnv out",
  });
}

/** Status 404: no such path, or no such model. */
export function notFound(message: string): UserError {
  const fix = 'engine.server.url is the address without /v1, model.path one of the names at /v1/models';
  return new UserError({ code: 'not-served', kind: 'recipe', message: `the server answers: ${message}`, fix });
}

export function notServed(base: string, name: string | undefined, names: readonly string[]): UserError {
  const served = names.length === 0 ? 'lists no models at /v1/models' : `serves ${names.join(', ')}`;
  return new UserError({
    code: 'not-served',
    kind: 'recipe',
    message: `${name === undefined ? '' : `model ${name}: `}the server at ${base} ${served}`,
    fix: 'write one of the served names as model.path; engine.server.url is the address of the server, without /v1',
  });
}

export function notAServer(url: string): UserError {
  const fix = 'engine.server.url must be the address of an OpenAI-compatible server, without /v1';
  return new UserError({ code: 'no-openai-server', kind: 'recipe', message: `${url} answers something else`, fix });
}

export function samplingRefused(message: string): UserError {
  const refused = `the server refuses the sampling: ${message}`;
  return new UserError({ code: 'sampling', kind: 'recipe', message: refused, fix: 'change it in the recipe' });
}

export function splitsText(): UserError {
  return new UserError({
    code: 'server-splits-text',
    kind: 'environment',
    message: 'the server takes the thinking out of the completion (it has a reasoning parser)',
    fix: 'start it without --reasoning-parser: vauto reads <think>…</think> itself',
  });
}

export function noLogprobs(base: string): UserError {
  const message = `the server at ${base} gives no log-probs, and an early exit is decided by them`;
  return new UserError({ code: 'no-logprobs', kind: 'environment', message, fix: 'use a vLLM server' });
}

export function cannot(what: string): UserError {
  const message = `a server that is not vauto's own cannot ${what}`;
  return new UserError({ code: 'server-only', kind: 'usage', message, fix: 'use an engine of kind vllm for this' });
}
