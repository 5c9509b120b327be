import { type SetupOptions, setupEnvironment } from '../environment/index.js';
import { createInterrupt } from './interrupt.js';
import { formatSeconds, printJson, printText } from './output.js';

export type SetupFlags = Pick<SetupOptions, 'engine' | 'venv' | 'recreate'> & { readonly json?: boolean };

/** `vauto setup`: progress on standard error, the outcome on standard output. */
export async function runSetup({ json, ...options }: SetupFlags): Promise<void> {
  const started = performance.now();
  const interrupt = createInterrupt('vauto setup');
  try {
    const onProgress = (message: string): boolean => process.stderr.write(`${message}\n`);
    const setup = await setupEnvironment({ ...options, signal: interrupt.signal, onProgress });
    const seconds = (performance.now() - started) / 1000;
    if (json) printJson({ ...setup, seconds });
    else if (setup.changed) printText(`${setup.venv} is ready (${formatSeconds(seconds)})`);
    else printText(`${setup.venv} is ready, nothing to do`);
  } finally {
    interrupt.dispose();
  }
}
