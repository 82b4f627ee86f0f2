import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { skipPages, startBrowser, startServer } from './dashboard-fixture.ts';
import { modulesFlags, testModules } from './modules.suite.ts';
import { testNewRun } from './new-run.suite.ts';
import type { World } from './world.ts';

// One server and one browser for the pages with which work begins and by which the server is kept well. There are no runs at first.
describe('beginning and keeping', { skip: skipPages }, () => {
  const world = {} as World;
  before(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-dashboard-'));
    [world.server, world.browser] = await Promise.all([startServer(modulesFlags(dir), dir), startBrowser()]);
  });
  after(async () => {
    await world.browser?.close();
    await world.server?.[Symbol.asyncDispose]();
  });
  testNewRun(world);
  testModules(world);
});
