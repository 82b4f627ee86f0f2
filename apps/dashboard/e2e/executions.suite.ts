import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ExecutionResponse } from '@loopwright/protocol';
import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

const WORKFLOW = 'program-from-examples';

/** Executions of workflows that are no runs, and those that are. */
export function testExecutions(world: World): void {
  describe('the pages of executions', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;
  let id: string;

  const client = (): World['server']['client'] => world.server.client;
  const row = (name: string): Locator => page.getByRole('row', { name: new RegExp(name) });
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const shown = (): string => new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const state = (): Promise<ExecutionResponse> => client().execution(id);

  before(async () => {
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
    id = await startMaking(world);
  });
  after(() => watched?.context.close());

  it('lists them all, narrows them by link, and follows what happens to them', async () => {
    await page.goto('/orchestrator/runs');
    await page.getByRole('link', { name: 'Executions' }).click();
    await row(`${WORKFLOW} ${id.slice(0, 8)}`)
      .getByText('Waiting')
      .waitFor();
    await row('Choose steps').first().waitFor();
    await page.getByLabel('Workflow').fill(WORKFLOW);
    await page.waitForURL(/workflow=program-from-examples/);
    await row('Choose steps').first().waitFor({ state: 'detached' });
    const { total } = await client().executions({ workflow_id: WORKFLOW });
    await page.getByText(`${total} execution`).waitFor();
    const second = await startMaking(world);
    await row(second.slice(0, 8)).getByText('Waiting').waitFor();
    await client().cancel(second);
    await row(second.slice(0, 8)).getByText('Cancelled').waitFor();
    await page.getByLabel('Status').selectOption('waiting_clarification');
    await row(second.slice(0, 8)).waitFor({ state: 'detached' });
    await page.goto('/orchestrator/executions?workflow=no-such-workflow');
    await page.getByText('No execution fits').waitFor();
  });

  it('shows one: why it does not move, what it asks, its workflow, and who did what', async () => {
    await page.goto(`/orchestrator/executions/${id}`);
    await page.getByRole('heading', { name: WORKFLOW, level: 1 }).waitFor();
    await page
      .getByRole('region', { name: 'Why it does not move' })
      .getByText(/waits for/)
      .waitFor();
    await page.getByRole('region', { name: /^Decision: Before “ticket-sorter” is made|^Decision: Before/ }).waitFor();
    await page.getByRole('region', { name: 'Diagram of the workflow' }).getByText('waiting').first().waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('region', { name: 'Events' }).getByText('waiting_clarification').waitFor();
    await press('Pause');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    assert.equal((await state()).status, 'paused');
    await press('Resume');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByText('POST …/pause').first().waitFor();
  });

  it('is cancelled, and restarted from a task as another execution', async () => {
    assert.equal(await page.getByRole('button', { name: 'Restart…' }).isDisabled(), true);
    await page.getByRole('button', { name: 'More to do with the execution' }).click();
    await page.getByRole('menuitem', { name: 'Cancel…' }).click();
    await page.getByRole('alertdialog').getByLabel('Reason').fill('The wrong examples');
    await press('Cancel the execution');
    await page.getByText('Cancelled by developer: The wrong examples').waitFor();
    assert.equal((await state()).status, 'cancelled');
    const asked = (await state()).step_progress.at(-1)?.step_id ?? '';
    await press('Restart…');
    const dialog = page.getByRole('dialog', { name: 'Restart the execution' });
    assert.equal(await dialog.getByLabel('From the task').inputValue(), asked);
    assert.deepEqual(await violations(page), []);
    await dialog.getByRole('button', { name: 'Restart' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(id));
    await page.getByText('Began again from').waitFor();
    assert.deepEqual((await client().execution(shown())).restarted_from?.execution_id, id);
    await page.getByRole('link', { name: id.slice(0, 8) }).click();
    await page.getByRole('button', { name: 'Restart…' }).and(page.locator(':enabled')).waitFor();
  });

  it('leaves what belongs to a run to the page of the run', async () => {
    const { execution_id: of } = await client().runs.get(world.runs.completed);
    await page.goto(`/orchestrator/executions/${of}`);
    await page.getByRole('link', { name: 'Invoice reader' }).waitFor();
    const restart = page.getByRole('button', { name: 'Restart…' });
    assert.equal(await restart.getAttribute('title'), 'It belongs to a run, whose page has the controls');
    assert.equal(await restart.isDisabled(), true);
    await page.goto('/orchestrator/executions/none');
    await page.getByRole('heading', { name: 'There is no such execution' }).waitFor();
  });

  it('has nothing that axe objects to, wide and on a phone, light and dark', async () => {
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 844 });
      for (const path of ['', `/${id}`, `/${id}?tab=events`, '?workflow=none']) {
        await page.goto(`/orchestrator/executions${path}`);
        await page.locator('h1').waitFor();
        await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
        assert.deepEqual(await violations(page), [], `${path} at ${width} px`);
        assert.equal(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth'), true, path);
      }
    }
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}

/** Starts the making of a program, which asks something before it begins; gives the id of the execution. */
export async function startMaking({ server: { client } }: Pick<World, 'server'>): Promise<string> {
  const lines = Array.from({ length: 24 }, (_, at) =>
    JSON.stringify({
      input: `${at % 2 === 0 ? 'refund please' : 'where is my parcel'} ${at}`,
      output: at % 2 === 0 ? 'refund' : 'delivery',
    }),
  );
  const { digest } = await client.uploadExamples(new Blob([lines.join('\n')]).stream(), 'application/x-ndjson');
  const { execution_id: id } = await client.startWorkflow(WORKFLOW, {
    project_id: 'default',
    initial_context: { program: 'ticket-sorter', task_description: 'Say what a ticket is about', examples: digest },
  });
  for (let tries = 0; tries < 1000; tries++) {
    if ((await client.execution(id)).status === 'waiting_clarification') return id;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  throw new Error(`Cannot wait any longer: ${(await client.why(id)).sentence}`);
}
