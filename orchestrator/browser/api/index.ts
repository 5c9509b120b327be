/** What the JSON API of `vauto browse` answers, a file for each page; docs/browser.md lists the addresses. The pages use nothing else. */
export * from './compare.js';
export * from './error.js';
export * from './live.js';
export * from './run.js';
export * from './runs.js';
export * from './sweep.js';
export * from './trace.js';
export * from './traces.js';
