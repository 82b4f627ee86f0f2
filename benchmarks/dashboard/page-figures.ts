import { gzipSync } from 'node:zlib';
import { type WatchedPage, openPage, type startBrowser } from '../../apps/dashboard/e2e/dashboard-fixture.ts';

type Browser = Awaited<ReturnType<typeof startBrowser>>;

/** A page of the browser. */
export type Page = WatchedPage['page'];

/** A share of values, such as 0.99, lies below this one. */
export function quantile(values: readonly number[], share: number): number {
  return (
    values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
  );
}

/** Processor time so far, in milliseconds: it says the same on a busy machine. */
interface Worked {
  /** Of the processes of pages, all their threads. */
  readonly pages: number;
  /** Of the process that puts what pages have drawn on the screen. */
  readonly screen: number;
}

/** Gives what tells how long the processes of a browser have worked. */
async function watchWork(browser: Browser): Promise<() => Promise<Worked>> {
  const inside = await browser.newBrowserCDPSession();
  return async () => {
    const { processInfo } = await inside.send('SystemInfo.getProcessInfo');
    const of = (kind: string): number =>
      processInfo.filter(({ type }) => type === kind).reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
    return { pages: of('renderer'), screen: of('GPU') };
  };
}

/** Chromium begins each window with pages of its own, which take up to a second of processor time: they are no part of what is measured. */
const OWN_PAGES_MS = 2500;

/** Opens an empty page, and waits until the browser is done with itself. */
export async function openQuietPage(browser: Browser, url: string): Promise<Page> {
  const { page } = await openPage(browser, url);
  await page.waitForTimeout(OWN_PAGES_MS);
  return page;
}

/** When the first frame with a row in it was drawn, in milliseconds since the navigation began. */
const SEEN = `window.seenAt = new Promise((resolve) => new MutationObserver((_, watching) => {
  if (!document.querySelector('tbody tr')) return;
  watching.disconnect();
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
}).observe(document, { childList: true, subtree: true }));`;

/** What one load of a page with nothing in its cache took. */
export interface Load {
  readonly shownMs: number;
  readonly workedMs: number;
  /** Of all its scripts until then, as gzip makes them. */
  readonly scriptBytes: number;
}

/** Loads a page in a browser that knows nothing of it. */
export async function measureLoad(browser: Browser, url: string): Promise<Load> {
  const page = await openQuietPage(browser, url);
  const worked = await watchWork(browser);
  await page.addInitScript(SEEN);
  const scripts: Promise<number>[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) scripts.push(response.body().then((body) => gzipSync(body).length));
  });
  const before = await worked();
  await page.goto(url, { waitUntil: 'commit' });
  const shownMs = await page.evaluate<number>('window.seenAt');
  const load = {
    shownMs,
    workedMs: (await worked()).pages - before.pages,
    scriptBytes: (await Promise.all(scripts)).reduce((sum, length) => sum + length, 0),
  };
  await page.context().close();
  return load;
}

/** A frame comes every 16.7 ms; one that took more than one and a half of that left one out. */
const LATE_MS = 25;

/** How some frames of scrolling went. */
export interface Scrolling {
  /** Between each frame and the one before, in milliseconds. */
  readonly times: readonly number[];
  readonly dropped: number;
  readonly worked: Worked;
  /** Where it ended, in pixels. */
  readonly top: number;
}

/** Scrolls the list of a page from where it stands, `speed` pixels a frame. */
export async function measureScrolling(page: Page, { frames, speed }: { frames: number; speed: number }): Promise<Scrolling> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('Cannot measure the page: it has no browser');
  const worked = await watchWork(browser);
  const before = await worked();
  const { times, top } = await page.evaluate<{ times: number[]; top: number }>(`new Promise((resolve) => {
    const list = document.querySelector('.table-scroll');
    const times = [];
    let last = performance.now();
    const step = (now) => {
      times.push(now - last);
      last = now;
      list.scrollTop += ${speed};
      if (times.length <= ${frames}) requestAnimationFrame(step);
      else resolve({ times: times.slice(1), top: list.scrollTop });
    };
    requestAnimationFrame(step);
  })`);
  const after = await worked();
  return {
    times,
    dropped: times.filter((time) => time > LATE_MS).length,
    worked: { pages: after.pages - before.pages, screen: after.screen - before.screen },
    top,
  };
}
