import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openapiSchema, operationsOf } from '../src/features/api-docs/openapi.ts';
import { violations } from './axe.ts';
import { openPage } from './dashboard-fixture.ts';
import { openSubPathProxy } from './sub-path-proxy.ts';
import type { World } from './world.ts';

/** All that programs can ask of the server, for people who write them. */
export function testApiDocs(world: World): void {
  describe('the page of the API', () => testPages(world));
}

function testPages(world: World): void {
  it('lists every operation of the document, finds them by words, and has what is open in the link, by keyboard', async () => {
    const { page, context, troubles } = await openPage(world.browser, world.server.url);
    const all = operationsOf(openapiSchema.parse(await (await fetch(`${world.server.url}/openapi.json`)).json()));
    await page.goto('/settings?tab=server');
    await page.getByRole('main').getByRole('link', { name: 'API', exact: true }).press('Enter');
    await page.getByText(`${all.length} of ${all.length} operations`).waitFor();
    const lines = page.getByRole('main').getByRole('button', { expanded: false });
    assert.equal(await lines.count(), all.length);
    await page.keyboard.press('/');
    await page.keyboard.type('rollouts programs:promote');
    await page.waitForURL(/q=rollouts/);
    const start = page.getByRole('button', { name: /^POST \/api\/v1\/programs\/\{name\}\/rollouts /, expanded: false });
    await start.press('Enter');
    await page.waitForURL(/operation=/);
    await page.getByText('Needs the permission programs:promote.').waitFor();
    const body = page.getByRole('region', { name: 'Fields of Body' });
    await body.getByRole('row', { name: /^candidate .*whole number/ }).waitFor();
    assert.match(
      (await page.getByRole('region', { name: 'Request from a shell' }).textContent()) ?? '',
      /^curl -X POST 'http.*"candidate":4/s,
    );
    await page.reload();
    await body.waitFor();
    assert.equal(await page.title(), 'API · Loopwright');
    await page.getByLabel('Find').fill('nothing is called so');
    await page.getByRole('button', { name: 'Show all operations' }).click();
    await page.getByLabel('Group').selectOption('modules');
    assert.equal(await lines.count(), all.filter(({ group }) => group === 'modules').length);
    assert.deepEqual(troubles, []);
    await context.close();
  });

  it('has nothing that axe objects to with every kind of operation open, at both widths, and fits a phone', async () => {
    const { page, context, troubles } = await openPage(world.browser, world.server.url);
    for (const operation of ['', 'post_root_runs', 'get_root_health', 'post_examples'])
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`/api-docs?operation=${operation}`);
        await page.getByText(/ operations$/).waitFor();
        if (operation !== '') await page.getByRole('button', { expanded: true }).waitFor();
        assert.deepEqual(await violations(page, [width === 390 ? 'dark' : 'light']), [], `${operation} at ${width}`);
        assert.equal(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth'), true, operation);
      }
    assert.deepEqual(troubles, []);
    await context.close();
  });

  it('and Swagger UI are there below a path too, and neither asks another host', async () => {
    await using proxy = await openSubPathProxy(world.server.url, '/tools/loop');
    const { page, context, troubles } = await openPage(world.browser, proxy.url);
    await page.goto(`${proxy.url}/tools/loop/api-docs?operation=get_root_health`);
    await page.getByText(`curl '${proxy.url}/tools/loop/health'`).waitFor();
    await page.getByRole('link', { name: 'Swagger UI' }).press('Enter');
    await page.getByRole('heading', { name: /^Loopwright/ }).waitFor();
    await page.getByText('/api/v1/model-providers').waitFor();
    await page.goto(`${proxy.url}/tools/loop/redoc`);
    await page.getByRole('heading', { name: /^Loopwright/ }).waitFor();
    assert.equal(page.url(), `${proxy.url}/tools/loop/docs/`);
    // Swagger UI tries one style of its own, which is not let in.
    assert.deepEqual(
      troubles.filter((trouble) => !trouble.includes('Applying inline style')),
      [],
    );
    await context.close();
  });
}
