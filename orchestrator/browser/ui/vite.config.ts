import { join } from 'node:path';
import { defineConfig } from 'vite';

const API = process.env.VAUTO_BROWSE ?? 'http://127.0.0.1:7878';

/** The pages of `vauto browse`: built into dist/browser/ui, served as files. `npx vite orchestrator/browser/ui` works on them beside a running browser. */
export default defineConfig({
  root: import.meta.dirname,
  // Addresses of pages have several parts; all files come from the root.
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(import.meta.dirname, '../../../dist/browser/ui'),
    emptyOutDir: true,
    // Everything is a file of its own: the policy allows no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': API, '/media': API } },
});
