import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { ScriptedProvider } from '@loopwright/models/scripted';
import { testApiDocs } from './api-docs.suite.ts';
import { seedRuns, skipPages, startBrowser, startServer } from './dashboard-fixture.ts';
import { testDialogs, testPhone } from './dialogs.suite.ts';
import { testExecutions } from './executions.suite.ts';
import { testInbox } from './inbox.suite.ts';
import { modelFlags, startModels } from './models-seed.ts';
import { modulesFlags, testModuleDialogs } from './modules.suite.ts';
import { testMoves } from './moves.suite.ts';
import { testPrograms } from './programs.suite.ts';
import { testRunArtifacts } from './run-artifacts.suite.ts';
import { testRunControls } from './run-controls.suite.ts';
import { testRunsList } from './runs-list.suite.ts';
import { testManyRuns } from './runs-many.suite.ts';
import { testRuns } from './runs.suite.ts';
import { testSettings } from './settings.suite.ts';
import { testSignIn } from './sign-in.suite.ts';
import { testTrouble } from './trouble.suite.ts';
import type { World } from './world.ts';

// One server and one browser for every suite of pages. The last suites end the server and start it again.
void describe('the dashboard', { skip: skipPages }, () => {
  const world = {} as World;
  let models: ScriptedProvider | undefined;
  before(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-dashboard-'));
    models = await startModels();
    const flags = ['--webhook-private-hosts', '127.0.0.1', ...modelFlags(dir, models), ...modulesFlags(dir)];
    [world.server, world.browser] = await Promise.all([startServer(flags, dir), startBrowser()]);
    world.runs = await seedRuns(world.server);
  });
  after(async () => {
    await world.browser?.close();
    await world.server?.[Symbol.asyncDispose]();
    await models?.[Symbol.asyncDispose]();
  });
  testRuns(world);
  testRunControls(world);
  testRunArtifacts(world);
  testRunsList(world);
  testInbox(world);
  testPrograms(world);
  testMoves(world);
  testSettings(world);
  testApiDocs(world);
  testExecutions(world);
  testDialogs(world);
  testModuleDialogs(world);
  testPhone(world);
  testTrouble(world);
  testSignIn(world);
  testManyRuns(world);
});
