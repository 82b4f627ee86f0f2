import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newApiKeySchema } from '@loopwright/protocol';
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
    assert.equal(await row('edge').getByRole('cell').nth(3).textContent(), '1');
  });

  it('shows what it wrote, goes on with it, and narrows it by link', async () => {
    const log = page.getByRole('region', { name: 'Log of edge' });
    await log.getByText('supervisor').first().waitFor();
    await log
      .getByText(/SIGKILL/)
      .first()
      .waitFor();
    await page.getByLabel('Lines').selectOption('error');
    await page.waitForURL(/level=error/);
    await page.getByLabel('Lines').selectOption('');
  });

  it('stops a module and starts it again, by keyboard, with a reason that the audit log has', async () => {
    await page.getByRole('link', { name: 'generator' }).press('Enter');
    const detail = page.getByRole('region', { name: 'Module generator' });
    await detail.getByRole('button', { name: 'Stop generator' }).press('Enter');
    const dialog = page.getByRole('alertdialog', { name: 'Stop “generator”?' });
    await dialog.getByLabel('Reason').fill('its host is repaired');
    await dialog.getByRole('button', { name: 'Stop' }).press('Enter');
    await row('generator').getByText('Stopped').waitFor();
    await detail.getByRole('button', { name: 'Start generator' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).press('Enter');
    await row('generator').getByText('Running').waitFor();
    const operation = encodeURIComponent('POST /api/v1/modules/{name}/stop');
    const audit = await page.request.get(`/api/v1/audit?operation=${operation}`);
    assert.match(await audit.text(), /its host is repaired/);
  });

  it('shows a viewer how modules are, and neither their logs nor what can be done', async () => {
    const { key } = await world.server.client.call({
      method: 'POST',
      path: '/api/v1/api-keys',
      answer: newApiKeySchema,
      json: { name: 'reader', role: 'viewer' },
    });
    const other = await openPage(world.browser, world.server.url);
    await other.context.setExtraHTTPHeaders({ authorization: `Bearer ${key ?? ''}` });
    await other.page.goto('/modules?module=edge');
    await other.page.getByText(/the permission modules:read; you are viewer here/).waitFor();
    assert.equal(await other.page.getByRole('button', { name: /edge/ }).count(), 0);
    assert.equal(await other.page.getByRole('heading', { name: 'Log' }).count(), 0);
    await other.context.close();
  });

  it('has nothing that axe objects to, and says when there is no such module', async () => {
    assert.deepEqual(await violations(page, ['light']), []);
    await page.goto('/modules?module=nobody');
    await page.getByText('There is no module “nobody”').waitFor();
    assert.deepEqual(watched.troubles, []);
  });
}
