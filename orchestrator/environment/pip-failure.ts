import { UserError } from '../errors.js';

interface Cause {
  readonly code: string;
  readonly pattern: RegExp;
  readonly message: (match: RegExpMatchArray) => string;
  readonly fix: string;
}

/** Why pip fails on people's machines, most telling first. */
const CAUSES: readonly Cause[] = [
  {
    code: 'disk-full',
    pattern: /No space left on device|Errno 28|Disk quota exceeded/,
    message: () => 'the disk is full',
    fix: 'free about 8 GB (pip also needs room in its cache and in TMPDIR), then run `vauto setup` again',
  },
  {
    code: 'compiler-missing',
    pattern:
      /(?:command|unable to execute|No such file or directory:) '?(?:\S*\/)?(gcc|g\+\+|cc|c\+\+|clang|\S+-gcc)'?|fatal error: Python\.h/,
    message: () => 'a package has to be compiled, and the C++ compiler or the headers of Python are missing',
    fix: 'install them (Debian, Ubuntu: apt-get install g++ python3-dev), then run `vauto setup` again',
  },
  {
    code: 'pip-broken',
    pattern: /No module named '?(?:pip|ensurepip)/,
    message: () => 'pip itself does not run',
    fix: 'run `vauto setup --recreate`',
  },
  {
    code: 'network',
    pattern:
      /Temporary failure in name resolution|Name or service not known|Network is unreachable|Connection refused|NewConnectionError|Read timed out|ConnectTimeout|SSLError|CERTIFICATE_VERIFY_FAILED|ProxyError/,
    message: () => 'the package index cannot be reached',
    fix: 'check the network; behind a proxy or with a mirror set HTTPS_PROXY or PIP_INDEX_URL, then run `vauto setup` again',
  },
  {
    code: 'package-missing',
    pattern: /No matching distribution found for ([^\s]+)/,
    message: ([, name]) => `the package index has no ${name} for this Python and platform`,
    fix: 'use Python 3.11 on Linux x86-64, or name an index that has it in PIP_EXTRA_INDEX_URL',
  },
  {
    code: 'package-conflict',
    pattern: /ResolutionImpossible|conflicting dependencies/,
    message: () => 'the pinned versions contradict each other',
    fix: 'run `vauto setup --recreate`; if it stays, PIP_CONSTRAINT or pip.conf of this machine pins something else',
  },
];

/** The user's error behind a failed pip; the end of its output where the cause is none of the known ones. */
export function pipFailure(output: string): UserError {
  for (const { code, pattern, message, fix } of CAUSES) {
    const match = output.match(pattern);
    if (match) return new UserError({ code, kind: 'dependency', message: `Python packages: ${message(match)}`, fix });
  }
  const end = output.trimEnd().split('\n').slice(-12).join('\n');
  return new UserError({
    code: 'pip-failed',
    kind: 'dependency',
    message: `Python packages could not be installed:\n${end}`,
    fix: 'mend what pip names above, then run `vauto setup` again',
  });
}

/** Whether only CPU torch was not found, which PyTorch's own index has. */
export function needsTorchIndex(output: string): boolean {
  return /No matching distribution found for torch==/.test(output);
}
