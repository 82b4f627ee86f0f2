import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type HumanTask, humanTaskSchema } from '@loopwright/protocol';
import type { Locator, Page, Route } from 'playwright-core';
import { violations } from './axe.ts';
import { type DashboardServer, type WatchedPage, openPage } from './dashboard-fixture.ts';
import { type SeededInbox, openTitles, seedInbox, seedPlan, seedQuestions } from './inbox-seed.ts';
import type { World } from './world.ts';

/** What people do with what waits for them. It kills the server once, and starts it again. */
export function testInbox(world: World): void {
  describe('the inbox', () => testPages(world));
}

function testPages(world: World): void {
  let server: DashboardServer;
  let seeded: SeededInbox;
  let watched: WatchedPage;
  let page: Page;

  const taskOf = (id: string): Promise<HumanTask> =>
    server.client.call({ method: 'GET', path: `/api/v1/tasks/${id}`, answer: humanTaskSchema });
  const plan = (name: string): string => seeded.plans.get(name) ?? '';
  const list = (): Locator => page.getByRole('list', { name: 'Open questions' });
  const form = (title: string, on = page): Locator => on.getByRole('region', { name: `Decision: ${title}` });
  const decided = (title: string, on = page): Locator => on.getByRole('region', { name: `Decided: ${title}` });
  const titleOf = (name: string): string => `Follow the plan of ${name}?`;
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = (): Promise<string> => page.evaluate('document.activeElement?.textContent ?? ""');

  before(async () => {
    ({ server } = world);
    seeded = await seedInbox(server);
    watched = await openPage(world.browser, server.url);
    ({ page } = watched);
  });

  it('has what waits for me, what holds up most first, and takes in what is asked meanwhile', async () => {
    await page.goto('/inbox');
    await list().getByText('Before the plan is written').waitFor();
    const shown = await list().getByRole('link').allTextContents();
    assert.deepEqual(shown, await openTitles(server));
    assert.ok(shown.indexOf('Before the plan is written') < shown.indexOf(titleOf('Alpha')), 'two phases come before one');
    await list().getByText('Invoice sorter waits, with 2 phases to come').waitFor();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    const id = await seedPlan(server, 'Meanwhile');
    await list().getByText(titleOf('Meanwhile')).waitFor();
    await server.client.accept((await taskOf(id)).execution_id, { accepted: true });
    await list().getByText(titleOf('Meanwhile')).waitFor({ state: 'detached' });
  });

  it('takes answers of every kind, by keyboard, and says which are wrong', async () => {
    await list().getByRole('link', { name: 'Before the plan is written' }).click();
    await page.waitForURL(`**/inbox/${seeded.questions}`);
    const questions = form('Before the plan is written');
    await questions.getByLabel('What is it called?').waitFor();
    await press('a');
    await page.keyboard.type('Invoice sorter');
    await press('Control+Enter');
    await questions.getByText('An answer is needed').first().waitFor();
    // The first one that is wrong has the focus.
    await questions.locator('select:focus').waitFor();
    await page.keyboard.type('invoice');
    await questions.getByLabel('web').check();
    await questions.getByLabel('mail').check();
    assert.equal(await questions.getByLabel('Is it for the public?').inputValue(), 'yes');
    await questions.getByLabel('Which share is to be correct?').fill('2');
    await questions.getByLabel('When does it begin?').fill('2026-12-01');
    await questions.getByLabel(/Which ticket/).fill('no uuid');
    await questions.getByLabel('Which limits are there?').fill('[]');
    await press('Control+Enter');
    for (const wrong of ['At most 1', 'This is no UUID', 'This is no JSON object']) await questions.getByText(wrong).waitFor();
    await questions.getByLabel('Which share is to be correct?').fill('0.9');
    await questions.getByLabel(/Which ticket/).fill('3f2b8c1a-0000-4000-8000-00000000000a');
    await questions.getByLabel('Which limits are there?').fill('{"latency_ms": 20}');
    // What was typed is there again when one comes back.
    await press('Escape', 'j', 'k');
    assert.equal(await questions.getByLabel('When does it begin?').inputValue(), '2026-12-01');
    await press('a', 'Control+Enter');
    await decided('Before the plan is written').getByText('developer answered').waitFor();
    assert.partialDeepStrictEqual((await taskOf(seeded.questions)).answer, {
      answers: {
        NAME: 'Invoice sorter',
        LABEL: 'invoice',
        CHANNELS: ['web', 'mail'],
        PUBLIC: true,
        TARGET: 0.9,
        START: '2026-12-01',
        TICKET: '3f2b8c1a-0000-4000-8000-00000000000a',
        LIMITS: { latency_ms: 20 },
      },
    });
  });

  it('is worked through with j, k, a, r and ?, and lets nobody reject without a word', async () => {
    await page.goto(`/inbox/${plan('Alpha')}`);
    await form(titleOf('Alpha')).waitFor();
    await press('?');
    await page.getByRole('dialog', { name: 'Keys of the inbox' }).waitFor();
    await press('Escape', 'r', 'Control+Enter');
    await form(titleOf('Alpha')).getByText('Say why it is rejected').waitFor();
    assert.equal((await taskOf(plan('Alpha'))).state, 'open');
    await page.keyboard.type('Two weeks are too long');
    await press('Control+Enter');
    await decided(titleOf('Alpha')).getByText('developer rejected').waitFor();
    await decided(titleOf('Alpha')).getByText('Two weeks are too long').waitFor();
    await press('j');
    await form(titleOf('Beta')).waitFor();
    await press('a');
    assert.equal(await focused(), 'Accept');
    await press('Enter');
    await decided(titleOf('Beta')).getByText('developer accepted').waitFor();
    const { answer, subject_digest: digest } = await taskOf(plan('Beta'));
    assert.partialDeepStrictEqual(answer, { accepted: true, subject_digest: digest });
  });

  it('decides several together, each about what was shown of it', async () => {
    await page.goto(`/inbox/${plan('Gamma')}`);
    await form(titleOf('Gamma')).waitFor();
    await press('x', 'j');
    await form(titleOf('Delta')).waitFor();
    await press('x', 'b');
    const dialog = page.getByRole('dialog', { name: 'Decide 2 together' });
    await dialog.getByText('"measure"').nth(1).waitFor();
    await dialog.getByRole('button', { name: 'Reject 2' }).click();
    await dialog.getByText('Say why they are rejected').waitFor();
    // Somebody is first with one of them; the page has not heard of it yet when the button is pressed.
    const deaf = await taskOf(plan('Delta'));
    await page.route('**/answer', async (route) => {
      if (route.request().url().includes(deaf.task_id)) await decideAs(server.url, 'bob', deaf);
      await route.continue();
    });
    await dialog.getByRole('button', { name: 'Accept 2' }).click();
    const over = page.getByRole('dialog', { name: 'Decided 1 of 2' });
    await over.getByText(/"bob" answered at/).waitFor();
    await page.unroute('**/answer');
    await press('Escape');
    assert.partialDeepStrictEqual((await taskOf(plan('Gamma'))).answer, { accepted: true, answered_by: 'developer' });
    assert.partialDeepStrictEqual((await taskOf(plan('Delta'))).answer, { accepted: false, answered_by: 'bob' });
  });

  it('shows what a version of a program is judged by: score, behaviour, mistakes, code, provenance', async () => {
    await page.goto(`/inbox/${seeded.version}`);
    const shown = form('Serve version 2 of "ticket-router"?');
    await shown.getByText(/95 % interval/).waitFor();
    await shown.getByText(/inputs of the hold-out were replayed through version 2 and version 1/).waitFor();
    await shown.getByText('No model was asked').waitFor();
    await shown
      .getByText(/answered in another way/)
      .first()
      .waitFor();
    await shown.getByRole('tab', { name: 'Mistakes' }).click();
    await shown.getByRole('region', { name: 'What was taken for what' }).waitFor();
    await shown.getByRole('tab', { name: 'Code' }).click();
    await shown.getByText(/files differ from version 1/).waitFor();
    await shown
      .getByRole('region', { name: /^Changes of / })
      .getByText('added:')
      .first()
      .waitFor();
    await shown.getByRole('tab', { name: 'Provenance' }).click();
    await shown.getByText(/Learned from the examples/).waitFor();
    const { subject_digest: digest } = await taskOf(seeded.version);
    await shown.getByText(digest).waitFor();
  });

  it('tells the second of two browsers who was first, and refuses what was sent about another screen', async () => {
    const other = await openPage(world.browser, server.url);
    // It hears nothing, so that its form is still open when the first one has decided.
    await other.page.routeWebSocket(/ws\/events/, () => undefined);
    // And it shows something else than what is asked, as a screen from before a change would.
    await other.page.route(`**/api/v1/tasks/${plan('Epsilon')}`, async (route) => {
      const response = await route.fetch();
      const task = humanTaskSchema.parse(await response.json());
      await route.fulfill({ response, json: { ...task, subject_digest: '0'.repeat(64) } });
    });
    const title = titleOf('Epsilon');
    await Promise.all([page, other.page].map((one) => one.goto(`/inbox/${plan('Epsilon')}`)));
    await form(title).waitFor();
    await form(title, other.page).waitFor();
    await other.page.unroute(`**/api/v1/tasks/${plan('Epsilon')}`);
    await form(title, other.page).getByRole('button', { name: 'Accept' }).click();
    await form(title, other.page).getByText('What is to be decided has changed').waitFor();
    assert.equal((await taskOf(plan('Epsilon'))).state, 'open');
    await form(title, other.page).getByRole('button', { name: 'Show what is asked now' }).click();
    await form(title, other.page).getByLabel('Comment').fill('Too slow');
    await form(title).getByRole('button', { name: 'Accept' }).click();
    await decided(title).getByText('developer accepted').waitFor();
    await form(title, other.page).getByRole('button', { name: 'Reject' }).click();
    await decided(title, other.page)
      .getByText(/before you. What you sent did not count/)
      .waitFor();
    assert.partialDeepStrictEqual((await taskOf(plan('Epsilon'))).answer, { accepted: true });
    assert.deepEqual(other.troubles, []);
    await other.context.close();
  });

  it('keeps a decision while the network is cut or the server is away, and it counts once', async () => {
    const [cut, killed] = [await seedPlan(server, 'Cut'), plan('Zeta')];
    await page.goto(`/inbox/${cut}`);
    await form(titleOf('Cut')).waitFor();
    await watched.context.setOffline(true);
    await form(titleOf('Cut')).getByRole('button', { name: 'Accept' }).click();
    await page.getByText('Your decision is kept here').waitFor();
    await watched.context.setOffline(false);
    await decided(titleOf('Cut')).getByText('developer accepted').waitFor();

    await page.goto(`/inbox/${killed}`);
    await form(titleOf('Zeta')).waitFor();
    // The server takes the decision and dies before its answer arrives.
    const died = Promise.withResolvers<void>();
    const dies = async (route: Route): Promise<void> => {
      await route.fetch();
      await server.kill();
      await route.abort();
      died.resolve();
    };
    await page.route('**/answer', dies, { times: 1 });
    await form(titleOf('Zeta')).getByRole('button', { name: 'Accept' }).click();
    await died.promise;
    await server.start();
    await decided(titleOf('Zeta')).getByText('developer accepted').waitFor();
    // Sent again under its key: nobody, the sender included, was before it.
    await page.getByText('Decided: ').waitFor();
    assert.equal(await page.getByText('before you').count(), 0);
  });

  it('keeps the history of who decided what on which evidence', async () => {
    await page.goto('/inbox?view=decided');
    const decisions = page.getByRole('list', { name: 'Decisions' });
    const delta = decisions.getByRole('listitem').filter({ hasText: titleOf('Delta') });
    await delta.getByText('bob rejected').waitFor();
    await delta.getByRole('link').click();
    await decided(titleOf('Delta')).getByText('Not now').waitFor();
    const { subject_digest: digest } = await taskOf(plan('Delta'));
    assert.equal(await decided(titleOf('Delta')).getByText('sha256:').first().getAttribute('title'), digest);
    await decided(titleOf('Delta')).getByText('measure').waitFor();
    await page.goto('/inbox/task_none');
    await page.getByText('There is no such question').waitFor();
  });

  it('has nothing that axe objects to', async () => {
    const tested = await openPage(world.browser, server.url);
    const open = await seedQuestions(server, 'Second sorter');
    const paths = ['/inbox', `/inbox/${seeded.version}`, `/inbox/${open}`, `/inbox/${seeded.questions}?view=decided`];
    for (const path of paths) {
      await tested.page.goto(path);
      await tested.page.locator('h1').waitFor();
      await tested.page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      assert.deepEqual(await violations(tested.page), [], path);
    }
    await tested.context.close();
  });

  it('never asked another server, and did nothing that its policy forbids', () => {
    assert.deepEqual(watched.troubles, []);
  });
}

/** Rejects as somebody else. */
async function decideAs(url: string, user: string, { task_id: id, subject_digest }: HumanTask): Promise<void> {
  const response = await fetch(`${url}/api/v1/tasks/${id}/answer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-user-id': user },
    body: JSON.stringify({ accepted: false, comment: 'Not now', subject_digest }),
  });
  assert.equal(response.status, 200, await response.text());
}
