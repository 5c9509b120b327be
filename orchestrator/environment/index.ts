export type { Check, Finding } from './checks.js';
export { type CheckResult, type DoctorOptions, examine } from './doctor.js';
export { type EnsureOptions, type Environment, ensureEnvironment, presentEnvironment } from './ensure.js';
export { defaultVenv, packageRoot, pythonPath } from './paths.js';
export { type EngineBuild, engines } from './requirements.js';
export { type Setup, type SetupOptions, setupEnvironment } from './setup.js';
