import { createWriteStream, existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ensureEnvironment } from '../environment/index.js';
import { UserError } from '../errors.js';
import { type LocalServer, policies, startGateway, startLocalServer } from '../gateway/index.js';
import { createInterrupt, untilAborted } from './interrupt.js';
import { printJson, printText } from './output.js';
import { resolveServed, type Served } from './served.js';

const variable = z.string().min(1).optional();
const count = z.coerce.number().int().min(1);
const flagsSchema = z.object({
  run: z.string().optional(),
  runs: z.string().default(process.env.VAUTO_RUNS ?? 'runs'),
  upstream: z.array(z.url({ protocol: /^https?$/, error: 'an http: or https: address is needed' })).default([]),
  upstreamKeyEnv: variable,
  name: z.string().min(1).optional(),
  policy: z.enum(policies),
  threshold: z.coerce.number().gt(0).max(1).optional(),
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535),
  apiKeyEnv: variable,
  maxRunning: count,
  maxWaiting: z.coerce.number().int().min(0),
  maxBody: z.coerce.number().gt(0).max(4096),
  mediaRoot: z.string().optional(),
  remoteMedia: z.enum(['public', 'off']),
  log: z.string().optional(),
  json: z.boolean().default(false),
});
type Flags = z.infer<typeof flagsSchema>;

const MEGABYTE = 1e6;
/** Most pixels of an image: more than any camera takes. */
const MAX_PIXELS = 100e6;
const MAX_MEDIA = 16;
/** Requests under way may end for so long after Ctrl-C. */
const GRACE_MS = 10_000;

/** `vauto serve`: a model server if none is given, and the gateway in front of it, until Ctrl-C. */
export async function serve(source: string, given: Record<string, unknown>): Promise<void> {
  const flags = parseFlags(given);
  const served = await resolveServed(source, { ...flags, runs: resolve(flags.runs) });
  // Servers of the command line come before the one of the recipe.
  const server = flags.upstream.length === 0 ? served.server : undefined;
  const running = server === undefined ? flags.upstream : [server.url];
  const [apiKey, upstreamKey] = [keyOf(flags.apiKeyEnv), keyOf(server?.apiKeyEnv ?? flags.upstreamKeyEnv)];
  const interrupt = createInterrupt(undefined, 'requests under way may end');
  const note = (line: string) => process.stderr.write(`${line}\n`);
  const log = flags.log === undefined ? undefined : createWriteStream(flags.log, { flags: 'a' });
  let local: LocalServer | undefined;
  try {
    if (running.length === 0)
      local = await startLocal(served, interrupt.signal, note, (line) => log?.write(`${line}\n`));
    const upstreams = local === undefined ? running : [local.url];
    const failed = new AbortController();
    local?.failed.catch((error: unknown) => failed.abort(error));
    const gateway = await startGateway({
      ...{
        host: flags.host,
        port: flags.port,
        name: served.name,
        upstreams,
        upstreamKey,
        apiKey,
        upstreamModel: server?.model,
      },
      policy: flags.policy,
      threshold: flags.threshold ?? served.threshold,
      conversation: {
        system: served.system,
        media: {
          remote: flags.remoteMedia,
          root: flags.mediaRoot === undefined ? undefined : folderOf(flags.mediaRoot),
          maxBytes: flags.maxBody * MEGABYTE,
          maxPixels: MAX_PIXELS,
        },
        maxMedia: MAX_MEDIA,
      },
      maxRunning: flags.maxRunning,
      maxWaiting: flags.maxWaiting,
      maxBodyBytes: flags.maxBody * MEGABYTE,
      onLog: note,
      signal: AbortSignal.any([interrupt.signal, failed.signal]),
    });
    if (!isLoopback(flags.host) && apiKey === undefined)
      note(`warning: ${flags.host} can be reached by others, and no key is asked of them (--api-key-env)`);
    const details = {
      url: `${gateway.url}/v1`,
      model: served.name,
      policy: flags.policy,
      threshold: flags.threshold ?? served.threshold,
    };
    if (flags.json) printJson(details);
    else
      printText(
        `serving ${details.model} at ${details.url} (policy ${details.policy}, τ ${details.threshold}); Ctrl-C ends it`,
      );
    await untilAborted(interrupt.signal);
    await gateway.close(GRACE_MS);
  } finally {
    await local?.close();
    log?.end();
    interrupt.dispose();
  }
}

async function startLocal(
  served: Served,
  signal: AbortSignal,
  note: (line: string) => void,
  onLog: (line: string) => void,
): Promise<LocalServer> {
  const { python, pythonPath } = await ensureEnvironment({
    ...(served.venv === undefined ? {} : { venv: served.venv }),
    onProgress: note,
    signal,
  });
  note(`starting vLLM with ${served.engine.model}`);
  return startLocalServer({ python, pythonPath, engine: served.engine, name: served.name, onLog });
}

function parseFlags(given: Record<string, unknown>): Flags {
  const parsed = flagsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0]);
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw usage(`--${flag} is ${String(given[name])}: ${issue?.message ?? 'not allowed'}`, 'see vauto serve --help');
}

function keyOf(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const key = process.env[variable];
  if (key) return key;
  throw usage(`the environment variable ${variable} is not set`, 'set it to the key');
}

function folderOf(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw usage(`--media-root ${path} is no folder`, 'name one');
  return resolve(path);
}

function usage(message: string, fix: string): UserError {
  return new UserError({ code: 'usage', kind: 'usage', message, fix });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
