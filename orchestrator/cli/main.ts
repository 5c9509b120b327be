#!/usr/bin/env node
import { reportError, type Streams } from './boundary.js';
import { createProgram } from './program.js';

const streams: Streams = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
};

// `vauto runs list | head` closes our output early; that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

const args = process.argv.slice(2);
const json = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined).includes('--json');
try {
  await createProgram(streams).parseAsync(args, { from: 'user' });
} catch (error) {
  process.exitCode = reportError(error, json, streams);
}
