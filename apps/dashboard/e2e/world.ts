import type { Browser } from 'playwright-core';
import type { DashboardServer, SeededRuns } from './dashboard-fixture.ts';

/** What all suites share: a start of the server costs more than most tests of pages. Filled before the first test. */
export interface World {
  server: DashboardServer;
  browser: Browser;
  runs: SeededRuns;
}
