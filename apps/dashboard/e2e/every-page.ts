import { after, before, describe } from 'node:test';
import { seedRuns, skipPages, startBrowser, startServer } from './dashboard-fixture.ts';
import { testInbox } from './inbox.suite.ts';
import { testPrograms } from './programs.suite.ts';
import { testRuns } from './runs.suite.ts';
import { testSettings } from './settings.suite.ts';
import { testSignIn } from './sign-in.suite.ts';
import { testTrouble } from './trouble.suite.ts';
import type { World } from './world.ts';

// One server and one browser for every suite of pages. The last suites end the server and start it again.
void describe('the dashboard', { skip: skipPages }, () => {
  const world = {} as World;
  before(async () => {
    [world.server, world.browser] = await Promise.all([startServer(['--webhook-private-hosts', '127.0.0.1']), startBrowser()]);
    world.runs = await seedRuns(world.server);
  });
  after(async () => {
    await world.browser?.close();
    await world.server?.[Symbol.asyncDispose]();
  });
  testRuns(world);
  testInbox(world);
  testPrograms(world);
  testSettings(world);
  testTrouble(world);
  testSignIn(world);
});
