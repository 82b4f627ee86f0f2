import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { type TestProvider, openProvider } from '../../server/src/identity/oidc/provider-fixture.ts';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

/** Signing in at an identity provider, as people do it. The server is started again for it: no suite comes behind it. */
export function testSignIn(world: World): void {
  describe('signing in at an identity provider', () => testPages(world));
}

function testPages(world: World): void {
  let provider: TestProvider;
  let watched: WatchedPage;
  let page: Page;

  before(async () => {
    const { server, browser } = world;
    provider = await openProvider(`${server.url}/auth/callback`);
    provider.behave({ asks: true });
    const secret = join(server.dir, 'oidc-secret');
    writeFileSync(secret, provider.clientSecret);
    const claims = { role_claim: 'groups', roles: { staff: 'operator' } };
    const oidc = { issuer: provider.issuer, client_id: provider.clientId, client_secret_file: secret, claims };
    await server.restart(['--public-url', server.url, '--oidc', JSON.stringify(oidc)]);
    watched = await openPage(browser, server.url);
    ({ page } = watched);
  });
  after(async () => {
    await watched?.context.close();
    await provider?.[Symbol.asyncDispose]();
  });
  const toProvider = (): ReturnType<Page['getByRole']> =>
    page.getByRole('link', { name: `Sign in at ${new URL(provider.issuer).host}` });
  const answer = (text: string): Promise<void> => page.getByRole('link', { name: text }).press('Enter');

  it('goes there and comes back to the very page that was wanted, as who the provider says', async () => {
    const wanted = `/orchestrator/runs/${world.runs.completed}?tab=metrics`;
    await page.goto(wanted);
    await page.getByLabel('API key').waitFor();
    assert.deepEqual(await violations(page, ['light']), []);
    await toProvider().press('Enter');
    await page.getByRole('heading', { name: 'Sign in as Ann?' }).waitFor();
    await answer('Continue');
    await page.getByRole('heading', { name: 'Invoice reader' }).waitFor();
    await page.getByRole('tab', { name: 'Metrics', selected: true }).waitFor();
    assert.equal(page.url(), world.server.url + wanted);
    await page.getByRole('button', { name: 'Ann, operator: account and display' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    // What scripts can read has nothing of the session.
    assert.equal(await page.evaluate('document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)'), '{}{}');
  });

  it('changes something with the session, and signs out here and there', async () => {
    await page.goto('/new-run?how=quick&profile=steps');
    await page.getByLabel('Name', { exact: true }).fill('Made by Ann');
    await page.getByRole('button', { name: 'Start the run' }).click();
    await page.getByRole('heading', { name: 'Made by Ann' }).waitFor();
    await page.getByRole('button', { name: /account and display/ }).press('Enter');
    const left = page.waitForRequest((request) => request.url().startsWith(`${provider.issuer}/logout`));
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await left;
    await page.getByLabel('API key').waitFor();
    assert.equal(new URL(page.url()).origin, world.server.url);
    assert.equal((await page.request.get('/api/v1/me')).status(), 401);
  });

  it('says so when the provider or the person refuses, and goes where one wanted at the next try', async () => {
    await page.goto('/settings?tab=server');
    await toProvider().click();
    await answer('Refuse');
    await page.getByRole('alert').filter({ hasText: 'the identity provider did not say who you are' }).waitFor();
    assert.equal(await page.title(), 'Loopwright');
    assert.deepEqual(await violations(page), []);
    provider.behave({ asks: true, claims: (right) => ({ ...right, aud: 'another-client' }) });
    await toProvider().click();
    await answer('Continue');
    await page.getByRole('alert').filter({ hasText: 'did not say who you are' }).waitFor();
    provider.behave({ asks: true });
    await toProvider().click();
    await page.getByRole('link', { name: 'Continue' }).waitFor();
    provider.behave({ isAway: true });
    await answer('Continue');
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
    provider.behave({ asks: true });
    await toProvider().click();
    await answer('Continue');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    assert.equal(page.url(), `${world.server.url}/settings?tab=server`);
  });

  it('asked nobody but the provider, and did nothing that the policy forbids', () => {
    const elsewhere = watched.troubles.filter((trouble) => !trouble.startsWith(`request to ${provider.issuer}/`));
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(provider.refusals, []);
  });
}
