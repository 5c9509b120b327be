// What somebody sees in a real Chromium: the first paint, and how soon rows are there after a jump.

import { chromium } from 'playwright-core';

const JUMPS = 50;
/** The whole table is scrolled through at random. */
const TABLE = '.trace-grid tbody.body';

export async function measurePages(url, run) {
  const browser = await chromium.launch({
    executablePath: process.env.VAUTO_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    const paints = [];
    for (const path of ['', `runs/${run}`, `runs/${run}/traces`, `runs/${run}/sweep`]) {
      const page = await browser.newPage();
      await page.goto(url + path);
      await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
      paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
      await page.close();
    }
    return { paints, jumps: await measureJumps(browser, `${url}runs/${run}/traces`) };
  } finally {
    await browser.close();
  }
}

async function measureJumps(browser, address) {
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForSelector(`${TABLE} tr.line:not(.empty)`);
  const times = [];
  for (let jump = 0; jump < JUMPS; jump += 1) {
    const share = (jump * 0.618034 + 0.1) % 1;
    times.push(await page.evaluate(jumpTo, { table: TABLE, share }));
  }
  return times;
}

/** Runs in the page: scrolls there and waits until every row in view has its cells. */
function jumpTo({ table, share }) {
  const body = document.querySelector(table);
  const started = performance.now();
  body.scrollTop = share * (body.scrollHeight - body.clientHeight);
  return new Promise((resolve) => {
    const look = () => {
      const view = body.getBoundingClientRect();
      const lines = [...body.querySelectorAll('tr.line')].filter((line) => {
        const { top, bottom } = line.getBoundingClientRect();
        return bottom > view.top && top < view.bottom;
      });
      const whole = lines.length > 5 && lines.every((line) => !line.classList.contains('empty'));
      if (whole) resolve(performance.now() - started);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}
