import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** How a page is lit. */
export type Theme = 'light' | 'dark';

/**
 * What axe finds on a page against WCAG 2.2 A and AA and its best practices, in both themes unless only one is wanted, a line each. Evaluated past the policy of the page, which is not
 * what is tested here.
 */
export async function violations(page: Page, themes: readonly Theme[] = ['light', 'dark']): Promise<string[]> {
  // As it is when everything has come.
  await page.waitForLoadState('networkidle');
  await page.evaluate(source);
  const found: string[] = [];
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    const lines: unknown = await page.evaluate(
      `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations.map(({ id, nodes }) =>
        id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 160) + ' | ' + failureSummary.slice(0, 200)).join(' || ')))`,
    );
    for (const line of Array.isArray(lines) ? lines : ['axe gave no answer']) found.push(`${colorScheme}: ${String(line)}`);
  }
  return found;
}
