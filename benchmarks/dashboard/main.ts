// `npm run bench -- dashboard`: what the first load weighs and takes, how the list of 10,000 runs scrolls, and how long a change of the server takes to the
// screen; `--quick` for fewer loads and changes. In headless Chromium, whose frames come at 60 a second; the clock of page and benchmark is that of one machine.
import { fillRuns } from '../../apps/dashboard/e2e/age-server.ts';
import { skipPages, startBrowser, startServer } from '../../apps/dashboard/e2e/dashboard-fixture.ts';
import { type Load, type Page, type Scrolling, measureLoad, measureScrolling, openQuietPage, quantile } from './page-figures.ts';
import { startPlainPages } from './plain-page.ts';

const QUICK = process.argv.includes('--quick');
const ROWS = 10_000;
/** What the list asks for first. */
const FIRST_ROWS = 100;
const LOADS = QUICK ? 3 : 7;
const ROUNDS = 3;
const FRAMES = 300;
/** Pixels a frame: 9,000 a second, as fast as a wheel is turned. */
const SPEED = 150;
const CHANGES = QUICK ? 20 : 100;
/** Between two changes: a page asks once a second when there are always some. */
const PAUSE_MS = 1100;

if (skipPages !== false) throw new Error(skipPages);
const line = (name: string, text: string): boolean => process.stdout.write(`${name.padEnd(44)} ${text}\n`);

await using server = await startServer();
const { run_id: copied } = await server.client.runs.create({ profile: 'steps', project_name: 'Copied' });
for (let phase = 0; phase < 3; phase += 1) await server.client.runs.next(copied);
await server.restart();
await server.kill();
fillRuns(server.dir, copied, ROWS);
await server.start();
const { run_id: changed } = await server.client.runs.create({ profile: 'steps', project_name: 'Changed' });
await using browser = await startBrowser();

const list = `${server.url}/orchestrator/runs`;
const page = await openQuietPage(browser, server.url);
await page.goto(list);
await page.getByRole('row').nth(5).waitFor();
const extent = await page.evaluate<{ width: number; height: number }>(`(({ offsetWidth: width, offsetHeight: height }) =>
  ({ width, height }))(document.querySelector('.table-scroll'))`);
await using plain = await startPlainPages(extent);

/** The page and the plain one in turns: what both of them lose is the machine's. */
const loads: Load[] = [];
const plainLoads: Load[] = [];
for (let load = 0; load < LOADS; load += 1) {
  loads.push(await measureLoad(browser, list));
  plainLoads.push(await measureLoad(browser, plain.urlOf(FIRST_ROWS)));
}
const shownText = (some: readonly Load[]): string => {
  const shown = some.map(({ shownMs }) => shownMs);
  const worked = some.map(({ workedMs }) => workedMs);
  return `median ${quantile(shown, 0.5).toFixed(0)} ms, worst of ${some.length} ${Math.max(...shown).toFixed(0)} ms; ${quantile(worked, 0.5).toFixed(0)} ms of processor time of the page`;
};
line('JavaScript of the first load', `${((loads[0]?.scriptBytes ?? Number.NaN) / 1024).toFixed(1)} KiB gzip (goal < 200)`);
line('Rows on the screen, cold cache', `${shownText(loads)} (goal < 1000)`);
line(`  a plain page of ${FIRST_ROWS} rows`, shownText(plainLoads));

const plainPage = await openQuietPage(browser, plain.urlOf(ROWS));
await plainPage.goto(plain.urlOf(ROWS));
const scrolled: Scrolling[] = [];
const plainScrolled: Scrolling[] = [];
const scroll = (of: Page): Promise<Scrolling> => measureScrolling(of, { frames: FRAMES, speed: SPEED });
for (let round = 0; round < ROUNDS; round += 1) {
  scrolled.push(await scroll(page));
  plainScrolled.push(await scroll(plainPage));
}
await plainPage.context().close();
const workOf = (some: readonly Scrolling[], of: 'pages' | 'screen'): number =>
  quantile(
    some.map(({ worked }) => worked[of] / FRAMES),
    0.5,
  );
const scrolledText = (some: readonly Scrolling[]): string => {
  const times = some.flatMap((one) => one.times);
  const dropped = some.map((one) => one.dropped);
  return `${dropped.join(' + ')} of ${times.length} frames dropped, p99 ${quantile(times, 0.99).toFixed(1)} ms, worst ${Math.max(...times).toFixed(1)} ms; ${workOf(some, 'pages').toFixed(1)} ms of processor time of the page a frame and ${workOf(some, 'screen').toFixed(1)} of the screen (a frame has 16.7)`;
};
const seenRows = Math.round((scrolled.at(-1)?.top ?? 0) / 36).toLocaleString('en');
line(`Scrolling ${seenRows} of ${ROWS.toLocaleString('en')} rows, ${SPEED} px a frame`, scrolledText(scrolled));
line('  a plain page of as many rows', scrolledText(plainScrolled));
line('  processor time, ours to the plain one', `${(workOf(scrolled, 'pages') / workOf(plainScrolled, 'pages')).toFixed(2)} : 1`);

await page.goto('/orchestrator/runs');
await page.getByRole('link', { name: /Changed/ }).waitFor();
await page.evaluate(`new MutationObserver(() => {
  const text = [...document.querySelectorAll('tbody tr')].find((row) => row.textContent.includes('Changed '))?.textContent ?? '';
  const status = /Paused/.test(text) ? 'paused' : 'running';
  if (status !== window.statusSeen) { window.statusSeen = status; window.statusAt = Date.now(); }
}).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true })`);
const late: number[] = [];
for (let change = 0; change < CHANGES; change += 1) {
  const wanted = change % 2 === 0 ? 'paused' : 'running';
  await page.waitForTimeout(PAUSE_MS);
  const asked = Date.now();
  await (wanted === 'paused' ? server.client.runs.pause(changed) : server.client.runs.resume(changed));
  for (;;) {
    const seen = await page.evaluate<{ status: string; at: number }>('({ status: window.statusSeen, at: window.statusAt })');
    if (seen.status === wanted) {
      late.push(seen.at - asked);
      break;
    }
    if (Date.now() - asked > 10_000) throw new Error('The change did not come to the screen within 10 s');
  }
}
line(
  `A change on the screen, from before its request`,
  `p50 ${quantile(late, 0.5)} ms, p99 ${quantile(late, 0.99)} ms, worst ${Math.max(...late)} ms of ${CHANGES} (goal p99 < 200)`,
);
