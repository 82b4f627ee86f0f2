// `npm run screens`: a picture of each page at 1440 and 390 pixels, dark and light, in docs/screens. To be looked at.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sampleTable } from './new-run.suite.ts';
import { openPage, seedRuns, skipPages, startBrowser, startServer } from './dashboard-fixture.ts';

const DIR = join(import.meta.dirname, '../../../docs/screens');
const SIZES = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } } as const;

if (skipPages !== false) throw new Error(skipPages);
mkdirSync(DIR, { recursive: true });
await using server = await startServer();
const runs = await seedRuns(server);
/** Name of the picture and path of the page. */
const PAGES: Readonly<Record<string, string>> = {
  runs: '/orchestrator/runs',
  'run-questions': `/orchestrator/runs/${runs.waiting}`,
  'run-acceptance': `/orchestrator/runs/${runs.accepting}`,
  'run-failed': `/orchestrator/runs/${runs.failed}`,
  'run-artifacts': `/orchestrator/runs/${runs.completed}?tab=artifacts&artifact=${encodeURIComponent(await artifactOf(runs.completed, 'PRD.md'))}`,
  'run-source': `/orchestrator/runs/${runs.completed}?tab=artifacts&artifact=${encodeURIComponent(await artifactOf(runs.completed, 'src/program.ts'))}`,
  'run-metrics': `/orchestrator/runs/${runs.completed}?tab=metrics`,
  'run-events': `/orchestrator/runs/${runs.completed}?tab=events`,
  'run-audit': `/orchestrator/runs/${runs.completed}?tab=audit`,
  'new-run': '/new-run?profile=ml_classification',
  'new-run-examples': `/new-run?profile=ml_classification&examples=${await examplesOf()}`,
  'new-run-quick': '/new-run?how=quick&profile=steps',
  modules: '/modules',
  'settings-keys': '/settings',
  'settings-people': '/settings?tab=people&project=default',
  'settings-webhooks': '/settings?tab=webhooks',
  'settings-audit': '/settings?tab=audit',
  'settings-server': '/settings?tab=server',
};
const browser = await startBrowser();
for (const [size, viewport] of Object.entries(SIZES))
  for (const theme of ['light', 'dark'] as const) {
    const { page, context } = await openPage(browser, server.url, { viewport, colorScheme: theme, timezoneId: 'UTC' });
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(path);
      await page.locator('h1').waitFor();
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      await page.screenshot({ path: join(DIR, `${name}-${size}-${theme}.png`) });
    }
    await context.close();
  }
await browser.close();
process.stdout.write(`Wrote ${Object.keys(PAGES).length * 4} pictures to docs/screens\n`);

async function artifactOf(runId: string, wanted: string): Promise<string> {
  const { artifacts_by_phase: phases } = await server.client.runs.artifacts(runId);
  return (
    Object.values(phases)
      .flat()
      .find(({ name }) => name === wanted)?.artifact_id ?? ''
  );
}

async function examplesOf(): Promise<string> {
  const { digest } = await server.client.uploadExamples(new Blob([sampleTable()]), 'text/csv');
  return digest;
}
