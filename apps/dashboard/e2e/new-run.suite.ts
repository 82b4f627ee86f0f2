import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { exampleFactsSchema, runEstimateSchema } from '@loopwright/protocol';
import type { Page } from 'playwright-core';
import { durationText } from '../src/shared/time/format.ts';
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
/** Where the files are that are dropped. */
let files: string;

/** From a file of examples, or from one form, to a run. */
export function testNewRun(world: World): void {
  describe('the page of a new run', () => testPages(world));
}

function testPages(world: World): void {
  before(async () => {
    files = mkdtempSync(join(tmpdir(), 'loopwright-drop-'));
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(async () => {
    await watched?.context.close();
    rmSync(files, { recursive: true, force: true });
  });
  const choose = (name: string, mimeType: string, text: string): Promise<void> =>
    page.getByLabel('File of examples').setInputFiles({ name, mimeType, buffer: Buffer.from(text) });
  /** Drops a file from the disk as a person does: the browser itself reads it. */
  const drop = async (name: string, content: string | Buffer): Promise<void> => {
    const path = join(files, name);
    writeFileSync(path, content);
    const { x, y, width, height } =
      (await page.locator('.new-run-drop').boundingBox()) ?? assert.fail('there is nowhere to drop it');
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: x + width / 2, y: y + height / 2, data });
    await session.detach();
  };
  /** What is said of the examples, by its name, when all of it is there. */
  const figures = async (): Promise<Record<string, string>> => {
    await page.getByText(/ held out: /).waitFor();
    const texts = await page.locator('.new-run-form .stat, main .stats').first().locator('.stat').allInnerTexts();
    return Object.fromEntries(texts.map((text) => text.split('\n', 2) as [string, string]));
  };
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

  it('measures records that are dropped as JSON Lines: fields, classes, repetitions and contradictions', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => ({
      input: { amount: n, country: n % 2 === 0 ? 'DE' : 'US' },
      output: n < 30 ? 'small' : 'large',
    }));
    const lines = [...rows, rows[0], rows[1], { ...rows[2], output: 'large' }].map((row) => JSON.stringify(row));
    // As editors on Windows write it: with a mark at the beginning, CRLF, and lines with nothing.
    await page.goto('/new-run');
    await drop('records.txt', `\uFEFF${lines.join('\r\n\r\n')}\r\n`);
    await page.getByText(/^43 examples/).waitFor();
    assert.deepEqual(await figures(), {
      Inputs: 'Records',
      Classes: '2',
      'Repeat an earlier one': '2',
      'Nearly repeat one': 'Not measured: only texts',
      'Inputs with two answers': '1',
      'Fields that tell the label': '0',
    });
    const fields = page.getByRole('region', { name: 'Fields' });
    await fields.getByRole('row', { name: /^amount .* 40 / }).waitFor();
    await fields.getByRole('row', { name: /^country .* 2 / }).waitFor();
    assert.match((await page.getByRole('list', { name: 'Labels', exact: true }).textContent()) ?? '', /small32.*large11/);
  });

  it('reads a table as spreadsheets write it: with a mark, CRLF, quotes, commas and line breaks in cells', async () => {
    const cell = (n: number): string => `"Dear ""team"",\r\nletter ${n}, about ${TOPICS[n % 3]}"`;
    const rows = Array.from({ length: 30 }, (_, n) => `${LABELS[n % 3]},${cell(n)}`);
    await page.goto('/new-run');
    await drop('letters.csv', `\uFEFFlabel,text\r\n${[...rows, `other,${cell(0)}`].join('\r\n')}\r\n`);
    await page.getByText(/^31 examples/).waitFor();
    const { Classes: classes, 'Inputs with two answers': conflicts } = await figures();
    assert.deepEqual([classes, conflicts], ['3', '1']);
    const digest = new URL(page.url()).searchParams.get('examples') ?? '';
    const kept = (await world.server.client.examples(digest)).find(({ output }) => output === LABELS[1]);
    assert.match(JSON.stringify(kept?.input), /^\{"text":"Dear \\"team\\",\\r\\nletter \d+, about/);
  });

  it('takes no file that it cannot read, and says what to do with it', async () => {
    await page.goto('/new-run');
    for (const [name, content, says] of [
      ['empty.csv', '', 'The file is empty.'],
      ['header.csv', 'text,label\r\n', 'Line 1: no example is in it.'],
      ['excel.csv', Buffer.from('text,label\r\na,b\r\n', 'utf16le'), 'This is UTF-16 text. Save it as UTF-8'],
      [
        'latin.csv',
        Buffer.from('text,label\nein Brief,a\nGr\u00fc\u00dfe,b\n', 'latin1'),
        'Line 3: it is not valid UTF-8. Save the file as UTF-8',
      ],
      ['german.csv', 'text;label\na;b\n', 'Line 1: its columns are separated by semicolons where commas are expected.'],
      ['book.xlsx', Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 6, 0]), 'This is a workbook or an archive.'],
      ['open.csv', 'text,label\n"never closed,a\nb,c\n', /^Line \d+: .*[Qq]uot/],
    ] as const) {
      await drop(name, content);
      await page.getByText(`${name} was not taken, and nothing of it is kept`).waitFor();
      await page.getByRole('alert').getByText(says).waitFor();
    }
    assert.equal(new URL(page.url()).searchParams.has('examples'), false);
    assert.deepEqual(await violations(page), []);
  });

  it('takes 50 MB, says that it reads them, and refuses what is more than the server takes', async () => {
    const text = 'The invoice has not been paid, and the bank says that it never saw the transfer of last week. ';
    const rows = Array.from({ length: 90_000 }, (_, n) => `"${n} ${text.repeat(6)}",${LABELS[n % 3]}\n`);
    const big = `text,label\n${rows.join('')}`;
    assert.ok(big.length > 50_000_000 && big.length < 60_000_000);
    await page.goto('/new-run');
    await drop('big.csv', big);
    await page.getByText(/^Reading big.csv, 49\.\d MiB…$/).waitFor();
    await page.getByText(/^90,000 examples, /).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Other examples' }).click();
    await drop('bigger.csv', big + big.slice(11));
    await page.getByText('bigger.csv was not taken').waitFor({ timeout: 60_000 });
    await page
      .getByRole('alert')
      .getByText(/larger than/)
      .waitFor();
  });

  it('shows what was inferred from examples that are dropped, and keeps them in the link', async () => {
    await page.goto('/new-run');
    await drop('mails.csv', sampleTable());
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
    const past = await world.server.client.runs.get(earlier);
    const took = (Date.parse(past.updated_at) - Date.parse(past.phases[0]?.started_at ?? '')) / 1000;
    const { time, cost } = runEstimateSchema.parse(await (await page.request.get('/api/v1/profiles/steps/estimate')).json());
    assert.ok(Math.abs((time.median ?? 0) - took) < 1, `${time.median} s are expected, it took ${took} s`);
    const expected = (label: string): Promise<string> =>
      page.locator('.stat').filter({ hasText: label }).locator('dd').innerText();
    assert.ok((await expected('Expected time, with waiting')).startsWith(durationText(time.median ?? 0)));
    assert.deepEqual([await expected('Expected cost'), cost.median], ['No model is asked', null]);
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
