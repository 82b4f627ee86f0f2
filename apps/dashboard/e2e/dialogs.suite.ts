import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { type WatchedPage, openPage } from './dashboard-fixture.ts';
import type { World } from './world.ts';

/** A dialog, and the way to it from a page. */
export interface Opening {
  /** Of its picture. */
  readonly name: string;
  readonly path: string;
  /** What is pressed first: the focus comes back to it. */
  readonly button: string | RegExp;
  /** What is chosen of the menu that opens. */
  readonly entry?: string | RegExp;
  readonly dialog: string | RegExp;
  /** The button that leaves everything as it is; left out: Escape does. */
  readonly leave?: string;
}

const SIZES = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } } as const;

/** The dialogs of the pages of runs and of the inbox, for eyes, for ears, for the keyboard and on a phone. */
export function testDialogs(world: World): void {
  describe('the dialogs', () => testPages(world));
}

/** The way to each dialog of the pages of runs and of the inbox. */
export function openings({ runs }: Pick<World, 'runs'>): readonly Opening[] {
  const run = `/orchestrator/runs/${runs.paused}`;
  const more = 'More to do with the run';
  const account = /account and display/;
  return [
    {
      name: 'bulk',
      path: '/orchestrator/runs?q=Made',
      button: /^Cancel all that fit/,
      dialog: /^Cancel \d+ runs?\?$/,
      leave: 'Leave it',
    },
    {
      name: 'bulk-executions',
      path: '/orchestrator/executions?workflow=steps',
      button: /^Cancel all that fit/,
      dialog: /^Cancel \d+ executions?\?$/,
      leave: 'Leave it',
    },
    { name: 'save-view', path: '/orchestrator/runs', button: 'Views', entry: 'Save this view…', dialog: 'Save this view' },
    { name: 'palette', path: '/orchestrator/runs', button: /^Search or do/, dialog: 'Search and commands' },
    { name: 'who', path: '/orchestrator/runs', button: account, entry: 'Be somebody else…', dialog: 'Who are you?' },
    { name: 'clone', path: run, button: more, entry: 'Clone…', dialog: 'Clone the run' },
    { name: 'go-back', path: run, button: more, entry: 'Go back to a checkpoint…', dialog: 'Go back to a checkpoint' },
    { name: 'cancel', path: run, button: more, entry: 'Cancel…', dialog: 'Cancel the run?', leave: 'Leave it' },
    {
      name: 'advance',
      path: `/orchestrator/runs/${runs.fresh}`,
      button: more,
      entry: 'Advance without gates…',
      dialog: 'Advance without gates?',
      leave: 'Leave it',
    },
    { name: 'keys', path: '/inbox', button: /^Keys/, dialog: 'Keys of the inbox' },
    { name: 'batch', path: '/inbox', button: 'Decide together…', dialog: 'Decide the one that is chosen' },
  ];
}

/** Opens a dialog from its page, by keyboard. */
export async function openDialog(page: Page, one: Opening): Promise<void> {
  await page.goto(one.path);
  if (one.name === 'batch')
    await page
      .getByRole('checkbox', { name: /^Choose / })
      .and(page.locator(':enabled'))
      .first()
      .check();
  await page.getByRole('button', { name: one.button }).focus();
  await page.keyboard.press('Enter');
  if (one.entry !== undefined) {
    const entry = page.getByRole('menuitem', { name: one.entry, exact: true });
    await entry.waitFor();
    await entry.focus();
    await page.keyboard.press('Enter');
  }
  await dialogOf(page, one).waitFor();
  if (one.name !== 'go-back') return;
  // It says what it would do once a checkpoint is chosen.
  const option = page.getByRole('option', { name: /^Before/ }).first();
  await option.waitFor({ state: 'attached' });
  await page.getByLabel('Checkpoint', { exact: true }).selectOption(String(await option.getAttribute('value')));
}

function dialogOf(page: Page, { dialog: name, leave }: Opening): Locator {
  return page.getByRole(leave === undefined ? 'dialog' : 'alertdialog', { name });
}

function testPages(world: World): void {
  let watched: WatchedPage;
  let page: Page;
  let ways: readonly Opening[];

  /** What has the focus: its name, and whether it is in a dialog. */
  const focus = (): Promise<{ name: string; isInside: boolean }> =>
    page.evaluate(`(() => {
      const one = document.activeElement;
      return { name: one?.getAttribute('aria-label') ?? one?.textContent ?? '', isInside: one?.closest('[role="dialog"], [role="alertdialog"]') !== null };
    })()`);
  const fits = (): Promise<boolean> => page.evaluate('document.documentElement.scrollWidth <= innerWidth');
  const open = (one: Opening): Promise<void> => openDialog(page, one);

  before(async () => {
    const { client } = world.server;
    await client.runs.create({ profile: 'plan', project_name: 'To be decided' }).then(({ run_id: id }) => client.runs.next(id));
    const { run_id: fresh } = await client.runs.create({ profile: 'steps', project_name: 'Made to be left' });
    ways = openings({ runs: { ...world.runs, fresh } });
    watched = await openPage(world.browser, world.server.url);
    ({ page } = watched);
  });
  after(() => watched?.context.close());

  it('take the focus, keep it, and give it back to what opened them', async () => {
    for (const one of ways) {
      await open(one);
      for (let tabs = 0; tabs < 12; tabs++) {
        assert.equal((await focus()).isInside, true, `${String(one.dialog)} after ${tabs} tabs`);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Escape');
      await dialogOf(page, one).waitFor({ state: 'detached' });
      const isBack = async (): Promise<boolean> => {
        const { name } = await focus();
        return typeof one.button === 'string' ? name.includes(one.button) : one.button.test(name);
      };
      for (let tries = 0; tries < 50 && !(await isBack()); tries++) await page.waitForTimeout(20);
      assert.equal(await isBack(), true, `${String(one.dialog)} gives the focus to ${(await focus()).name.slice(0, 80)}`);
    }
  });

  it('have nothing that axe objects to and fit the screen, light and dark, wide and on a phone', async () => {
    for (const viewport of Object.values(SIZES)) {
      await page.setViewportSize(viewport);
      for (const one of ways) {
        await open(one);
        const what = `${String(one.dialog)} at ${viewport.width} px`;
        assert.deepEqual(await violations(page), [], what);
        const box = await dialogOf(page, one).boundingBox();
        assert.ok(box !== null && box.x >= 0 && box.x + box.width <= viewport.width && (await fits()), what);
        await page.keyboard.press('Escape');
      }
    }
  });

  it('open from menus that have nothing that axe objects to either', async () => {
    for (const [path, name] of [
      ['/orchestrator/runs', 'Views'],
      ['/orchestrator/runs', /account and display/],
      [`/orchestrator/runs/${world.runs.paused}`, 'More to do with the run'],
    ] as const) {
      await page.goto(path);
      await page.getByRole('button', { name }).click();
      await page.getByRole('menu').waitFor();
      assert.deepEqual(await violations(page), [], `${path}: ${String(name)}`);
      await page.keyboard.press('Escape');
    }
  });

  it('leave everything as it was', async () => {
    const { runs } = world.server.client;
    assert.equal((await runs.get(world.runs.paused)).status, 'paused');
    assert.equal((await runs.list({ q: 'Made to be left', status: 'running' })).total, 1);
  });
}

/** Pages of runs and the inbox at the width of a phone, and without motion. */
export function testPhone(world: World): void {
  describe('the pages on a phone', () => {
    it('fit its width and have nothing that axe objects to, light and dark', async () => {
      const { page, context, troubles } = await openPage(world.browser, world.server.url, {
        viewport: SIZES[390],
        hasTouch: true,
      });
      const run = (id: string, tab: string): string => `/orchestrator/runs/${id}?tab=${tab}`;
      const { completed, waiting, accepting, failed } = world.runs;
      const paths = [
        '/orchestrator/runs',
        '/orchestrator/runs?q=nothing-is-called-so',
        ...['phases', 'artifacts', 'metrics', 'events', 'audit'].map((tab) => run(completed, tab)),
        ...[waiting, accepting, failed].map((id) => run(id, 'phases')),
        '/inbox',
        '/inbox?view=decided',
        '/inbox/task_none',
        '/orchestrator/runs/none',
      ];
      for (const path of paths) {
        await page.goto(path);
        await page.locator('h1, h2').first().waitFor();
        await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
        assert.deepEqual(await violations(page), [], path);
        assert.equal(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth'), true, path);
      }
      assert.deepEqual(troubles, []);
      await context.close();
    });

    it('do not move for whom moving things are trouble', async () => {
      const endless = async (reducedMotion: 'reduce' | 'no-preference'): Promise<number> => {
        const { page, context } = await openPage(world.browser, world.server.url, { reducedMotion });
        // The list never comes, so that what stands for it pulses on.
        await page.route(/\/api\/v1\/runs\?/, () => undefined);
        await page.goto('/orchestrator/runs');
        await page.locator('.skeleton').first().waitFor();
        const count = await page.evaluate<number>(
          'document.getAnimations().filter(({ effect }) => effect.getComputedTiming().iterations === Infinity).length',
        );
        await context.close();
        return count;
      };
      assert.ok((await endless('no-preference')) > 0);
      assert.equal(await endless('reduce'), 0);
    });
  });
}
