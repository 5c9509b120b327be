import { execa } from 'execa';

const { stdout, failed } = await execa('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader'], {
  reject: false,
});

/** Name and memory of the CUDA device; undefined without one. */
export const device = failed ? undefined : stdout.trim();
