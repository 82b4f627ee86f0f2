import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { newApiKeySchema } from '@loopwright/protocol';
import type { Page } from 'playwright-core';
import { violations } from './axe.ts';
import { dialogTroubles } from './dialogs.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

/** Flags of a server that has a module of users, which greets with a secret in a folder below `dir`. */
export function modulesFlags(dir: string): readonly string[] {
  mkdirSync(join(dir, 'secrets'), { recursive: true });
  writeFileSync(secretFile(dir), 'good morning');
  return ['--modules-file', join(import.meta.dirname, 'modules/modules.yaml'), '--secrets-dir', join(dir, 'secrets')];
}

const secretFile = (dir: string): string => join(dir, 'secrets', 'GREETING');

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

  it('asks a route of a module of users, and says what it answers or why it does not', async () => {
    await page.getByRole('link', { name: 'counter' }).press('Enter');
    const detail = page.getByRole('region', { name: 'Module counter' });
    await row('counter').getByText('Running').waitFor();
    await detail.getByText('Ask a route of it').press('Enter');
    const form = detail.getByRole('form', { name: 'Ask counter' });
    const answer = form.getByRole('region', { name: 'Answer of the module' });
    await form.getByLabel('Path').fill('/greeting');
    await form.getByRole('button', { name: 'Ask' }).press('Enter');
    await answer.getByText('"12 letters"').waitFor();
    await form.getByLabel('Method').selectOption('POST');
    await form.getByLabel('Path').fill('/double');
    await form.getByLabel('Body as JSON').fill('21 and');
    await form.getByText('This is no JSON').waitFor();
    await form.getByLabel('Body as JSON').fill('21');
    await form.getByRole('button', { name: 'Ask' }).press('Enter');
    await answer.getByText('42').waitFor();
    await form.getByLabel('Path').fill('/closed');
    await form.getByRole('button', { name: 'Ask' }).press('Enter');
    await form.getByRole('alert').waitFor();
    assert.deepEqual(await violations(page, ['dark']), []);
  });

  it('says which promises of a module are kept', async () => {
    const detail = page.getByRole('region', { name: 'Module counter' });
    await page.reload();
    await detail.getByText('What is promised of it').press('Enter');
    const promises = detail.getByRole('region', { name: 'Promises' });
    const promise = (name: string): ReturnType<Page['getByRole']> => promises.getByRole('row', { name: new RegExp(`^${name} `) });
    await promise('Answers in the mean in').getByText('Not kept').waitFor();
    await promise('Requests a second').getByText('Kept', { exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
    await detail.getByText('Ask a route of it').press('Enter');
  });

  it('tells it of a new secret, and says when it could not take it', async () => {
    const detail = page.getByRole('region', { name: 'Module counter' });
    const open = detail.getByRole('button', { name: 'New secrets for counter' });
    const dialog = page.getByRole('dialog', { name: 'New secrets for “counter”' });
    writeFileSync(secretFile(world.server.dir), 'good evening, all of you');
    await open.press('Enter');
    assert.equal(await dialog.getByLabel('Names of secrets').inputValue(), 'GREETING');
    await dialog.getByRole('button', { name: 'Tell it' }).press('Enter');
    await page.getByText('“counter” uses the new secrets').waitFor();
    const form = detail.getByRole('form', { name: 'Ask counter' });
    await form.getByLabel('Method').selectOption('GET');
    await form.getByLabel('Path').fill('/greeting');
    await form.getByRole('button', { name: 'Ask' }).press('Enter');
    await form.getByText('"24 letters"').waitFor();
    rmSync(secretFile(world.server.dir));
    await open.press('Enter');
    await dialog.getByRole('button', { name: 'Tell it' }).press('Enter');
    await dialog.getByRole('alert').filter({ hasText: 'the secret "GREETING" is gone' }).waitFor();
    await page.keyboard.press('Escape');
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

/** The dialogs of modules; they take long to look at, so that they are part of the longer command. */
export function testModuleDialogs(world: World): void {
  it('the page of modules asks in dialogs that a keyboard and a phone can use', async () => {
    const { page: own, context, troubles } = await openPage(world.browser, world.server.url);
    await own.goto('/modules?module=counter');
    const found: string[] = [];
    const look = async (name: string): Promise<void> =>
      void found.push(...(await dialogTroubles(own, name, { button: own.getByRole('button', { name, exact: true }) })));
    for (const verb of ['Replace', 'Restart', 'Drain', 'Stop']) await look(`${verb} counter`);
    await look('New secrets for counter');
    await own.getByRole('button', { name: 'Drain counter' }).press('Enter');
    await own.getByRole('alertdialog').getByRole('button', { name: 'Drain' }).press('Enter');
    await look('Start counter');
    await own.getByRole('button', { name: 'Start counter', exact: true }).press('Enter');
    await own.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).press('Enter');
    await own.getByRole('button', { name: 'Replace counter' }).press('Enter');
    await own.getByRole('dialog').getByRole('button', { name: 'Replace' }).press('Enter');
    await own.getByText('“counter” is replaced').waitFor();
    await own.getByRole('button', { name: 'Stop counter' }).waitFor();
    assert.deepEqual([...found, ...troubles], []);
    await context.close();
  });
}
