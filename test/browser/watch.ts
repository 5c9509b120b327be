import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** Reports what the page's policy forbade; model text that ran would set `hacked`. */
const REPORT = () => {
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    Reflect.get(window, 'forbidden')(`${violatedDirective} ${blockedURI}`),
  );
};

/** A page, and everything it did that no page of the run browser may do. */
export class Watch {
  readonly #complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    url: string,
  ) {
    const complain = (what: string) => this.#complaints.push(`${page.url()}: ${what}`);
    page.on('dialog', (dialog) => {
      complain(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => complain(`an error: ${error.message}`));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== url) complain(`a request to ${request.url()}`);
    });
    page.on('response', (reply) => {
      if (reply.status() >= 500) complain(`${reply.status()} of ${reply.url()}`);
    });
    context.on('page', (other) => complain(`another window: ${other.url()}`));
  }

  static async start(browser: Browser, url: string, options: BrowserContextOptions): Promise<Watch> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const watch = new Watch(page, context, url);
    await context.exposeFunction('forbidden', (what: string) =>
      watch.#complaints.push(`${page.url()}: the policy forbids ${what}`),
    );
    await context.addInitScript(REPORT);
    return watch;
  }

  /** Closes the page and tells what it did. */
  async stop(): Promise<readonly string[]> {
    const hacked = await this.page.evaluate(() => Reflect.get(window, 'hacked')).catch(() => undefined);
    if (hacked !== undefined) this.#complaints.push(`${this.page.url()}: a script from the data ran`);
    await this.context.close();
    return this.#complaints;
  }
}
