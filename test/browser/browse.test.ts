import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { hasChromium } from '../fixtures/chromium.js';
import { accessibility } from './accessibility.js';
import { comparePage } from './compare-page.js';
import { hostileTexts } from './hostile-texts.js';
import { livePages } from './live-pages.js';
import { runPage } from './run-page.js';
import { runsPage } from './runs-page.js';
import { security } from './security.js';
import { sweepPage } from './sweep-page.js';
import { tracePage } from './trace-page.js';
import { tracesPage } from './traces-page.js';
import { openWorld, type World } from './world.js';

/** One folder of runs, one `vauto browse` and one Chromium for all of them; the parts stand in the files beside. */
describe.skipIf(!hasChromium())('vauto browse in Chromium', () => {
  let opened: World | undefined;
  beforeAll(async () => {
    opened = await openWorld();
  });
  afterEach(() => opened?.settle());
  afterAll(() => opened?.close());
  const world = () => {
    if (opened === undefined) throw new Error('the world is not open');
    return opened;
  };

  // First: what is done later changes the store.
  describe('security', () => security(world));
  describe('runs', () => runsPage(world));
  describe('run', () => runPage(world));
  describe('τ explorer', () => sweepPage(world));
  describe('traces', () => tracesPage(world));
  describe('trace', () => tracePage(world));
  describe('compare', () => comparePage(world));
  describe('hostile texts', () => hostileTexts(world));
  describe('accessibility', () => accessibility(world));
  describe('live', () => livePages(world));
});
