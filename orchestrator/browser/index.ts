/** The run browser: a local server over the store, read-only; its JSON API (api/) and its pages (ui/). */
export type { FrameSource } from './frames.js';
export { type BrowserOptions, isLoopback, type RunningBrowser, startBrowser } from './server.js';
