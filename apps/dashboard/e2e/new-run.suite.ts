import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { exampleFactsSchema } from '@loopwright/protocol';
import type { Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

const TOPICS = ['invoice payment bank', 'crash error screen', 'thanks hello friend'];
const LABELS = ['billing', 'technical', 'other'];

/** A table of texts with one repetition and one text that names its label. */
export function sampleTable(): string {
  const rows = Array.from({ length: 60 }, (_, n) => `"${TOPICS[n % 3]} number ${n}",${LABELS[n % 3]}`);
  return ['text,label', ...rows, rows[0], '"a billing question",billing'].join('\n');
}

let watched: WatchedPage;
let page: Page;

/** From a file of examples, or from one form, to a run. */
export function testNewRun(world: World): void {
  describe('the page of a new run', () => testPages(world));
}

function testPages(world: World): void {
  before(async () => {
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(() => watched?.context.close());
  const choose = (name: string, mimeType: string, text: string): Promise<void> =>
    page.getByLabel('File of examples').setInputFiles({ name, mimeType, buffer: Buffer.from(text) });
  const start = (): ReturnType<Page['getByRole']> => page.getByRole('button', { name: 'Start the run' });

  it('tells a first visitor what a run is, and three ways to the first one', async () => {
    await page.goto('/');
    await page.getByRole('heading', { name: 'There are no runs yet' }).waitFor();
    await page.getByText('npm run demo').waitFor();
    assert.deepEqual(await violations(page, ['light']), []);
    await page.getByRole('link', { name: 'Quick run' }).press('Enter');
    await page.getByRole('tab', { name: 'Quick run', selected: true }).waitFor();
    assert.equal(new URL(page.url()).search, '?how=quick');
  });

  it('says why a file cannot be taken: the line and what is wrong with it', async () => {
    await page.goto('/new-run');
    await choose('labels.csv', 'text/csv', 'text,label\n"a",x\n"b"\n');
    await page.getByText('labels.csv was not taken').waitFor();
    await page.getByText(/^Line 3: /).waitFor();
    await choose('labels.jsonl', 'application/x-ndjson', '{"input":"a","output":1}\n{"input":"b"}\n');
    await page.getByText('Line 2: "output" is missing.').waitFor();
    await choose('labels.json', 'application/json', '[{"input":1}]');
    await page.getByText(/one JSON array/).waitFor();
    assert.equal(new URL(page.url()).search, '');
  });

  it('shows what was inferred from examples that are dropped, and keeps them in the link', async () => {
    const data = await page.evaluateHandle(
      `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(sampleTable())}], 'mails.csv', { type: 'text/csv' })); return data; })()`,
    );
    await page.dispatchEvent('.new-run-drop', 'drop', { dataTransfer: data });
    await page.getByText(/^62 examples/).waitFor();
    await page.getByText(/1 examples \(1.6 %\) repeat an earlier one/).waitFor();
    const labels = page.getByRole('list', { name: 'Labels', exact: true });
    assert.equal(await labels.getByRole('listitem').count(), 3);
    assert.match((await labels.textContent()) ?? '', /billing22/);
    await page.waitForURL(/examples=[0-9a-f]{64}/);
    await page.reload();
    await page.getByText(/^62 examples/).waitFor();
    assert.deepEqual(await violations(page, ['light']), []);
  });

  it('keeps what was typed, says what is expected and why not, and starts the run with its examples', async () => {
    assert.equal(await start().isDisabled(), true);
    await page.getByText('Choose what the run is made of').waitFor();
    const profiles = page.getByRole('radiogroup', { name: 'Profile' });
    // What takes the examples comes first; arrows and space choose as in every group.
    assert.match((await profiles.locator('label').first().textContent()) ?? '', /Takes the examples/);
    await profiles.getByRole('radio').first().focus();
    await page.keyboard.press('Space');
    await page.waitForURL(/profile=ml_classification/);
    await page.getByText('no run of the profile has been completed that you may see').first().waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Mail sorter');
    await page.getByLabel('What is wanted').fill('Sort the mails, at least 90 % right');
    await page.getByLabel('Held out').fill('120');
    assert.equal(await start().isDisabled(), true);
    await page.getByLabel('Held out').fill('25');
    const digest = new URL(page.url()).searchParams.get('examples') ?? '';
    const { count, holdout } = exampleFactsSchema.parse(
      await (await page.request.get(`/api/v1/examples/${digest}/facts?holdout=0.25`)).json(),
    );
    assert.ok(holdout > 12);
    await page.getByText(`With 25.0 % held out: ${count - holdout} to learn from, ${holdout} to be judged by.`).waitFor();
    await page.reload();
    assert.equal(await page.getByLabel('What is wanted').inputValue(), 'Sort the mails, at least 90 % right');
    await start().click();
    await page.getByRole('heading', { name: 'Mail sorter' }).waitFor();
    const runId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const run = await world.server.client.runs.get(runId);
    assert.equal(run.profile, 'ml_classification');
    assert.equal(run.inputs['holdout'], 0.25);
    assert.match(JSON.stringify(run.inputs['examples']), /^"[0-9a-f]{64}"$/);
  });

  it('says before it is begun that no model can be asked', async () => {
    await page.goto('/new-run?how=quick&profile=blank');
    await page.getByText('would fail as the server is set up').waitFor();
    await page.getByText('no model is set; set `model`').waitFor();
    await page.getByRole('link', { name: 'Providers' }).press('Enter');
    await page.getByRole('row', { name: /^Agents of runs model no model is set.* None No/ }).waitFor();
  });

  it('has a quick run in one form, and estimates from runs that were completed', async () => {
    const { runs: client } = world.server.client;
    const { run_id: earlier } = await client.create({ profile: 'steps' });
    for (let phase = 0; phase < 3; phase += 1) await client.next(earlier);
    await page.goto('/new-run?how=quick');
    await page.getByLabel('Profile', { exact: true }).selectOption('steps');
    await page.getByText('From 1 completed run of this project').waitFor();
    assert.equal(await page.getByLabel('What is wanted').inputValue(), '');
    await page.getByLabel('Project', { exact: true }).fill('no such name!');
    await page.getByText('Letters, digits and . _ @ : - only').first().waitFor();
    assert.equal(await start().isDisabled(), true);
    await page.getByLabel('Project', { exact: true }).fill('quick');
    await page.getByLabel('Name', { exact: true }).fill('Made quickly');
    await page.getByLabel('Advances').selectOption('auto');
    assert.deepEqual(await violations(page, ['light']), []);
    await start().click();
    await page.getByRole('heading', { name: 'Made quickly' }).waitFor();
    const { runs } = await world.server.client.runs.list({ q: 'Made quickly' });
    assert.deepEqual(
      runs.map(({ project_id: project, profile }) => [project, profile]),
      [['quick', 'steps']],
    );
  });

  it('asked no other server, and did nothing that the policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}
