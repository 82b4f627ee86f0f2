import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type WatchedPage, createAccepting, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

const TABS = ['Phases', 'Artifacts', 'Metrics', 'Events', 'Audit'] as const;

/** What is done with one run by its page, and what the server then says of it. */
export function testRunControls(world: World): void {
  describe('the controls of a run', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;
  let runId: string;

  const runs = (): World['server']['client']['runs'] => world.server.client.runs;
  const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const phase = (title: string): Locator =>
    page.getByRole('list', { name: 'Phases' }).getByRole('listitem').filter({ hasText: title });
  const choose = async (entry: string): Promise<void> => {
    await page.getByRole('button', { name: 'More to do with the run' }).click();
    await page.getByRole('menuitem', { name: entry }).click();
  };
  const dialog = (name: string): Locator => page.getByRole(/^(?:Cancel|Advance)/.test(name) ? 'alertdialog' : 'dialog', { name });
  const titled = async (title: string): Promise<void> => {
    for (let tries = 0; tries < 100 && (await page.title()) !== `${title} · Loopwright`; tries++) await page.waitForTimeout(20);
    assert.equal(await page.title(), `${title} · Loopwright`);
  };
  const focused = (): Promise<string> => page.evaluate('document.activeElement?.textContent ?? ""');
  const status = async (): Promise<string> => (await runs().get(runId)).status;

  before(async () => {
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
    ({ run_id: runId } = await runs().create({ profile: 'steps', project_name: 'Handled', intake: 'Begin as it is written' }));
    await page.goto(`/orchestrator/runs/${runId}`);
  });
  after(() => watched?.context.close());

  it('names the page in the title of the tab', async () => {
    await page.getByRole('heading', { name: 'Handled' }).waitFor();
    await titled('Handled');
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await titled('Runs');
    await page.goBack();
    await titled('Handled');
  });

  it('pauses, says why nothing can be advanced meanwhile, and resumes', async () => {
    await press('Pause');
    await press('Resume');
    assert.equal(await status(), 'running');
    await press('Pause');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    assert.equal(await status(), 'paused');
    const advance = page.getByRole('button', { name: /^Advance/ });
    assert.equal(await advance.isDisabled(), true);
    assert.equal(await advance.getAttribute('title'), 'The run is paused');
    await press('Resume');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
  });

  it('advances with its gates and, when one insists, without them', async () => {
    await press('Advance to Planning');
    await phase('Planning').getByText('Completed').waitFor();
    await choose('Advance without gates…');
    await dialog('Advance without gates?').getByRole('button', { name: 'Advance without gates' }).click();
    await phase('Development').getByText('gates skipped').waitFor();
    await phase('Development').getByText('Completed').waitFor();
    const { phases } = await runs().get(runId);
    assert.deepEqual(
      phases.map(({ skip_validation: isSkipped }) => isSkipped),
      [false, true, false],
    );
  });

  it('goes back to a checkpoint, from which it goes on', async () => {
    await choose('Go back to a checkpoint…');
    const back = dialog('Go back to a checkpoint');
    assert.equal(await back.getByRole('button', { name: 'Go back' }).isDisabled(), true);
    const option = back.getByRole('option', { name: /^Before Development/ });
    await option.waitFor({ state: 'attached' });
    await back.getByLabel('Checkpoint').selectOption(String(await option.getAttribute('value')));
    await back.getByLabel('Reason').fill('Built on the wrong plan');
    const { execution_id: earlier } = await runs().get(runId);
    await back.getByRole('button', { name: 'Go back' }).click();
    await back.waitFor({ state: 'detached' });
    await press('Advance to Development');
    await phase('Development').getByText('Completed').waitFor();
    const { execution_id: later, phases } = await runs().get(runId);
    assert.notEqual(later, earlier);
    assert.deepEqual(
      phases.map((one) => one.status),
      ['completed', 'completed', 'pending'],
    );
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page
      .getByText(/checkpoints\/.*rollback/)
      .first()
      .waitFor();
  });

  it('clones with what is changed of it, and opens the clone', async () => {
    await choose('Clone…');
    const clone = dialog('Clone the run');
    assert.equal(await clone.getByLabel('Intake').inputValue(), 'Begin as it is written');
    await clone.getByLabel('Name').fill('Handled again');
    await clone.getByLabel('Intake').fill('Begin otherwise');
    await clone.getByRole('button', { name: 'Create the clone' }).click();
    await page.getByRole('heading', { name: 'Handled again' }).waitFor();
    const made = await runs().get(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    assert.deepEqual([made.cloned_from, made.intake, made.mode], [runId, 'Begin otherwise', 'manual']);
    await page.getByRole('link', { name: runId.slice(0, 8) }).click();
    await page.getByRole('heading', { name: 'Handled', exact: true }).waitFor();
  });

  it('cancels with a reason that stands in the record, and offers nothing more', async () => {
    await choose('Cancel…');
    await dialog('Cancel the run?').getByRole('button', { name: 'Leave it' }).click();
    assert.equal(await status(), 'running');
    await choose('Cancel…');
    await dialog('Cancel the run?').getByLabel('Reason').fill('Nobody wants it');
    await dialog('Cancel the run?').getByRole('button', { name: 'Cancel the run' }).click();
    await page
      .getByRole('region', { name: 'Why it was cancelled' })
      .getByText('Cancelled by developer: Nobody wants it')
      .waitFor();
    assert.equal(await status(), 'cancelled');
    await page.getByRole('button', { name: 'Pause', disabled: true }).waitFor();
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByText('Nobody wants it').first().waitFor();
  });

  it('tries again what failed', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.failed}`);
    const { execution_id: earlier } = await runs().get(world.runs.failed);
    await press('Retry');
    await page.getByText('Tried again').waitFor();
    assert.notEqual((await runs().get(world.runs.failed)).execution_id, earlier);
    // It fails for the same reason, and may be tried again.
    await page.getByRole('button', { name: 'Retry' }).and(page.locator(':enabled')).waitFor();
  });

  it('has the decision on every tab, and takes it on the last', async () => {
    const accepting = await createAccepting(world.server.client, 'Third router');
    await page.goto(`/orchestrator/runs/${accepting}`);
    const form = page.getByRole('region', { name: /Is the build good enough/ });
    for (const tab of TABS) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
      await form.getByRole('button', { name: 'Accept' }).waitFor();
    }
    // By the keyboard alone, from where the tab was chosen.
    await form.getByLabel('Comment').focus();
    await page.keyboard.type('Good');
    for (let tabs = 0; tabs < 4 && (await focused()) !== 'Accept'; tabs++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(/was accepted by you/).waitFor();
    await runs().cancel(accepting);
  });

  it('says of each figure that is none why it was not measured', async () => {
    const { not_measured: why } = await runs().metrics(world.runs.completed);
    assert.ok(Object.keys(why).length > 0);
    await page.goto(`/orchestrator/runs/${world.runs.completed}?tab=metrics`);
    const figure = (name: string): Locator => page.locator('.stat').filter({ has: page.getByText(name, { exact: true }) });
    for (const [key, name] of [
      ['total_cost_usd', 'Total cost'],
      ['total_token_usage', 'Tokens in'],
      ['hygiene_score', 'Hygiene'],
    ] as const)
      if (why[key] !== undefined) await figure(name).getByText(`Not measured: ${why[key]}`).waitFor();
    assert.ok(why['total_cost_usd'] !== undefined, 'no model was asked');
    assert.equal(await page.getByText('$0').count(), 0);
    await page
      .getByRole('row', { name: /^Planning/ })
      .getByText('not measured')
      .first()
      .waitFor({ state: 'attached' });
    await page.getByText(`– is not measured: ${why['total_token_usage'] ?? ''}`).waitFor();
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}
