import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { ageEvents, fillRuns } from './age-server.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

const MANY = 10_000;

/** A list as long as that of a year, and a connection that was away for too long. It ends the server and starts it again. */
export function testManyRuns(world: World): void {
  describe('ten thousand runs', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;
  let copied: string;

  const list = (): Locator => page.getByRole('region', { name: 'Runs' });
  const total = async (): Promise<number> => Number(await list().getByRole('table').getAttribute('aria-rowcount')) - 1;
  const live = (text: string): Promise<void> => page.getByRole('status').filter({ hasText: text }).waitFor();

  before(async () => {
    await world.server.restart();
    const { client } = world.server;
    ({ run_id: copied } = await client.runs.create({ profile: 'steps', project_name: 'Copied' }));
    for (let phase = 0; phase < 3; phase++) await client.runs.next(copied);
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(() => watched?.context.close());

  it('says that there was a gap when the server has no more what happened meanwhile, and loads everything again', async () => {
    await page.goto('/orchestrator/runs');
    await live('Live');
    const known = await total();
    await watched.context.setOffline(true);
    await live('Reconnecting');
    // What happens now is not in the stream any more when the page comes back: the retention of the server has taken it.
    const { run_id: unseen } = await world.server.client.runs.create({ profile: 'steps', project_name: 'Made in the gap' });
    await world.server.client.runs.pause(unseen);
    await world.server.kill();
    fillRuns(world.server.dir, copied, MANY);
    ageEvents(world.server.dir);
    await world.server.start();
    await gone(world);
    assert.equal(await total(), known);
    await watched.context.setOffline(false);
    await live('Gap: reloaded');
    await page
      .getByRole('row', { name: /Made in the gap/ })
      .getByText('Paused')
      .waitFor();
    assert.equal(await total(), known + 1 + MANY);
    await world.server.client.runs.resume(unseen);
    await page
      .getByRole('row', { name: /Made in the gap/ })
      .getByText('Running')
      .waitFor();
  });

  it('has the rows that are seen only, however far one scrolls, each once and in order', async () => {
    const all = await total();
    const names: string[] = [];
    for (let tries = 0; tries < 400; tries++) {
      await page.evaluate(
        '(() => { const list = document.querySelector(\'[role="region"][aria-label="Runs"]\'); list.scrollTop = list.scrollHeight; })()',
      );
      await page.waitForTimeout(15);
      const last = await list().getByRole('row').last().getAttribute('aria-rowindex');
      if (Number(last) === all + 1) break;
      if (tries % 20 === 0) names.push((await list().getByRole('row').last().textContent()) ?? '');
    }
    await page.getByRole('row', { name: new RegExp(`Copied ${MANY} `) }).waitFor();
    assert.equal(await list().getByRole('row').last().getAttribute('aria-rowindex'), String(all + 1));
    assert.ok((await list().getByRole('row').count()) < 80);
    assert.equal(new Set(names).size, names.length);
  });

  it('sorts them all, not only those that are loaded, and narrows them by a text', async () => {
    await list().getByRole('button', { name: 'Created' }).click();
    await page.getByRole('row', { name: new RegExp(`Copied ${MANY} `) }).waitFor();
    assert.equal(new URL(page.url()).search, '?sort=created_at');
    await page.keyboard.press('/');
    await page.keyboard.type('Copied 9999');
    await page.getByText('1 run', { exact: true }).waitFor();
  });

  it('refuses to do something to more than a thousand at once, and says how to narrow them', async () => {
    await page.goto('/orchestrator/runs');
    const cancel = page.getByRole('button', { name: 'Cancel all that fit (all runs)' });
    await cancel.waitFor();
    assert.equal(await cancel.isDisabled(), true);
    assert.match((await cancel.getAttribute('title')) ?? '', /At most 1000 runs at once/);
  });
}

/** Waits until the stream of all events has a gap. */
async function gone({ server }: World): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const answer = await fetch(`${server.url}/api/v1/events?after=0&limit=1`);
    if (/"event_type":"gap"/.test(await answer.text())) return;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  throw new Error('The server forgets nothing');
}
