import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { rolloutSchema } from '@loopwright/protocol';
import type { Locator, Page } from 'playwright-core';
import { dialogTroubles } from './dialogs.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import { seedPaidProgram } from './models-seed.ts';
import { moveActive } from './programs-seed.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

const PATH = '/programs/spam-filter';
const MOVED = 'Knows credit offers';
let watched: WatchedPage;
let page: Page;

/** Who answers while a version is tried, what that leaves in the record, and when a program has paid for itself. Comes behind the suite of programs, which makes them. */
export function testMoves(world: World): void {
  describe('versions of a program that take over', () => {
    before(async () => {
      await moveActive(world.server.client, 'spam-filter', 3, MOVED);
      await seedPaidProgram(world.server);
      watched = await openPage(world.browser, world.server.url);
      ({ page } = watched);
    });
    after(() => watched?.context.close());
    testRollouts(world);
    testRecord();
  });
}

const button = (name: string | RegExp): Locator => page.getByRole('button', { name });
const open = (tab: string): Promise<unknown> => page.goto(`${PATH}?tab=${tab}`);
const asked = (): Locator => page.getByRole('dialog').or(page.getByRole('alertdialog'));

function testRollouts(world: World): void {
  const ask = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, (_, at) => world.server.client.execute('spam-filter', { text: `credit for ${at}` })),
    );

  it('takes shares by hand, says who answers, and goes back with a reason', async () => {
    await open('rollout');
    await button('Start a rollout…').press('Enter');
    await asked().getByLabel('Candidate').selectOption('2');
    await asked().getByLabel('Stages, in %').fill('20, 50, 100');
    await asked().getByLabel('Reason').fill('v3 is too strict');
    await button('Give v2 its first share').press('Enter');
    const card = page.getByRole('region', { name: 'Rollout of v2' });
    const stage = (): Locator => card.getByRole('listitem').and(page.locator('[aria-current="step"]'));
    await stage().getByText('20 %').waitFor();
    const counted = card.getByRole('row', { name: /^Requests/ }).getByRole('cell');
    const [old, tried] = [counted.nth(0), counted.nth(1)];
    const count = async (cell: Locator): Promise<number> => Number(await cell.textContent());
    // The edge hears of it a moment later, and the page looks every few seconds.
    const isShared = async (): Promise<boolean> => {
      await ask(10);
      return (await count(tried)) > 0 && (await count(old)) > (await count(tried));
    };
    assert.ok(await until(isShared, 400), `${await count(old)} and ${await count(tried)} requests are counted`);
    await button('Go to 50 %…').press('Enter');
    await asked().getByText('v2 answers 50 % of the requests instead of 20 %, from now on.').waitFor();
    await asked().getByRole('button', { name: 'Go to 50 %' }).press('Enter');
    await stage().getByText('50 %').waitFor();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await page.getByRole('img', { name: 'v3 answers 50 %, v2 answers 50 %' }).waitFor();
    await open('rollout');
    await button('Take back…').press('Enter');
    await asked().getByText('v3 answers every request again, from now on').waitFor();
    await asked().getByLabel('Reason').fill('v2 misses credit offers');
    await button('Take v2 back').press('Enter');
    await page.getByText('No rollout is under way').waitFor();
    await button(/v3 → v2.*Rolled back/).press('Enter');
    await page.getByText('History (', { exact: false }).press('Enter');
    await page.getByText('Taken back').waitFor();
    await page.getByText(': v2 misses credit offers').first().waitFor();
  });

  it('shadows with copies whose answers nobody sees, and says how many would be others', async () => {
    await button('Start a rollout…').press('Enter');
    await asked().getByLabel('Candidate').selectOption('1');
    await asked().getByLabel('How').selectOption('shadow');
    await asked().getByText('v1 gets copies of 100 % of the requests from now on. Every answer still comes from v3.').waitFor();
    await button('Shadow with v1').press('Enter');
    await page.getByText('Shadow: its answers are only compared').waitFor();
    // v3 knows credit offers and v1 does not.
    const told = page.getByText(/^Of [\d,]+ copies since the edge started: 0 the same, [1-9][\d,]* changed/);
    const isTold = async (): Promise<boolean> => {
      await ask(5);
      return (await told.count()) > 0;
    };
    assert.ok(await until(isTold, 400));
    await button('Take back…').press('Enter');
    await asked().getByText('v1 gets no more copies of requests.').waitFor();
    await button('Take v1 back').press('Enter');
    await page.getByText('No rollout is under way').waitFor();
  });

  it('asks in dialogs that a keyboard and a phone can use', async () => {
    const troubles: string[] = [];
    const look = async (name: string, dialog: Parameters<typeof dialogTroubles>[2]): Promise<void> =>
      void troubles.push(...(await dialogTroubles(page, name, dialog)));
    await open('rollout');
    await look('start', { button: button('Start a rollout…') });
    await look('shadow', {
      button: button('Start a rollout…'),
      fill: async (dialog) => void (await dialog.getByLabel('How').selectOption('shadow')),
    });
    await page.goto(PATH);
    await look('roll back', { button: button(/^Roll back to/) });
    await look('serve another', { button: button('Serve another version…') });
    assert.deepEqual(troubles, []);
  });

  it('asks before each step of a rollout in dialogs that a keyboard and a phone can use, and leaves it as it was', async () => {
    const { client } = world.server;
    const path = '/api/v1/programs/spam-filter/rollouts';
    const json = { candidate: 2, stages: [20, 50, 100], minimum_samples: 1000 };
    const { rollout_id: id } = await client.call({ method: 'POST', path, answer: rolloutSchema, json, ifMatch: '*' });
    const troubles: string[] = [];
    const look = async (name: string): Promise<void> =>
      void troubles.push(...(await dialogTroubles(page, name, { button: button(name) })));
    await open('rollout');
    for (const name of ['Pause…', 'Go to 50 %…', 'Serve v2…', 'Take back…']) await look(name);
    const seen = await client.call({ method: 'GET', path: `${path}/${id}`, answer: rolloutSchema });
    assert.deepEqual([seen.status, seen.current_percentage], ['in_progress', 20]);
    await button('Pause…').press('Enter');
    await asked().getByRole('button', { name: 'Pause' }).press('Enter');
    await look('Go on…');
    await client.call({ method: 'POST', path: `${path}/${id}/rollback`, answer: rolloutSchema, json: {}, ifMatch: '*' });
    assert.deepEqual(troubles, []);
  });
}

function testRecord(): void {
  it('has the promotion record of each move, and what was live at an instant', async () => {
    await open('history');
    const list = page.getByRole('list', { name: 'History of the alias active' });
    const move = list.getByRole('listitem').filter({ hasText: MOVED }).first();
    await move.getByText('Promotion record').press('Enter');
    await move.getByText(`"${MOVED}"`).waitFor();
    const now = await page.evaluate(`(() => {
      const at = new Date(Date.now() + 60_000);
      return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    })()`);
    await page.getByLabel('What was live at', { exact: true }).fill(String(now));
    await button('Look').press('Enter');
    await page.getByRole('status').getByText('v3').waitFor();
    await page.waitForURL(/at=/);
    assert.equal(await list.locator('[aria-current="true"]').count(), 1);
  });

  it('reckons from what models were paid when the program is even with asking one each time', async () => {
    await page.goto('/programs/mail-sorter?tab=money');
    const model = page.getByLabel('Model', { exact: true });
    assert.ok(await until(async () => (await model.inputValue()) === 'openai/gpt-4.1'));
    await page.getByLabel('Requests a day').fill('500');
    await page.getByLabel('Tokens in').fill('1.5');
    await button('Reckon').press('Enter');
    await page.getByText('A whole number').waitFor();
    await page.getByLabel('Tokens in').fill('1000');
    await page.getByLabel('Tokens out').fill('200');
    await button('Reckon').press('Enter');
    const even = page.getByRole('region', { name: 'Break-even' });
    // One call of 1,000 and 200 tokens was paid for, and each request would cost the same.
    const figure = (label: string): Locator => even.locator('.stat').filter({ hasText: label }).locator('dd');
    await figure('Even after requests').filter({ hasText: /^1$/ }).waitFor();
    assert.equal(await figure('Making v1 cost').textContent(), await figure('A request to the model').textContent());
    assert.match((await figure('Saved a day').textContent()) ?? '', /^\$[1-9]/);
    assert.equal(await figure('Even after days').textContent(), '< 0.1');
  });

  it('asked no other server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}
