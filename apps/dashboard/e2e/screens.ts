// `npm run screens`: a picture of each page at 1440 and 390 pixels, dark and light, in docs/screens. To be looked at. Fails when axe finds something.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFlags, seedPaidProgram, startModels } from './models-seed.ts';
import { modulesFlags } from './modules.suite.ts';
import { sampleTable } from './new-run.suite.ts';
import { seedInbox } from './inbox-seed.ts';
import { violations } from './axe.ts';
import { seedPrograms, seedRollout } from './programs-seed.ts';
import { openDialog, openings } from './dialogs.suite.ts';
import { startMaking } from './executions.suite.ts';
import { seedSettings } from './settings-seed.ts';
import { openPage, seedRuns, skipPages, startBrowser, startServer } from './dashboard-fixture.ts';

const DIR = join(import.meta.dirname, '../../../docs/screens');
const SIZES = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } } as const;

if (skipPages !== false) throw new Error(skipPages);
mkdirSync(DIR, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'loopwright-dashboard-'));
await using models = await startModels();
await using server = await startServer([...modelFlags(folder, models), ...modulesFlags(folder)], folder);
const runs = await seedRuns(server);
const inbox = await seedInbox(server);
const only = process.argv[2] ?? '';
if ('programs'.startsWith(only) || only.startsWith('program')) {
  await seedPrograms(server);
  await seedRollout(server.client);
  await seedPaidProgram(server);
}
await seedSettings(server.client);
/** Name of the picture and path of the page. */
const PAGES: Readonly<Record<string, string>> = {
  runs: '/orchestrator/runs',
  'runs-none': '/orchestrator/runs?q=nothing-is-called-so',
  'run-none': '/orchestrator/runs/none',
  'run-questions': `/orchestrator/runs/${runs.waiting}`,
  'run-acceptance': `/orchestrator/runs/${runs.accepting}`,
  'run-failed': `/orchestrator/runs/${runs.failed}`,
  'run-artifacts': `/orchestrator/runs/${runs.completed}?tab=artifacts&artifact=${encodeURIComponent(await artifactOf(runs.completed, 'PRD.md'))}`,
  'run-source': `/orchestrator/runs/${runs.completed}?tab=artifacts&artifact=${encodeURIComponent(await artifactOf(runs.completed, 'src/program.ts'))}`,
  'run-metrics': `/orchestrator/runs/${runs.completed}?tab=metrics`,
  'run-events': `/orchestrator/runs/${runs.completed}?tab=events`,
  'run-audit': `/orchestrator/runs/${runs.completed}?tab=audit`,
  executions: '/orchestrator/executions',
  execution: `/orchestrator/executions/${await startMaking({ server })}`,
  'new-run': '/new-run?profile=ml_classification',
  'new-run-examples': `/new-run?profile=ml_classification&examples=${await examplesOf()}`,
  'new-run-quick': '/new-run?how=quick&profile=steps',
  modules: '/modules',
  'modules-one': '/modules?module=counter',
  inbox: '/inbox',
  'inbox-questions': `/inbox/${inbox.questions}`,
  'inbox-acceptance': `/inbox/${inbox.plans.get('Alpha') ?? ''}`,
  'inbox-program': `/inbox/${inbox.version}`,
  'inbox-decided': `/inbox/${inbox.active}?view=decided`,
  programs: '/programs',
  'program-overview': '/programs/spam-filter',
  'program-code': '/programs/spam-filter?tab=versions&version=3',
  'program-code-diff': '/programs/spam-filter?tab=versions&version=3&view=code-diff',
  'program-behaviour': '/programs/spam-filter?tab=versions&version=3&view=behaviour',
  'program-provenance': '/programs/spam-filter?tab=versions&view=about',
  'program-rollout': '/programs/spam-filter?tab=rollout',
  'program-history': '/programs/spam-filter?tab=history',
  'program-playground': '/programs/spam-filter?tab=playground',
  'program-analytics': '/programs/spam-filter?tab=analytics',
  'program-drift': '/programs/spam-filter?tab=drift',
  'program-samples': '/programs/spam-filter?tab=samples',
  'program-money': '/programs/mail-sorter?tab=money&model=%22openai%2Fgpt-4.1%22&requests=2000&input_tokens=200&output_tokens=5',
  'settings-keys': '/settings',
  'settings-people': '/settings?tab=people&project=default',
  'settings-webhooks': '/settings?tab=webhooks',
  'settings-providers': '/settings?tab=providers',
  'settings-retention': '/settings?tab=retention',
  'settings-audit': '/settings?tab=audit',
  'settings-server': '/settings?tab=server',
  'api-docs': '/api-docs',
  'api-docs-one': '/api-docs?q=POST+%2Fruns&operation=post_root_runs',
};
/** `npm run screens program` makes those whose names begin so only. */
const chosen = Object.entries(PAGES).filter(([name]) => name.startsWith(only));
const chosenDialogs = openings({ runs }).filter(({ name }) => `dialog-${name}`.startsWith(only));
const browser = await startBrowser();
const troubles: string[] = [];
for (const [size, viewport] of Object.entries(SIZES))
  for (const theme of ['light', 'dark'] as const) {
    const { page, context } = await openPage(browser, server.url, { viewport, colorScheme: theme, timezoneId: 'UTC' });
    for (const [name, path] of chosen) {
      await page.goto(path);
      await page.locator('h1').waitFor();
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      troubles.push(...(await violations(page, [theme])).map((line) => `${path} at ${size} px: ${line}`));
      await page.screenshot({ path: join(DIR, `${name}-${size}-${theme}.png`) });
    }
    // One of each theme is enough to look at what stands in front of a page.
    for (const opening of (theme === 'light') === (size === '1440') ? chosenDialogs : []) {
      await openDialog(page, opening);
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(DIR, `dialog-${opening.name}-${size}-${theme}.png`) });
    }
    await context.close();
  }
await browser.close();
process.stdout.write(`Wrote ${chosen.length * 4 + chosenDialogs.length * 2} pictures to docs/screens\n`);
for (const trouble of troubles) process.stderr.write(`${trouble}\n`);
if (troubles.length > 0) process.exitCode = 1;

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
