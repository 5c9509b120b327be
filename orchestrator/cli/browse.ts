import { join, resolve } from 'node:path';
import { z } from 'zod';
import { isLoopback, startBrowser } from '../browser/index.js';
import { UserError } from '../errors.js';
import { openFrameSource } from './browse-frames.js';
import { createInterrupt, untilAborted } from './interrupt.js';
import { printJson, printText } from './output.js';

const flagsSchema = z.object({
  runs: z.string().default(process.env.VAUTO_RUNS ?? 'runs'),
  port: z.coerce.number().int().min(0).max(65_535),
  host: z.string().min(1),
  tokenEnv: z.string().min(1).optional(),
  json: z.boolean().default(false),
});

/** `vauto browse`: the run browser, until Ctrl-C. */
export async function browse(given: Record<string, unknown>): Promise<void> {
  const { runs, port, host, tokenEnv, json } = parse(given);
  const interrupt = createInterrupt(undefined, 'the run browser closes');
  const note = (line: string) => process.stderr.write(`${line}\n`);
  const source = openFrameSource(resolve(runs), note);
  try {
    const file = join(resolve(runs), 'vauto.db');
    const browser = await startBrowser({
      file,
      host,
      port,
      token: tokenOf(tokenEnv),
      frames: source?.frames,
      onLog: note,
    });
    if (json) printJson({ url: browser.url });
    else printText(`runs of ${resolve(runs)} at ${browser.url}\nCtrl-C ends it`);
    if (!isLoopback(host))
      note(`${host} can be reached by others: whoever has the address with its token sees all runs`);
    await untilAborted(interrupt.signal);
    await browser.close();
  } finally {
    await source?.close();
    interrupt.dispose();
  }
}

function parse(given: Record<string, unknown>): z.infer<typeof flagsSchema> {
  const parsed = flagsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0]);
  throw usage(`--${name} is ${String(given[name])}: ${issue?.message ?? 'not allowed'}`, 'see vauto browse --help');
}

function tokenOf(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const token = process.env[variable];
  if (token) return token;
  throw usage(`the environment variable ${variable} is not set`, 'set it to the token');
}

function usage(message: string, fix: string): UserError {
  return new UserError({ code: 'usage', kind: 'usage', message, fix });
}
