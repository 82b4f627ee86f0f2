import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

let watched: WatchedPage;
let page: Page;

/** What runs beside the server. */
export function testModules(world: World): void {
  describe('the page of modules', () => testPages(world));
}

function testPages(world: World): void {
  before(async () => {
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(() => watched?.context.close());
  const row = (name: string): ReturnType<Page['getByRole']> =>
    page.getByRole('region', { name: 'Modules' }).getByRole('row', { name: new RegExp(`^${name} `) });

  it('shows each module and follows one that dies and comes back', async () => {
    await page.goto('/modules');
    await row('edge').getByText('Running').waitFor();
    await page.getByRole('link', { name: 'edge' }).click();
    await page.waitForURL(/module=edge/);
    const { modules } = await world.server.client.health();
    const pid = modules.find(({ id }) => id === 'edge')?.pid ?? 0;
    const detail = page.getByRole('region', { name: 'Module edge' });
    await detail.getByText(String(pid), { exact: true }).waitFor();
    process.kill(pid, 'SIGKILL');
    await detail.getByText(/It ended last/).waitFor();
    await row('edge').getByText('Running').waitFor();
    assert.match((await row('edge').textContent()) ?? '', /1/);
  });

  it('has nothing that axe objects to, and says when there is no such module', async () => {
    assert.deepEqual(await violations(page), []);
    await page.goto('/modules?module=nobody');
    await page.getByText('There is no module “nobody”').waitFor();
    assert.deepEqual(watched.troubles, []);
  });
}
