import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { until } from './until.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

const FOCUS_IS_IN = 'document.activeElement.closest("[role=dialog], [role=alertdialog]") !== null';

/** How a dialog is opened and closed. */
export interface OpenedBy {
  /** What the keyboard opens it with. */
  readonly button: Locator;
  /** Done in it before it is looked at. */
  readonly fill?: (dialog: Locator) => Promise<void>;
}

/**
 * What is wrong with a dialog that is opened by keyboard, a line each: what axe finds at both widths and in both themes, what does not fit a phone, a focus that
 * is not in it, or does not come back to what opened it when Escape closes it.
 */
export async function dialogTroubles(page: Page, name: string, { button, fill }: OpenedBy): Promise<string[]> {
  const troubles: string[] = [];
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  const close = async (): Promise<void> => {
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  };
  // What it needs may still be on its way.
  await button.click({ trial: true });
  await button.press('Enter');
  await dialog.waitFor();
  const isIn = async (): Promise<boolean> => (await page.evaluate(FOCUS_IS_IN)) === true;
  if (!(await until(isIn, 50))) troubles.push(`${name}: the focus is not in it`);
  await close();
  // Given back when the dialog has gone, which takes a moment.
  const isBack = async (): Promise<boolean> => (await button.and(page.locator(':focus')).count()) > 0;
  if (!(await until(isBack, 50))) troubles.push(`${name}: the focus does not come back`);

  await button.press('Enter');
  await dialog.waitFor();
  await fill?.(dialog);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const found = await violations(page);
    troubles.push(...found.map((line) => `${name} at ${size.width}: ${line}`));
    const box = await dialog.boundingBox();
    if (box === null || box.x < 0 || box.x + box.width > size.width || box.y < 0 || box.y + box.height > size.height)
      troubles.push(`${name} at ${size.width}: it does not fit`);
  }
  const [wide] = SIZES;
  if (wide !== undefined) await page.setViewportSize(wide);
  await dialog.getByRole('button').last().focus();
  await close();
  return troubles;
}
