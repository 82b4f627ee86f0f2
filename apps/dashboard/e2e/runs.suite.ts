import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type WatchedPage, openPage, writeArtifact } from './dashboard-fixture.ts';
import type { World } from './world.ts';

let watched: WatchedPage;
let page: Page;

const list = (): ReturnType<Page['getByRole']> => page.getByRole('region', { name: 'Runs' });
const row = (name: string): ReturnType<Page['getByRole']> => page.getByRole('row', { name: new RegExp(name) });

/** The list of runs and one run: what a person does with them. */
export function testRuns(world: World): void {
  describe('the pages of runs', () => testPages(world));
}

function testPages(world: World): void {
  before(async () => {
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(() => watched?.context.close());

  it('lists the runs, and follows what happens to them without being asked', async () => {
    await page.goto('/');
    await row('Invoice reader').waitFor();
    assert.equal(new URL(page.url()).pathname, '/orchestrator/runs');
    assert.equal(await list().getByRole('row').count(), 8);
    assert.match((await row('Demand forecast').textContent()) ?? '', /Waiting/);
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();

    const { run_id } = await world.server.client.runs.create({ profile: 'steps', project_name: 'Made meanwhile' });
    await row('Made meanwhile').waitFor();
    await world.server.client.runs.cancel(run_id);
    await row('Made meanwhile').getByText('Cancelled').waitFor();
    assert.equal(
      await list()
        .getByRole('row', { name: /Made meanwhile/ })
        .count(),
      1,
    );
    await page.getByText('8 runs', { exact: true }).waitFor();
  });

  it('loses no change that comes while further rows are on their way', async () => {
    const held = Promise.withResolvers<void>();
    // Answered before the run was made, and handed over after its events came.
    await page.route(/runs\?sort=-created_at&limit=100$/, async (one) => {
      const response = await one.fetch();
      await held.promise;
      await one.fulfill({ response });
    });
    await page.goto('/orchestrator/runs');
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    const { run_id } = await world.server.client.runs.create({ profile: 'steps', project_name: 'Made while loading' });
    await world.server.client.runs.pause(run_id);
    await page.waitForTimeout(500);
    held.resolve();
    await row('Made while loading').getByText('Paused').waitFor();
    await page.unrouteAll();
    await world.server.client.runs.cancel(run_id);
  });

  it('has its filters in the URL, so that Back and a link show the same', async () => {
    await page.getByLabel('Status').selectOption('failed');
    await row('Invoice reader').waitFor({ state: 'detached' });
    await row('Spam filter').waitFor();
    assert.equal(new URL(page.url()).search, '?status=failed');
    await page.goBack();
    await row('Invoice reader').waitFor();
    await page.goto('/orchestrator/runs?waiting=true');
    await row('Support router').waitFor();
    assert.equal(await list().getByRole('row').count(), 3);
    await page.goto('/orchestrator/runs?q=nothing-is-called-so');
    await page.getByText('No run fits').waitFor();
  });

  it('shows exactly what a bulk action hits, and takes it back in time', async () => {
    await page.goto('/orchestrator/runs');
    await page.getByRole('checkbox', { name: /Choose Price model/ }).check();
    await page.getByRole('checkbox', { name: /Choose Invoice reader/ }).check();
    await page.getByRole('button', { name: 'Cancel the 2 chosen' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByRole('heading', { name: 'Cancel 1 run?' }).waitFor();
    assert.match((await dialog.textContent()) ?? '', /Price model/);
    await dialog.getByRole('button', { name: 'Cancel 1 run' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Nothing was done to the 1 run').waitFor();
    assert.equal((await world.server.client.runs.get(world.runs.paused)).status, 'paused');
  });

  it('advances a run by hand until it is completed, phase by phase', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.fresh}`);
    for (const phase of ['Planning', 'Development', 'Quality Assurance']) {
      await page.getByRole('button', { name: `Advance to ${phase}` }).click();
      await page.getByRole('listitem').filter({ hasText: phase }).getByText('Completed').waitFor();
    }
    await page.getByRole('button', { name: 'Advance', exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Advance', exact: true }).isDisabled(), true);
  });

  it('says why a run does not move, and takes the answers on every tab', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.waiting}?tab=events`);
    await page.getByRole('region', { name: 'Why it does not move' }).getByText('waits for').waitFor();
    const form = page.getByRole('region', { name: /Decision/ });
    await form.getByRole('button', { name: 'Send the answers' }).click();
    await form.getByText('An answer is needed').waitFor();
    await form.getByLabel('How many people will use it?').fill('30');
    await form.getByRole('button', { name: 'Send the answers' }).click();
    await form.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Advance to Data Engineering' }).waitFor();
  });

  it('tells who was first when two browsers decide, to one that sees it and to one that does not', async () => {
    const [live, deaf] = [await openPage(world.browser, world.server.url), await openPage(world.browser, world.server.url)];
    // A connection that hears nothing: its form is still there when somebody else was first.
    await deaf.page.routeWebSocket(/ws\/events/, () => undefined);
    const formOf = async ({ page: one }: Pick<WatchedPage, 'page'>): Promise<ReturnType<Page['getByRole']>> => {
      await one.goto(`/orchestrator/runs/${world.runs.accepting}`);
      const form = one.getByRole('region', { name: /Is the build good enough/ });
      await form.waitFor();
      return form;
    };
    const [first, second, third] = [await formOf({ page }), await formOf(live), await formOf(deaf)];
    await second?.getByLabel('Comment').fill('The examples are too few');
    await third?.getByLabel('Comment').fill('The examples are too few');
    await first?.getByRole('button', { name: 'Accept' }).click();
    await live.page.getByText(/“Is the build good enough\?” was accepted by you \(developer\)/).waitFor();
    await third?.getByRole('button', { name: 'Reject' }).click();
    await deaf.page.getByText(/was accepted by you \(developer\)/).waitFor();
    assert.equal(await openTasks(world), 0);
    assert.deepEqual([...live.troubles, ...deaf.troubles], []);
    await Promise.all([live.context.close(), deaf.context.close()]);
  });

  it('opens artifacts, metrics and audit by link', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.completed}?tab=artifacts`);
    await page.getByRole('button', { name: /program.ts/ }).click();
    await page
      .getByRole('region', { name: /Content of src\/program.ts/ })
      .getByText('export')
      .first()
      .waitFor();
    await page.reload();
    await page.getByRole('region', { name: /Content of src\/program.ts/ }).waitFor();
    await page.getByRole('tab', { name: 'Metrics' }).click();
    await page
      .getByText(/Not measured/)
      .first()
      .waitFor();
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByText('POST …/next').first().waitFor();
  });

  it('shows the workflow as it stands, what a file is, and what differs between two runs', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.failed}`);
    const diagram = page.getByRole('region', { name: 'Diagram of the workflow' });
    await diagram.getByText('build').waitFor();
    assert.match((await diagram.getByRole('listitem').filter({ hasText: 'development' }).first().textContent()) ?? '', /failed/);

    const { run_id: clone } = await world.server.client.runs.clone(world.runs.completed, { project_name: 'Second reader' });
    writeArtifact(world.server.dir, clone, { path: 'development/src/program.ts', text: 'export const run = (): number => 7;\n' });
    await page.goto(`/orchestrator/runs/${clone}?tab=artifacts`);
    await page.getByRole('button', { name: /program.ts/ }).click();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    const diff = page.getByRole('region', { name: /the other run before, this run after/ });
    await diff.getByText('export const run = (): number => 7;').waitFor();
    assert.match((await diff.textContent()) ?? '', /removed: .*export function run.*added: /s);
    await world.server.client.runs.cancel(clone);

    await page.goto(`/orchestrator/runs/${world.runs.completed}?tab=artifacts`);
    await page.getByRole('button', { name: /chart.svg/ }).click();
    await page.getByRole('img', { name: 'chart.svg' }).waitFor();
    await page.getByRole('button', { name: /labels.csv/ }).click();
    await page.getByRole('cell', { name: 'Total: 12,50 EUR' }).waitFor();
    await page.getByRole('button', { name: /PRD.md/ }).click();
    await page.getByRole('cell', { name: 'currency' }).waitFor();
  });

  it('shows times and colours as one likes them, from then on', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.completed}`);
    const choose = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: /account and display/ }).click();
      await page.getByRole('menuitem', { name, exact: true }).click();
    };
    for (const name of ['Dark', 'Absolute', 'UTC']) await choose(name);
    await page.reload();
    const { created_at } = await world.server.client.runs.get(world.runs.completed);
    await page.getByText(created_at.slice(0, 19).replace('T', ' ')).first().waitFor();
    assert.equal(await page.evaluate('getComputedStyle(document.documentElement).colorScheme'), 'dark');
    for (const name of ['As the system', 'Relative (5 min ago)']) await choose(name);
  });

  it('keeps views under a name on this device', async () => {
    await page.goto('/orchestrator/runs?status=failed');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    await page.getByLabel('Name').fill('What broke');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.goto('/orchestrator/runs');
    await row('Invoice reader').waitFor();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'What broke' }).click();
    await page.waitForURL(/status=failed/);
    await row('Invoice reader').waitFor({ state: 'detached' });
  });

  it('is used by keyboard: palette, pages, tabs', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
    await page.keyboard.type('Spam');
    await page.getByRole('menuitem', { name: /Spam filter/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Spam filter' }).waitFor();
    await page.getByRole('tab', { name: 'Phases' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/tab=artifacts/);
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await row('Invoice reader').waitFor();
  });

  it('has nothing that axe objects to, light and dark', async () => {
    const tabs = ['phases', 'artifacts', 'metrics', 'events', 'audit'];
    const paths = [
      '/orchestrator/runs',
      ...tabs.map((tab) => `/orchestrator/runs/${world.runs.completed}?tab=${tab}`),
      `/orchestrator/runs/${world.runs.failed}`,
    ];
    for (const path of paths) {
      await page.goto(path);
      await page.locator('h1').waitFor();
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      assert.deepEqual(await violations(page), [], path);
    }
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}

async function openTasks({ server, runs }: World): Promise<number> {
  const { execution_id } = await server.client.runs.get(runs.accepting);
  return (await server.client.openTasks(execution_id)).length;
}
