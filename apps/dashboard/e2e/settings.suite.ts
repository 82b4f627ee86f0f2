import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { dialogTroubles } from './dialogs.ts';
import { type DashboardServer, type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

const TABS = ['keys', 'people', 'webhooks', 'providers', 'retention', 'audit', 'server'];

/** Who may what, who is told, who did what, and what the server was started with. */
export function testSettings(world: World): void {
  describe('the settings', () => testPages(world));
}

function testPages(world: World): void {
  let server: DashboardServer;
  let watched: WatchedPage;
  let page: Page;

  before(async () => {
    ({ server } = world);
    watched = await openPage(world.browser, server.url);
    ({ page } = watched);
  });

  it('make a key that is shown once and works, and revoke it', async () => {
    await page.goto('/settings');
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog', { name: 'New API key' });
    assert.equal(await dialog.getByRole('button', { name: 'Make the key' }).isDisabled(), true);
    await dialog.getByLabel('Name').fill('nightly import');
    await dialog.getByLabel('The most that it may').selectOption('viewer');
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    const shown = page.getByRole('status').filter({ hasText: 'it is not shown again' });
    const key = (await shown.locator('code').textContent()) ?? '';
    const status = async (): Promise<number> =>
      (await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })).status;
    assert.equal(await status(), 200);
    await page.reload();
    const row = page.getByRole('row', { name: /nightly import/ });
    await row.getByText('Good').waitFor();
    assert.equal(await page.getByText(key).count(), 0);
    await row.getByRole('button', { name: 'Revoke nightly import' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke the key' }).click();
    await row.getByText('Revoked').waitFor();
    assert.equal(await status(), 401);
  });

  it('change the role of a person, and give one in a project', async () => {
    await server.client.runs.create({ profile: 'steps', project_id: 'billing' });
    await page.getByRole('tab', { name: 'People' }).click();
    await page.getByLabel('Role of developer').selectOption('admin');
    await page.getByText('developer is admin now').waitFor();
    await page.locator('summary', { hasText: 'What each role may' }).press('Enter');
    await page.getByRole('row', { name: 'executions:write no yes yes' }).waitFor();
    await page.getByLabel('Project', { exact: true }).selectOption('billing');
    await page.getByLabel('Person', { exact: true }).fill('developer');
    await page.getByLabel('Role', { exact: true }).selectOption('operator');
    await page.getByRole('button', { name: 'Give the role' }).click();
    await page.getByRole('row', { name: /developer operator/ }).waitFor();
    assert.match(new URL(page.url()).search, /project=billing/);
    await page.getByRole('button', { name: 'Take the role of developer' }).click();
    await page.getByText('Nobody has a role of their own here').waitFor();
  });

  it('make a webhook, try it, and show what became of the delivery', async () => {
    const receiver = createServer((_, response) => void response.writeHead(204).end()).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    try {
      await page.goto('/settings?tab=webhooks');
      await page.getByRole('button', { name: 'New webhook' }).click();
      const dialog = page.getByRole('dialog', { name: 'New webhook' });
      await dialog.getByLabel('Address').fill('http://192.168.7.7/hook');
      await dialog.getByRole('button', { name: 'Make the webhook' }).click();
      await dialog.getByRole('alert').waitFor();
      await dialog.getByLabel('Address').fill(url);
      await dialog.getByRole('button', { name: 'Make the webhook' }).click();
      await page.getByText(/Copy the secret of/).waitFor();
      await page.getByRole('button', { name: `Test ${url}`, exact: true }).click();
      const delivery = page.getByRole('region', { name: 'Deliveries' }).getByRole('row', { name: /webhook_test/ });
      await delivery.waitFor();
      // Its delivery is no event that pages are told of.
      for (let tries = 0; tries < 100 && (await delivery.getByText('delivered').count()) === 0; tries += 1) {
        await page.getByRole('button', { name: 'Look again' }).click();
        await page.waitForTimeout(50);
      }
      await delivery.getByText('204 in').waitFor();
    } finally {
      receiver.close();
    }
  });

  it('narrow the audit log by link, and check its chain', async () => {
    await page.goto(`/settings?tab=audit&operation=${encodeURIComponent('POST /api/v1/api-keys')}`);
    const rows = page.getByRole('region', { name: 'Audit log' }).getByRole('row');
    await rows.nth(1).waitFor();
    assert.equal(await rows.filter({ hasNotText: 'POST /api/v1/api-keys' }).count(), 1);
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText(/Whole and unchanged: \d+ entries/).waitFor();
  });

  it('say what the server was started with, without secrets', async () => {
    await page.getByRole('tab', { name: 'Server' }).click();
    await page.getByText('Healthy').waitFor();
    await page.getByLabel('Find').fill('webhook private');
    await page.getByRole('row', { name: /webhook_private_hosts \["127.0.0.1"\] Changed/ }).waitFor();
    await page.waitForURL(/find=webhook/);
  });

  it('say which providers of models are set up, without their keys, and for how long what is kept', async () => {
    await page.goto('/settings?tab=providers');
    await page.getByRole('row', { name: /^OpenAI Yes/ }).waitFor();
    await page.getByRole('row', { name: /^Anthropic .*ANTHROPIC_API_KEY.* No/ }).waitFor();
    await page.getByRole('row', { name: /^Agents of runs model openai\/gpt-4.1 Yes/ }).waitFor();
    await page.getByRole('row', { name: /claude.* No/ }).waitFor();
    assert.doesNotMatch(await page.content(), /sk-of-the-tests/);
    await page.goto('/new-run?how=quick&profile=blank');
    await page.getByText('Expected cost').waitFor();
    assert.equal(await page.getByText('would fail as the server is set up').count(), 0);
    await page.goto('/settings?tab=retention');
    await page.getByRole('row', { name: /^Requests to programs .* 7 days retention_days/ }).waitFor();
    await page.getByRole('row', { name: /^Audit log .* ever audit_retention_days/ }).waitFor();
  });

  it('ask in dialogs that a keyboard and a phone can use', async () => {
    const troubles: string[] = [];
    const look = async (name: string, button: Locator, fill?: (dialog: Locator) => Promise<void>): Promise<void> =>
      void troubles.push(...(await dialogTroubles(page, name, { button, ...(fill === undefined ? {} : { fill }) })));
    await made(server, '/api/v1/api-keys', { name: 'looked at', role: 'viewer' });
    await page.goto('/settings');
    await look('new key', page.getByRole('button', { name: 'New key' }));
    await look('new secret of a key', page.getByRole('button', { name: /secret.*looked at/ }));
    await look('revoke', page.getByRole('button', { name: 'Revoke looked at' }));
    await page.goto('/settings?tab=webhooks');
    await look('new webhook', page.getByRole('button', { name: 'New webhook' }));
    await look('new secret', page.getByRole('button', { name: 'New secret…' }));
    await look('remove', page.getByRole('button', { name: 'Remove…' }));
    assert.deepEqual(troubles, []);
  });

  it('tell viewers what is not for them', async () => {
    const { key } = await made(server, '/api/v1/api-keys', { name: 'reader', role: 'viewer' });
    const { page: other, context } = await openPage(world.browser, server.url);
    await context.setExtraHTTPHeaders({ authorization: `Bearer ${key}` });
    await other.goto('/settings?tab=people');
    await other.getByText('This is not for you to see').waitFor();
    await context.close();
  });

  it('have nothing that axe objects to', async () => {
    for (const [at, tab] of TABS.entries()) {
      await page.goto(`/settings?tab=${tab}`);
      await page.locator('h1').waitFor();
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      // In one theme here, in both for the pictures.
      assert.deepEqual(await violations(page, [at % 2 === 0 ? 'dark' : 'light']), [], tab);
    }
  });

  it('asked no other server, and did nothing that their policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}

async function made(server: DashboardServer, path: string, json: unknown): Promise<{ key: string }> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  });
  return (await response.json()) as { key: string };
}
