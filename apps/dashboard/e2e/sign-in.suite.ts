import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { type TestProvider, openProvider } from '../../server/src/identity/oidc/provider-fixture.ts';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import { openSubPathProxy } from './sub-path-proxy.ts';
import type { World } from './world.ts';

/** Signing in at an identity provider, as people do it. The server is started again for it: no suite comes behind it. */
export function testSignIn(world: World): void {
  describe('signing in at an identity provider', () => {
    testPages(world);
    testBelowPath(world);
  });
}

/** Starts the server again, seen by browsers at `url`, with the provider that people sign in at. */
async function signInAt(provider: TestProvider, { server }: World, url: string): Promise<void> {
  const secret = join(server.dir, 'oidc-secret');
  writeFileSync(secret, provider.clientSecret);
  const claims = { role_claim: 'groups', roles: { staff: 'operator' } };
  const oidc = { issuer: provider.issuer, client_id: provider.clientId, client_secret_file: secret, claims };
  await server.restart(['--public-url', url, '--oidc', JSON.stringify(oidc)]);
}

function testBelowPath(world: World): void {
  it('works below the path of a proxy, whose other pages get nothing of the session', async () => {
    await using proxy = await openSubPathProxy(world.server.url, '/tools/loop');
    const root = `${proxy.url}/tools/loop`;
    await using provider = await openProvider(`${root}/auth/callback`);
    provider.behave({ asks: true });
    await signInAt(provider, world, root);
    const { page, context, troubles } = await openPage(world.browser, proxy.url);
    const signIn = page.getByRole('link', { name: `Sign in at ${new URL(provider.issuer).host}` });
    const wanted = `${root}/orchestrator/runs/${world.runs.completed}?tab=metrics`;
    await page.goto(wanted);
    await signIn.press('Enter');
    await page.getByRole('link', { name: 'Continue' }).press('Enter');
    await page.getByRole('tab', { name: 'Metrics', selected: true }).waitFor();
    assert.equal(page.url(), wanted);
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    const names = async (url: string): Promise<string[]> => (await context.cookies(url)).map(({ name }) => name);
    assert.deepEqual(await names(`${root}/api/v1/me`), ['loopwright_session']);
    assert.deepEqual([...(await names(`${proxy.url}/`)), ...(await names(`${proxy.url}/tools/loophole`))], []);
    // What changes something comes from a page of the proxy's origin, with the token of the session.
    await page.goto(`${root}/new-run?how=quick&profile=steps`);
    await page.getByLabel('Name', { exact: true }).fill('Made below a path');
    await page.getByRole('button', { name: 'Start the run' }).click();
    await page.getByRole('heading', { name: 'Made below a path' }).waitFor();
    await page.getByRole('button', { name: /account and display/ }).press('Enter');
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    assert.ok(page.url().startsWith(`${root}/`), page.url());
    // The page to sign in by itself, and a refusal there, lead back to where it is served.
    await page.goto(`${root}/sign-in`);
    await signIn.press('Enter');
    await page.getByRole('link', { name: 'Refuse' }).press('Enter');
    await page.getByRole('alert').waitFor();
    assert.ok(page.url().startsWith(`${root}/sign-in?problem=refused`), page.url());
    await signIn.press('Enter');
    await page.getByRole('link', { name: 'Continue' }).press('Enter');
    await page.getByRole('button', { name: 'Ann, operator: account and display' }).waitFor();
    assert.ok(page.url().startsWith(`${root}/`), page.url());
    const elsewhere = troubles.filter((trouble) => !trouble.startsWith(`request to ${provider.issuer}/`));
    assert.deepEqual([...elsewhere, ...provider.refusals], []);
    await context.close();
  });
}

function testPages(world: World): void {
  let provider: TestProvider;
  let watched: WatchedPage;
  let page: Page;

  before(async () => {
    const { server, browser } = world;
    provider = await openProvider(`${server.url}/auth/callback`);
    provider.behave({ asks: true });
    await signInAt(provider, world, server.url);
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
