import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import { startMaking } from './executions.suite.ts';
import type { World } from './world.ts';

const WORKFLOW = 'program-from-examples';

/** What narrows and orders the list of executions, and what is done to many of them. */
export function testExecutionsList(world: World): void {
  describe('the list of executions', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;
  const made: string[] = [];

  const client = (): World['server']['client'] => world.server.client;
  const row = (id: string): Locator => page.getByRole('row', { name: new RegExp(id.slice(0, 8)) });
  const rows = (): Locator => page.getByRole('row').filter({ has: page.getByRole('link') });
  const dialog = (): Locator => page.getByRole('alertdialog');
  const statusOf = async (id: string): Promise<string> => (await client().execution(id)).status;
  const button = (name: string | RegExp): Locator => page.getByRole('button', { name });

  before(async () => {
    watched = await openPage(world.browser, world.server.url, { timezoneId: 'UTC' });
    ({ page } = watched);
    // The eight seconds of an undo pass when the test says so.
    await page.clock.install();
    made.push(await startMaking(world), await startMaking(world));
  });
  after(() => watched?.context.close());

  it('finds by a text, by time and by who is waited for, all of it in the URL', async () => {
    const [first = '', second = ''] = made;
    await page.goto('/orchestrator/executions');
    await row(first).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(first.slice(0, 13));
    await page.waitForURL(new RegExp(`q=.*${first.slice(0, 8)}`));
    await row(second).waitFor({ state: 'detached' });
    await page.getByText('1 execution', { exact: true }).waitFor();
    await page.getByLabel('Text').fill('FROM-examples');
    await row(second).waitFor();
    await page.getByLabel('Waiting for me').check();
    await page.waitForURL(/waiting=true/);
    await row(first).waitFor();
    await page.getByLabel('Started', { exact: true }).selectOption('1h');
    await row(first).waitFor();
    await page.getByLabel('Status').selectOption('completed');
    await page
      .getByText(/status is completed AND .*“FROM-examples” AND started in the last 1h AND waiting for me/)
      .first()
      .waitFor();
    await button('Clear').click();
    await row(first).waitFor();
    assert.equal(new URL(page.url()).search, '');
  });

  it('orders by each column, by keyboard, and puts what changes in its place', async () => {
    await page.goto('/orchestrator/executions?workflow=steps');
    await rows().first().waitFor();
    const started = page.getByRole('columnheader', { name: 'Started' });
    assert.equal(await started.getAttribute('aria-sort'), 'descending');
    const newest = (await rows().first().textContent()) ?? '';
    await started.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/sort=started_at/);
    await page.getByRole('columnheader', { name: 'Started' }).and(page.locator('[aria-sort="ascending"]')).waitFor();
    const { executions } = await client().executions({ workflow_id: 'steps', sort: 'started_at', limit: 500 });
    await rows()
      .first()
      .getByText(executions[0]?.execution_id.slice(0, 8) ?? '')
      .waitFor();
    assert.notEqual(await rows().first().textContent(), newest);
    await page.goto('/orchestrator/executions?sort=-workflow_id');
    await rows().first().waitFor();
    const third = await startMaking(world);
    await page.goto('/orchestrator/executions?sort=status&workflow=program-from-examples');
    await row(third).getByText('Waiting').waitFor();
    const order = async (): Promise<number> =>
      (await rows().allTextContents()).findIndex((text) => text.includes(third.slice(0, 8)));
    const earlier = await order();
    await client().cancel(third);
    await row(third).getByText('Cancelled').waitFor();
    assert.ok((await order()) <= earlier);
  });

  it('says of each the run that it belongs to', async () => {
    const { execution_id: id } = await client().runs.get(world.runs.completed);
    await page.goto(`/orchestrator/executions?q=${id}`);
    await row(id).getByRole('link', { name: 'Invoice reader' }).click();
    await page.waitForURL(`**/orchestrator/runs/${world.runs.completed}`);
  });

  it('cancels exactly what was previewed, with the reason, when nobody takes it back', async () => {
    const [first = '', second = ''] = made;
    await page.goto('/orchestrator/executions?status=waiting_clarification&workflow=program-from-examples');
    await page.getByRole('checkbox', { name: `Choose ${WORKFLOW} ${first.slice(0, 8)}` }).check();
    await button('Cancel the 1 chosen').click();
    await dialog().getByRole('heading', { name: 'Cancel 1 execution?' }).waitFor();
    assert.match((await dialog().getByRole('listitem').allTextContents()).join(), new RegExp(first.slice(0, 8)));
    await dialog().getByLabel('Reason').fill('A wrong batch');
    assert.deepEqual(await violations(page), []);
    await dialog().getByRole('button', { name: 'Cancel 1 execution' }).click();
    await page.keyboard.press('u');
    await page.getByText('Nothing was done to the 1 execution').waitFor();
    await page.clock.runFor(9000);
    assert.equal(await statusOf(first), 'waiting_clarification');
    await button('Choose none')
      .or(button(/^Cancel all that fit/))
      .first()
      .waitFor();
    await button(/^Cancel all that fit/).click();
    await dialog()
      .getByRole('heading', { name: /^Cancel \d+ executions\?$/ })
      .waitFor();
    const late = await startMaking(world);
    await dialog()
      .getByRole('button', { name: /^Cancel \d+ executions$/ })
      .click();
    await page.clock.runFor(8100);
    await page.getByText(/^Cancelled \d+ executions$/).waitFor();
    assert.deepEqual(await Promise.all([first, second, late].map(statusOf)), ['cancelled', 'cancelled', 'waiting_clarification']);
    await client().cancel(late);
  });

  it('retries what failed from the task that failed, and leaves runs to their list', async () => {
    // The examples that it names are not there.
    const { execution_id: failed } = await client().startWorkflow(WORKFLOW, {
      project_id: 'default',
      initial_context: { program: 'ticket-sorter', task_description: 'Say what it is about', examples: '0'.repeat(64) },
    });
    await page.goto('/orchestrator/executions?status=failed');
    await row(failed).waitFor();
    await button(/^Retry all that fit/).click();
    await dialog()
      .getByText(/executions? of runs (?:is|are) left out/)
      .waitFor();
    await dialog().getByText('Each goes on as a new execution').waitFor();
    await dialog()
      .getByRole('button', { name: /^Retry \d+ execution/ })
      .click();
    await page.clock.runFor(8100);
    await page.getByText(/^Retried \d+ execution/).waitFor();
    const { executions } = await client().executions({ workflow_id: WORKFLOW, limit: 1 });
    const again = await client().execution(executions[0]?.execution_id ?? '');
    assert.equal(again.restarted_from?.execution_id, failed);
  });

  it('keeps views of its own', async () => {
    await page.goto('/orchestrator/executions?status=paused&since=7d');
    await button('Views').click();
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    await page.getByRole('dialog', { name: 'Save this view' }).getByText('status is paused AND started in the last 7d').waitFor();
    await page.getByLabel('Name').fill('At rest');
    await page.keyboard.press('Enter');
    await button('Views').getByText('At rest').waitFor();
    await page.goto('/orchestrator/runs');
    await button('Views').click();
    await page.getByRole('menuitem', { name: 'Everything' }).waitFor();
    assert.equal(await page.getByRole('menuitem', { name: 'At rest' }).count(), 0);
    await page.goto('/orchestrator/executions');
    await button('Views').click();
    await page.getByRole('menuitem', { name: 'At rest', exact: true }).click();
    await page.waitForURL(/status=paused/);
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}
