import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type DashboardServer, type WatchedPage, openPage } from './dashboard-fixture.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** What runs and executions waited for, in their timelines. */
export function testTimeline(world: World): void {
  describe('the timeline of a run', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;
  let runId: string;

  const runs = (): World['server']['client']['runs'] => world.server.client.runs;
  const waits = (phase: string): Locator => page.getByRole('list', { name: `Waits of ${phase}` }).getByRole('listitem');

  before(async () => {
    runId = await createStanding(world.server);
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(() => watched?.context.close());

  it('has each wait as a bar of its own, named, and told apart without colours', async () => {
    await page.goto(`/orchestrator/runs/${runId}`);
    await waits('Planning').first().waitFor();
    const shown = (await waits('Planning').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    for (const [at, wanted] of [
      /^Waited to be advanced to Planning from .* (?:s|ms)$/,
      /^Waited for a timer: nap from .* (?:s|ms)$/,
      /^Waited to try guarded again, after try 1 from .* (?:s|ms)$/,
      /^Waits for a person: Go on with the plan\? from .* (?:s|ms)$/,
    ].entries())
      assert.match(shown[at] ?? '', wanted);
    const patterns: string[] = await page.evaluate(
      '[...document.querySelectorAll(".wait-span")].map((bar) => getComputedStyle(bar).backgroundImage)',
    );
    assert.equal(new Set(patterns).size, 4);
    const widths: number[] = await page.evaluate(
      '[...document.querySelectorAll(".wait-span")].map((bar) => bar.getBoundingClientRect().width)',
    );
    assert.ok(widths.every((width) => width > 0));
  });

  it('follows what happens: an answer ends a wait, a pause and a phase that listens begin one', async () => {
    const { execution_id: id } = await runs().get(runId);
    await world.server.client.accept(id, { accepted: true });
    await waits('Planning').getByText('Waited for a person: Go on with the plan?').waitFor();
    // The answer ends the wait, not yet the phase.
    const isOver = async (): Promise<boolean> => (await runs().get(runId)).phases.every(({ status }) => status !== 'in_progress');
    assert.ok(await until(isOver));
    await runs().start(runId);
    await waits('Development').getByText('Waits for an event io.loopwright.test.delivered: hear').waitFor();
    await runs().pause(runId);
    await waits('Development').getByText('Is paused by developer').waitFor();
    await runs().resume(runId);
    await waits('Development').getByText('Was paused by developer').waitFor();
  });

  it('is the same for the execution, step by step', async () => {
    const { execution_id: id } = await runs().get(runId);
    await page.goto(`/orchestrator/executions/${id}`);
    const line = page.getByRole('list', { name: 'Steps and waits' });
    await line.getByText('Waited for a timer: nap').waitFor();
    await line.getByText('Waits for an event io.loopwright.test.delivered: hear').waitFor();
    assert.ok((await line.getByRole('listitem').count()) >= 7);
  });

  it('has nothing that axe objects to, wide and on a phone, light and dark', async () => {
    const { execution_id: id } = await runs().get(runId);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 844 });
      for (const path of [`runs/${runId}`, `executions/${id}`]) {
        await page.goto(`/orchestrator/${path}`);
        await page.locator('.wait').first().waitFor();
        assert.deepEqual(await violations(page), [], `${path} at ${width} px`);
        assert.equal(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth'), true, path);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('says who made the run, in its audit', async () => {
    await page.goto(`/orchestrator/runs/${runId}?tab=audit`);
    await page
      .getByRole('row', { name: /developer.*POST \/api\/v1\/runs .*profile: waits.* 201/ })
      .first()
      .waitFor();
  });

  it('says before a run goes back what is kept and what is done again', async () => {
    await world.server.client.cancel((await runs().get(runId)).execution_id);
    await page.goto(`/orchestrator/runs/${runId}`);
    await page.getByRole('button', { name: 'More to do with the run' }).click();
    await page.getByRole('menuitem', { name: 'Go back to a checkpoint…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Go back to a checkpoint' });
    await dialog.getByText('It cannot begin at a task inside a phase').waitFor();
    const option = dialog.getByRole('option', { name: /^Before Planning/ });
    await option.waitFor({ state: 'attached' });
    await dialog.getByLabel('Checkpoint').selectOption(String(await option.getAttribute('value')));
    await dialog.getByText('What the run was started with').waitFor();
    await dialog.getByText('Planning, with its steps nap, gate').waitFor();
    await dialog.getByText('The run waits to be advanced to Planning').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.setViewportSize({ width: 390, height: 844 });
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}

/** Makes a run that has waited for a timer and for another try, and waits for a decision. */
export async function createStanding({ client }: Pick<DashboardServer, 'client'>): Promise<string> {
  const { run_id: id } = await client.runs.create({ profile: 'waits', project_name: 'Delivery forecast' });
  await client.runs.next(id);
  const isAsked = await until(async () => (await client.runs.list({ run_id: id })).runs[0]?.open_tasks === 1);
  assert.ok(isAsked, 'The run asks nothing');
  return id;
}
