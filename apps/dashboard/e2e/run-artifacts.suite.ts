import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type WatchedPage, openPage, writeArtifact } from './dashboard-fixture.ts';
import type { World } from './world.ts';

/** A PNG of one red point. */
const RED_POINT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
const HOSTILE = `# Notes\n\n<img src=x onerror="alert(1)"><script>alert(2)</script>\n\n[a link](javascript:alert(3)) ![an image](https://elsewhere.example/pixel.png)\n`;

/** What the phases of a run made, each file as what it is. */
export function testRunArtifacts(world: World): void {
  describe('the artifacts of a run', () => testPages(world));
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;

  const file = (name: RegExp): Locator => page.getByRole('navigation', { name: 'Artifacts' }).getByRole('button', { name });
  const shown = (name: string): Locator => page.getByRole('region', { name, exact: true });
  const open = async (id: string, artifact?: RegExp): Promise<void> => {
    await page.goto(`/orchestrator/runs/${id}?tab=artifacts`);
    await page.getByRole('navigation', { name: 'Artifacts' }).waitFor();
    if (artifact !== undefined) await file(artifact).click();
  };
  const write = (id: string, path: string, text: string): void => writeArtifact(world.server.dir, id, { path, text });

  before(async () => {
    watched = await openPage(world.browser, world.server.url, { acceptDownloads: true });
    ({ page } = watched);
  });
  after(() => watched?.context.close());

  it('are a tree of folders by phase, which opens and closes', async () => {
    await open(world.runs.completed);
    await page.getByText(/^\d+ files in 3 phases/).waitFor();
    const tree = page.getByRole('navigation', { name: 'Artifacts' });
    assert.deepEqual(await tree.getByRole('heading').allTextContents(), ['Planning', 'Development', 'Quality Assurance']);
    await file(/program.ts/).waitFor();
    await tree.getByText('src/', { exact: true }).click();
    assert.equal(await file(/program.ts/).isVisible(), false);
    await tree.getByText('src/', { exact: true }).click();
    await file(/program.ts/).click();
    await page.waitForURL(/artifact=/);
    assert.equal(await file(/program.ts/).getAttribute('aria-current'), 'true');
  });

  it('are source in colours, by lines', async () => {
    const source = page.getByRole('region', { name: 'Content of src/program.ts' });
    const word = source.getByText('export', { exact: true }).first();
    assert.match((await word.getAttribute('class')) ?? '', /tok-keyword/);
    assert.match(
      (await source
        .getByText(/Reads the total of an invoice/)
        .first()
        .getAttribute('class')) ?? '',
      /tok-comment/,
    );
    const colour = (selector: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).color`);
    assert.notEqual(await colour('.source .tok-keyword'), await colour('.source'));
    assert.equal(await source.locator('.source-line').count(), 5);
  });

  it('are Markdown that runs nothing and loads nothing from elsewhere, and its source', async () => {
    write(world.runs.completed, 'planning/notes.md', HOSTILE);
    await open(world.runs.completed, /notes.md/);
    const notes = shown('notes.md');
    await notes.getByRole('heading', { name: 'Notes', level: 3 }).waitFor();
    assert.equal(await notes.locator('img, script').count(), 0);
    assert.equal(await notes.getByRole('link', { name: 'a link' }).count(), 0);
    assert.equal(await notes.getByRole('link', { name: 'an image' }).getAttribute('rel'), 'noopener noreferrer nofollow');
    await notes.getByRole('button', { name: 'Source' }).click();
    await notes.getByText('<script>alert(2)</script>').waitFor();
    await file(/PRD.md/).click();
    await shown('PRD.md').getByRole('columnheader').first().waitFor();
    assert.deepEqual(await shown('PRD.md').getByRole('columnheader').allTextContents(), ['field', 'type']);
    assert.equal(await shown('PRD.md').getByRole('listitem').count(), 2);
  });

  it('are tables of records, and images', async () => {
    await file(/labels.csv/).click();
    const table = page.getByRole('region', { name: 'labels.csv, 2 rows' });
    await table.getByRole('cell').first().waitFor();
    assert.deepEqual(await table.getByRole('cell').allTextContents(), ['Total: 12,50 EUR', '12.50', 'Total 7 USD', '7']);
    await file(/chart.svg/).click();
    const width = async (name: string): Promise<number> => {
      await page.getByRole('img', { name }).waitFor();
      const image = `document.querySelector('img[alt=${JSON.stringify(name)}]')`;
      return page.evaluate(`${image}.decode().then(() => ${image}.naturalWidth)`);
    };
    assert.ok((await width('chart.svg')) > 0);
    writeArtifact(world.server.dir, world.runs.completed, { path: 'qa/point.png', text: Buffer.from(RED_POINT, 'base64') });
    await open(world.runs.completed, /point.png/);
    assert.equal(await width('point.png'), 1);
  });

  it('are downloaded as they are', async () => {
    await file(/program.ts/).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      shown('src/program.ts').getByRole('link', { name: 'Download' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'program.ts');
    const kept = `${world.server.dir}/workspaces/${world.runs.completed}/artifacts/development/src/program.ts`;
    assert.equal(readFileSync(await download.path(), 'utf8'), readFileSync(kept, 'utf8'));
  });

  it('say that there is nothing to read in a file that is no text', async () => {
    writeArtifact(world.server.dir, world.runs.completed, { path: 'qa/weights.bin', text: '\u0000\u0001' });
    await open(world.runs.completed, /weights.bin/);
    await page.getByText('This is no text: download it to look at it.').waitFor();
  });

  it('differ between two runs', async () => {
    const { run_id: clone } = await world.server.client.runs.clone(world.runs.completed, { project_name: 'Third reader' });
    write(clone, 'development/src/program.ts', 'export const run = (): number => 7;\n');
    write(clone, 'planning/labels.csv', 'input,output\n"Total: 12,50 EUR",12.50\nTotal 7 USD,8\n');
    await open(clone, /labels.csv/);
    await shown('labels.csv').getByRole('button', { name: 'Compare', exact: true }).click();
    const diff = page.getByRole('region', { name: 'labels.csv: the other run before, this run after' });
    await diff.getByText('Total 7 USD,8').waitFor();
    assert.deepEqual(
      (await diff.getByRole('row').allTextContents())
        .filter((line) => /removed|added/.test(line))
        .map((line) => line.replace(/^\d+/, '')),
      ['removed: -Total 7 USD,7', 'added: +Total 7 USD,8'],
    );
    await world.server.client.runs.cancel(clone);
  });

  it('differ between two checkpoints of one run', async () => {
    const { runs } = world.server.client;
    const { run_id: id } = await runs.create({ profile: 'steps', project_name: 'Two versions' });
    await runs.next(id);
    write(id, 'planning/plan.md', 'Train a model\n');
    await runs.next(id);
    write(id, 'planning/plan.md', 'Write rules\n');
    write(id, 'development/rules.json', '{}\n');
    await runs.next(id);
    await open(id);
    await page.getByRole('button', { name: 'Compare two checkpoints' }).click();
    const two = page.getByRole('region', { name: 'Two checkpoints' });
    await two.getByLabel('From').selectOption({ label: 'Before Development' });
    await two.getByText(/added, 0 removed/).waitFor();
    await two.getByText('+ development/rules.json').waitFor();
    const diff = two.getByRole('region', { name: 'What changed in planning/plan.md' });
    assert.match((await diff.textContent()) ?? '', /removed: -Train a model.*added: \+Write rules/s);
    await two.getByLabel('To').selectOption({ label: 'Before Development' });
    await two.getByText('Choose two different checkpoints.').waitFor();
  });

  it('are none yet in a run that has made none, which is said', async () => {
    await page.goto(`/orchestrator/runs/${world.runs.waiting}?tab=artifacts`);
    await page.getByText('No artifacts yet').waitFor();
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}
