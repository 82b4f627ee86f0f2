import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { executionEventPageSchema, newApiKeySchema } from '@loopwright/protocol';
import type { Page } from 'playwright-core';
import { violations } from './axe.ts';
import { createAccepting, createWaiting, openPage } from './dashboard-fixture.ts';
import { openSubPathProxy } from './sub-path-proxy.ts';
import type { World } from './world.ts';

/** What happens to people while they use the pages. It ends the server and starts it again, at last with identities configured. */
export function testTrouble(world: World): void {
  describe('the pages when something is in the way', () => testPages(world));
}

function testPages(world: World): void {
  const row = (page: Page, name: string): ReturnType<Page['getByRole']> => page.getByRole('row', { name: new RegExp(name) });
  const status = (page: Page, text: string): Promise<void> => page.getByRole('status').filter({ hasText: text }).waitFor();

  it('works below a path, with links, live rows and files', async () => {
    await using proxy = await openSubPathProxy(world.server.url, '/tools/loop');
    const { page, context, troubles } = await openPage(world.browser, proxy.url);
    await page.goto('/tools/loop/');
    await page.getByRole('region', { name: 'Runs' }).getByRole('row').nth(1).waitFor();
    assert.equal(new URL(page.url()).pathname, '/tools/loop/orchestrator/runs');
    await status(page, 'Live');
    await world.server.client.runs.create({ profile: 'steps', project_name: 'Seen through the proxy' });
    await row(page, 'Seen through the proxy').waitFor();
    await page.goto(`/tools/loop/orchestrator/runs/${world.runs.completed}?tab=artifacts`);
    await page.getByRole('button', { name: /PRD.md/ }).click();
    await page.getByRole('heading', { name: 'Invoice reader', level: 3 }).waitFor();
    assert.equal(
      (await page.request.get(String(await page.getByRole('link', { name: 'Download' }).getAttribute('href')))).status(),
      200,
    );
    assert.deepEqual(troubles, []);
    await context.close();
  });

  it('says that it is behind while the network is cut, and misses nothing', async () => {
    const { page, context } = await openPage(world.browser, world.server.url);
    const { run_id: known } = await world.server.client.runs.create({ profile: 'steps', project_name: 'Known before' });
    await page.goto('/orchestrator/runs');
    await row(page, 'Known before').waitFor();
    await status(page, 'Live');
    await context.setOffline(true);
    await status(page, 'Reconnecting');
    const { run_id } = await world.server.client.runs.create({ profile: 'steps', project_name: 'Made in the dark' });
    await world.server.client.runs.cancel(known);
    assert.equal(await row(page, 'Made in the dark').count(), 0);
    await context.setOffline(false);
    await row(page, 'Made in the dark').waitFor();
    await row(page, 'Known before').getByText('Cancelled').waitFor();
    await status(page, 'Live');
    assert.equal(await row(page, run_id.slice(0, 8)).count(), 1);
    await context.close();
  });

  it('sends a decision again, and misses nothing, when the server dies during it', async () => {
    const { page, context } = await openPage(world.browser, world.server.url);
    await page.goto(`/orchestrator/runs/${await createAccepting(world.server.client, 'Second router')}`);
    const list = await openPage(world.browser, world.server.url);
    await list.page.goto('/orchestrator/runs');
    await status(list.page, 'Live');
    const form = page.getByRole('region', { name: /Is the build good enough/ });
    await form.getByLabel('Comment').fill('Good, but slow');
    await world.server.kill();
    await form.getByRole('button', { name: 'Accept' }).click();
    await form.getByText(/Your decision is kept here/).waitFor();
    assert.equal(await form.getByLabel('Comment').inputValue(), 'Good, but slow');
    await world.server.start();
    await page.getByText(/“Is the build good enough\?” was accepted by you/).waitFor();
    // The list goes on behind the last event that it saw.
    const { run_id } = await world.server.client.runs.create({ profile: 'steps', project_name: 'After the crash' });
    await row(list.page, 'After the crash').waitFor();
    await status(list.page, 'Live');
    assert.equal(await row(list.page, run_id.slice(0, 8)).count(), 1);
    await Promise.all([context.close(), list.context.close()]);
  });

  it('lets exactly one of two browsers decide that send at the same moment, and tells the other one', async () => {
    const { client } = world.server;
    const id = await createAccepting(client, 'Third router');
    const { execution_id } = await client.runs.get(id);
    const task = (await client.openTasks(execution_id))[0]?.task_id ?? '';
    const both = await Promise.all([openPage(world.browser, world.server.url), openPage(world.browser, world.server.url)]);
    const sent = Promise.withResolvers<void>();
    let waiting = 0;
    const forms = await Promise.all(
      both.map(async ({ page }) => {
        // Neither hears of the other, and both decisions are on their way before one of them goes out.
        await page.routeWebSocket(/ws\/events/, () => undefined);
        await page.route('**/answer', async (route) => {
          if (++waiting === 2) sent.resolve();
          await sent.promise;
          await route.continue();
        });
        await page.goto(`/inbox/${task}`);
        const form = page.getByRole('region', { name: /^Decision: Is the build good enough/ });
        await form.getByLabel('Comment').fill('Decided');
        return form;
      }),
    );
    await Promise.all(forms.map((form, at) => form.getByRole('button', { name: at === 0 ? 'Accept' : 'Reject' }).click()));
    const settled = both.map(({ page }) => page.getByRole('region', { name: /^Decided: Is the build good enough/ }));
    await Promise.all(settled.map((one) => one.getByText(/developer (?:accepted|rejected)/).waitFor()));
    const late = await Promise.all(settled.map((one) => one.getByText('before you. What you sent did not count').count()));
    assert.equal(
      late.reduce((sum, count) => sum + count, 0),
      1,
    );
    const verdicts = await Promise.all(settled.map((one) => one.getByText(/developer (?:accepted|rejected)/).textContent()));
    assert.equal(verdicts[0], verdicts[1]);
    const { events } = await client.call({
      method: 'GET',
      path: `/api/v1/executions/${execution_id}/events?limit=1000`,
      answer: executionEventPageSchema,
    });
    assert.equal(events.filter(({ event_type: type }) => type === 'acceptance_decided').length, 1);
    for (const { context, troubles } of both) {
      assert.deepEqual(troubles, []);
      await context.close();
    }
  });

  it('shows a run with more than a thousand events without drawing them all', async () => {
    const { run_id } = await world.server.client.runs.create({ profile: 'long', project_name: 'Long' });
    await world.server.client.runs.next(run_id);
    const { page, context } = await openPage(world.browser, world.server.url);
    await page.goto(`/orchestrator/runs/${run_id}?tab=events`);
    const table = page.getByRole('region', { name: 'Events' });
    await table.getByRole('row').nth(5).waitFor();
    assert.ok((await table.getByRole('row').count()) < 80);
    for (let tries = 0; tries < 60 && Number(await table.getByRole('table').getAttribute('aria-rowcount')) < 1001; tries++) {
      await page.evaluate('document.querySelector(\'[role="region"][aria-label="Events"]\').scrollTop = 1e9');
      await page.waitForTimeout(50);
    }
    assert.ok(Number(await table.getByRole('table').getAttribute('aria-rowcount')) > 1000);
    await context.close();
  });

  it('asks who one is, opens a session with a key, and shows a viewer what may not be done', async () => {
    const waiting = await createWaiting(world.server.client, 'Second forecast');
    const { key } = await world.server.client.call({
      method: 'POST',
      path: '/api/v1/api-keys',
      answer: newApiKeySchema,
      json: { name: 'vera', role: 'viewer' },
    });
    await world.server.restart(['--identity', 'configured']);
    const { page, context, troubles } = await openPage(world.browser, world.server.url);
    await page.goto(`/orchestrator/runs/${waiting}`);
    await page.getByLabel('API key').fill('not-a-key');
    await page.getByRole('button', { name: 'Sign in with the key' }).click();
    await page.getByText(/credentials are not valid/).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByLabel('API key').fill(key ?? '');
    await page.getByRole('button', { name: 'Sign in with the key' }).click();
    await page.getByRole('heading', { name: 'Second forecast' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Pause' }).isDisabled(), true);
    assert.equal(await page.getByRole('button', { name: 'Send the answers' }).isDisabled(), true);
    await status(page, 'Live');
    // Nothing of the key is kept where a script could read it.
    assert.equal(
      await page.evaluate(`JSON.stringify(localStorage).includes(${JSON.stringify(key)}) || document.cookie.includes('session')`),
      false,
    );
    await page.getByRole('button', { name: /account and display/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    assert.deepEqual(troubles, []);
    await context.close();
  });
}
