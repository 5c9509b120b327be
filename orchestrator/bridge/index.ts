export { type Bridge, type BridgeOptions, openBridge } from './bridge.js';
export type { CallOptions } from './call.js';
export { WorkerError, type WorkerFailure } from './errors.js';
export { collectLines, type LogTail } from './log-tail.js';
export { signalProcess } from './process.js';
export { type MethodName, methods, type Params, type Result } from './protocol.js';
export { callRetrying, type RetryOptions } from './retry.js';
export type { Worker } from './worker.js';
