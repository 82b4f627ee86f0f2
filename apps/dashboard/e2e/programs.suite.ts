import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type Theme, violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import { moveActive, seedPrograms } from './programs-seed.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

const PATH = '/programs/spam-filter';
let watched: WatchedPage;
let page: Page;

/** The list of programs and one program: what a person does with them. */
export function testPrograms(world: World): void {
  describe('the pages of programs', () => {
    before(async () => {
      await seedPrograms(world.server);
      watched = await openPage(world.browser, world.server.url);
      ({ page } = watched);
    });
    after(() => watched?.context.close());
    testWatching(world);
    testServing(world);
    testLook();
  });
}

const row = (name: string | RegExp): Locator => page.getByRole('row', { name });
const button = (name: string | RegExp): Locator => page.getByRole('button', { name });
const open = (tab: string): Promise<unknown> => page.goto(`${PATH}?tab=${tab}`);

function testServing(world: World): void {
  const active = async (): Promise<number | null> => (await world.server.client.program('spam-filter')).active_version;

  it('says what a rollback does, and does nothing when somebody else was first', async () => {
    await page.goto(PATH);
    await button('Roll back to v1').click();
    const dialog = page.getByRole('alertdialog', { name: 'Roll back to v1?' });
    await dialog.getByText('Every new request is answered by v1 instead of v2').waitFor();
    await moveActive(world.server.client, 'spam-filter', 3, 'Meanwhile');
    await dialog.getByLabel('Reason').fill('Too many false alarms');
    await dialog.getByRole('button', { name: 'Serve v1' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'Nothing was done' }).waitFor();
    assert.equal(await active(), 3);
    await dialog.getByRole('button', { name: 'Leave it' }).click();
    await button('Roll back to v2').click();
    await page.getByRole('alertdialog').getByLabel('Reason').fill('v3 was not meant');
    await button('Serve v2').click();
    await page.getByRole('heading', { name: 'active → v2' }).waitFor();
    await open('history');
    const newest = page.getByRole('listitem').filter({ hasText: 'Rollback' }).first();
    assert.match((await newest.textContent()) ?? '', /v2.*after v3.*“v3 was not meant”/);
    await page.getByText('Promotion record').first().click();
    await page.getByText('rollback:').first().waitFor();
    await page.getByLabel('What was live at', { exact: true }).fill('2020-01-01T00:00:00');
    await button('Look').click();
    await page.getByText('Nothing was active then.').waitFor();
  });

  it('shows the code of a version, where it came from, and how two differ', async () => {
    await open('versions');
    await page.getByRole('region', { name: 'Content of program.ts' }).getByText("'free'").waitFor();
    await button(/^v3/).click();
    await button('Code compared').click();
    const diff = page.getByRole('region', { name: 'Code from v2 to v3' });
    await diff.getByText("'credit'").waitFor();
    assert.equal(await diff.getByText('added: ').count(), 2);
    await button('Provenance').click();
    await page.getByText('Not measured: the version does not say which execution made it').waitFor();
    await button('Behaviour compared').click();
    await button('Replay through v2 and v3').click();
    await page.getByText(/^\d+ inputs, compared/).waitFor();
    await page.reload();
    await page.getByText(/^\d+ inputs, compared/).waitFor();
  });

  it('runs the program from a form and from JSON, and shows errors as the server says them', async () => {
    await open('playground');
    await page.getByLabel('Text').fill('You are a winner');
    await page.getByLabel('Text').press('Control+Enter');
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByText('"spam"').waitFor();
    await answer.getByText('v2').waitFor();
    await answer.getByText('in the program').waitFor();
    await button('As JSON').click();
    const raw = page.getByLabel('Input as JSON');
    assert.deepEqual(JSON.parse(await raw.inputValue()), { text: 'You are a winner' });
    await raw.fill('{"text":"lunch?","urgent":true}');
    await button('Run').click();
    await answer.getByText('"ham"').waitFor();
    await raw.fill('{"text":7}');
    await button('Run').click();
    await answer.getByText('VALIDATION_ERROR').waitFor();
    await button('Use input 2 again').click();
    assert.match(await raw.inputValue(), /lunch/);
    await button('As a form').click();
    assert.equal(await page.getByLabel('Marked as urgent (optional)').inputValue(), 'true');
  });

  it('moves from one version to another step by step, and says before each step what it does', async () => {
    await open('rollout');
    await button('Start a rollout…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Stages, in %').fill('50, 20');
    await dialog.getByText('Each must be larger than the one before').waitFor();
    await dialog.getByLabel('Stages, in %').fill('20, 100');
    await dialog.getByText('v3 answers 20 % of the requests from now on, v2 the others.').waitFor();
    await dialog.getByRole('button', { name: 'Give v3 its first share' }).click();
    await button('Pause…').click();
    await page.getByRole('dialog').getByText('v3 keeps getting 20 % of the requests.').waitFor();
    await button(/^Pause$/).click();
    await button('Go on…').waitFor();
    await button('Serve v3…').click();
    await page.getByText('v3 answers every request instead of v2, from now on.').waitFor();
    await button(/^Serve v3$/).click();
    await page.getByText('No rollout is under way').waitFor();
    assert.equal(await active(), 3);
    await page.getByRole('button', { name: /v2 → v3.*Completed/ }).waitFor();
  });
}

function testWatching(world: World): void {
  it('lists programs with their health, and has the filter in the URL', async () => {
    await page.goto('/programs');
    await row(/spam-filter.*v2 of 3.*101/).waitFor();
    await row(/ticket-labels.*Not served/).waitFor();
    await row(/invoice-total.*Idle/).waitFor();
    await page.getByLabel('Name').fill('INVOICE');
    await row(/spam-filter/).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).search, '?q=INVOICE');
    await page.getByLabel('Name').fill('nothing');
    await page.getByText('No program is called that').waitFor();
    await button('Show all programs').click();
    await page.getByRole('link', { name: 'spam-filter' }).click();
    await page.getByRole('heading', { name: 'spam-filter', level: 1 }).waitFor();
  });

  it('labels samples by keyboard alone', async () => {
    await open('samples');
    await button('Take the next one').focus();
    await page.keyboard.press('Enter');
    const sample = page.getByRole('article', { name: 'The sample that you have' });
    const said = page.getByRole('region', { name: 'Label samples' }).getByRole('status');
    const isReady = (): Promise<void> => sample.and(page.locator('[aria-busy="false"]')).waitFor();
    await isReady();
    await page.keyboard.press('y');
    await said.filter({ hasText: 'Noted: it was right.' }).waitFor();
    await isReady();
    const wrong = (await sample.getByRole('button', { name: /^(?:spam|ham) \d$/ }).textContent()) ?? '';
    await page.keyboard.press(wrong.slice(-1));
    await said.filter({ hasText: `Noted: "${wrong.split(' ')[0] ?? ''}" would have been right.` }).waitFor();
    await isReady();
    await page.keyboard.press('s');
    await said.filter({ hasText: 'Skipped.' }).waitFor();
    await isReady();
    await page.keyboard.press('e');
    await sample.getByLabel('The right output').waitFor();
    await button('Answered').click();
    await page.getByRole('region', { name: 'List of samples' }).getByText('Wrong').waitFor();
    await page.waitForURL(/samples=answered/);
  });

  it('shows what has drifted with examples, figures by day, and what is not measured with its reason', async () => {
    await open('drift');
    await page.getByRole('region', { name: 'Drift' }).getByText('Drifting').waitFor();
    await row(/input\.text/)
      .first()
      .waitFor();
    await page.getByRole('heading', { name: 'Inputs that show it best' }).waitFor();
    await row(/v2.*50\.0 %/).waitFor();
    await open('analytics');
    const chart = page.getByRole('figure', { name: 'Requests' });
    await chart.getByText('As a table').click();
    const [today] = (await world.server.client.analytics('spam-filter')).date.split('T');
    await chart.getByRole('row', { name: new RegExp(`${today ?? ''} \\d+ [1-9]`) }).waitFor();
    assert.equal(await chart.getByRole('row', { name: /no request/ }).count(), 6);
    await row(/^v2/).waitFor();
    await open('money');
    await page.getByLabel('Model', { exact: true }).fill('openai/gpt-4.1');
    await page.getByLabel('Tokens in').fill('200');
    await page.getByLabel('Tokens out').fill('5');
    await button('Reckon').click();
    await page.getByText('Not measured: it is not known what it cost to make').first().waitFor();
    await page.getByText('the version does not say which execution made it').waitFor();
    assert.match(page.url(), /requests=1000/);
  });
}

function testLook(): void {
  it('has no trouble that axe knows, and fits a phone, in one theme here and in both for the pictures', async () => {
    const found: string[] = [];
    const look = async (name: string, theme: Theme): Promise<void> => {
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      found.push(...(await violations(page, [theme])).map((line) => `${name} ${line}`));
      await page.setViewportSize({ width: 390, height: 844 });
      if ((await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth')) !== true)
        found.push(`${name} is too wide`);
      await page.setViewportSize({ width: 1440, height: 900 });
    };
    await page.goto('/programs');
    await row(/spam-filter/).waitFor();
    await look('list', 'dark');
    await page.goto(PATH);
    await page.getByRole('tab', { name: 'Money' }).waitFor();
    const tabs = await page.getByRole('tab').all();
    assert.equal(tabs.length, 9);
    for (const [at, tab] of tabs.entries()) {
      await tab.click();
      await page.getByRole('tabpanel', { name: (await tab.textContent()) ?? '' }).waitFor();
      await look((await tab.textContent()) ?? '', at % 2 === 0 ? 'light' : 'dark');
    }
    // A link to a tab beyond the edge of a phone shows it.
    await page.setViewportSize({ width: 390, height: 844 });
    await open('money');
    const last = page.getByRole('tab', { name: 'Money', selected: true });
    const isSeen = async (): Promise<boolean> => {
      const box = await last.boundingBox();
      return box !== null && box.x >= 0 && box.x + box.width <= 390;
    };
    assert.ok(await until(isSeen, 100));
    await page.setViewportSize({ width: 1440, height: 900 });
    assert.deepEqual([...found, ...watched.troubles], []);
  });
}
