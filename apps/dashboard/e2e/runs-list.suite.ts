import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page, Route } from 'playwright-core';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** What is done to many runs from the list, and lists under a name. */
export function testRunsList(world: World): void {
  describe('the list of runs', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;

  const runs = (): World['server']['client']['runs'] => world.server.client.runs;
  const row = (name: string): Locator => page.getByRole('row', { name: new RegExp(name) });
  const dialog = (): Locator => page.getByRole('alertdialog');
  const start = async (name: string, profile = 'steps'): Promise<string> =>
    (await runs().create({ profile, project_name: name })).run_id;
  const statusOf = async (id: string): Promise<string> => (await runs().get(id)).status;

  before(async () => {
    watched = await openPage(world.browser, world.server.url, { timezoneId: 'UTC' });
    ({ page } = watched);
    // The eight seconds of an undo pass when the test says so.
    await page.clock.install();
  });
  after(() => watched?.context.close());

  it('cancels exactly what was previewed, with the reason, when nobody takes it back', async () => {
    const ids = [await start('Batch one'), await start('Batch two')];
    await page.goto('/orchestrator/runs?q=Batch');
    await row('Batch two').waitFor();
    await page.getByRole('button', { name: /^Cancel all that fit \(.*“Batch”\)$/ }).click();
    await dialog().getByRole('heading', { name: 'Cancel 2 runs?' }).waitFor();
    assert.deepEqual(
      (await dialog().getByRole('listitem').allTextContents()).map((text) => text.slice(0, 9)),
      ['Batch two', 'Batch one'],
    );
    // One more that fits comes while the preview is read: it is not hit.
    const late = await start('Batch three');
    await dialog().getByLabel('Reason').fill('A wrong batch');
    await dialog().getByRole('button', { name: 'Cancel 2 runs' }).click();
    await page.getByText('Cancelling 2 runs').waitFor();
    assert.deepEqual(await Promise.all(ids.map(statusOf)), ['running', 'running']);
    await page.clock.runFor(8100);
    await page.getByText('Cancelled 2 runs').waitFor();
    assert.deepEqual(await Promise.all([...ids, late].map(statusOf)), ['cancelled', 'cancelled', 'running']);
    await row('Batch one').getByText('Cancelled').waitFor();
    await runs().cancel(late);
  });

  it('asks before the page is left while something can still be undone, and undoes it by a key', async () => {
    const id = await start('Spared');
    await page.goto('/orchestrator/runs?q=Spared');
    await page.getByRole('checkbox', { name: /Choose Spared/ }).check();
    await page.getByRole('button', { name: 'Cancel the 1 chosen' }).click();
    await dialog().getByRole('button', { name: 'Cancel 1 run' }).click();
    await page.getByText('Cancelling 1 run').waitFor();
    assert.equal(await isHeld(page), true);
    await page.keyboard.press('u');
    await page.getByText('Nothing was done to the 1 run').waitFor();
    assert.equal(await isHeld(page), false);
    await page.clock.runFor(9000);
    assert.equal(await statusOf(id), 'running');
    await runs().cancel(id);
  });

  it('retries what failed among those that are chosen, and nothing else', async () => {
    const failed = await start('Broken once', 'broken');
    for (let phase = 0; phase < 2; phase++)
      await runs()
        .next(failed)
        .catch(() => undefined);
    const whole = await start('Broken never');
    const { execution_id: earlier } = await runs().get(failed);
    await page.goto('/orchestrator/runs?q=Broken');
    await row('Broken once').getByText('Failed').waitFor();
    for (const name of ['Broken once', 'Broken never']) await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
    await page.getByRole('button', { name: 'Retry the 2 chosen' }).click();
    await dialog().getByText('Of the 2 chosen, 1 run can be retried').waitFor();
    await dialog().getByText('Broken once').waitFor();
    await dialog().getByRole('button', { name: 'Retry 1 run' }).click();
    await page.clock.runFor(8100);
    await page.getByText('Retried 1 run').waitFor();
    assert.notEqual((await runs().get(failed)).execution_id, earlier);
    assert.equal(await statusOf(whole), 'running');
    await runs().cancel(whole);
  });

  it('narrows the list to days, the last one included, in the URL and in what is done to many', async () => {
    const { created_at } = await runs().get(world.runs.completed);
    const today = created_at.slice(0, 10);
    const next = new Date(Date.parse(`${today}T12:00Z`) + 86_400_000).toISOString().slice(0, 10);
    await page.goto('/orchestrator/runs');
    await page.getByLabel('Created', { exact: true }).selectOption('days');
    await page.getByLabel('From', { exact: true }).fill(today);
    await page.getByLabel('To, that day included').fill(today);
    await page.waitForURL(new RegExp(`from=%22${today}%22.*to=|since=days&from=${today}&to=${today}`));
    await row('Batch one').waitFor();
    await page.getByRole('button', { name: `Cancel all that fit (created from ${today} up to ${today})` }).waitFor();
    await page.getByLabel('From', { exact: true }).fill(next);
    await page.getByText('No run fits').waitFor();
    await page.getByText(`created from ${next} up to ${today}`).waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await row('Batch one').waitFor();
    assert.equal(new URL(page.url()).search, '');
  });

  it('offers nothing to do to many where there are none', async () => {
    await page.goto('/orchestrator/runs?q=nothing-is-called-so');
    await page.getByText('No run fits').waitFor();
    assert.equal(await page.getByRole('group', { name: 'Do something to many runs' }).count(), 0);
    await page.getByRole('button', { name: 'Show all runs' }).click();
    await page.getByRole('group', { name: 'Do something to many runs' }).waitFor();
  });

  it('keeps a view until it is removed, and one that is broken opens the whole list', async () => {
    const views = page.getByRole('button', { name: 'Views' });
    // In another order than views are kept in.
    await page.goto('/orchestrator/runs?since=7d&status=paused');
    await views.click();
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    await page.getByRole('dialog', { name: 'Save this view' }).getByText('status is paused AND created in the last 7d').waitFor();
    await page.getByLabel('Name').fill('What rests');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Views' }).getByText('What rests').waitFor();
    await page.reload();
    await views.click();
    await page.getByRole('menuitem', { name: 'Everything' }).click();
    await page.waitForURL((url) => url.search === '');
    await views.click();
    await page.getByRole('menuitem', { name: 'What rests', exact: true }).click();
    await page.waitForURL(/status=paused/);
    await views.click();
    await page.getByRole('menuitem', { name: 'Remove “What rests”' }).click();
    await views.click();
    await page.getByRole('menuitem', { name: 'Save this view…' }).waitFor();
    assert.equal(await page.getByRole('menuitem', { name: 'What rests' }).count(), 0);
    await page.keyboard.press('Escape');
    await page.goto('/orchestrator/runs?status=no-such-status&sort=no-order');
    await row('Invoice reader').waitFor();
  });

  it('counts what waits for me beside the inbox, and says when it does not know', async () => {
    const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hold = async (route: Route): Promise<void> => {
      const response = await route.fetch();
      asked.resolve();
      await held.promise;
      await route.fulfill({ response });
    };
    await page.route('**/api/v1/inbox/count', hold, { times: 1 });
    await page.goto('/orchestrator/runs');
    const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /^Inbox/ });
    const waiting = (count: number): RegExp => new RegExp(`\\(${count} waits? for you\\)`);
    const shows = (text: RegExp): Promise<void> => link.filter({ hasText: text }).waitFor();
    // A question comes while the page still waits for its first count, which is older.
    await asked.promise;
    const first = await start('Asks too', 'plan');
    await runs().next(first);
    assert.ok(await until(async () => (await runs().list({ run_id: first })).runs[0]?.open_tasks === 1));
    await row('Asks too').waitFor();
    held.resolve();
    const { entries } = await inboxOf(world);
    await shows(waiting(entries));
    const asking = await start('Asks', 'plan');
    await runs().next(asking);
    await shows(waiting(entries + 1));
    await watched.context.setOffline(true);
    await shows(/as last heard; it may have changed/);
    await runs().cancel(asking);
    await watched.context.setOffline(false);
    await shows(waiting(entries));
    await page.route('**/api/v1/inbox/count', (route) => route.abort());
    await page.reload();
    await shows(/how many wait for you is not known/);
    await page.unrouteAll();
    await runs().cancel(first);
  });

  it('is somebody else when a developer wants that, in this tab only, and takes no name that the server refuses', async () => {
    const other = await watched.context.newPage();
    await other.goto('/orchestrator/runs');
    const account = (on: Page): Locator => on.getByRole('button', { name: /account and display/ });
    await page.goto('/orchestrator/runs');
    await account(page).click();
    await page.getByRole('menuitem', { name: 'Be somebody else…' }).click();
    const who = page.getByRole('dialog', { name: 'Who are you?' });
    await who.getByText('You are developer, admin').waitFor();
    await who.getByLabel('Name').fill('no name');
    await who.getByText('Letters, digits and').waitFor();
    assert.equal(await who.getByRole('button', { name: 'Be …' }).isDisabled(), true);
    await who.getByLabel('Name').fill('ada');
    await who.getByRole('button', { name: 'Be ada' }).click();
    await page.getByRole('button', { name: 'ada, admin: account and display' }).waitFor();
    const id = await start('Of Ada');
    await page.goto(`/orchestrator/runs/${id}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    // The other tab goes on as it says it is.
    await other.goto(`/orchestrator/runs/${id}?tab=audit`);
    await other
      .getByRole('row', { name: /ada.*pause/ })
      .first()
      .waitFor();
    await other.close();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    await account(page).click();
    await page.getByRole('menuitem', { name: 'Be somebody else…' }).click();
    await who.getByRole('button', { name: 'Be the server’s own developer' }).click();
    await page.getByRole('button', { name: 'developer, admin: account and display' }).waitFor();
    await runs().cancel(id);
  });

  it('lets single letters be, for whom they come by mistake', async () => {
    await page.getByRole('button', { name: /account and display/ }).click();
    await page.getByRole('menuitem', { name: 'Only with Ctrl' }).click();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/orchestrator/runs');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /account and display/ }).click();
    await page.getByRole('menuitem', { name: /^Letters do things/ }).click();
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.waitForURL('**/inbox');
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}

/** Whether the browser would ask before it leaves the page. */
function isHeld(page: Page): Promise<boolean> {
  return page.evaluate('!window.dispatchEvent(new Event("beforeunload", { cancelable: true }))');
}

async function inboxOf({ server }: World): Promise<{ entries: number }> {
  const answer = await fetch(`${server.url}/api/v1/inbox?limit=1`);
  return { entries: Number(Object(await answer.json()).total) };
}
