/** Paths whose pages the dashboard shows (`seeds/001` has the first two below `/orchestrator`); `*` for all below. Anybody gets the page, which holds no data. */
export const DASHBOARD_PAGES = [
  '/',
  '/sign-in',
  '/orchestrator',
  '/orchestrator/*',
  '/inbox',
  '/inbox/*',
  '/programs',
  '/programs/*',
  '/new-run',
  '/new-run/*',
  '/modules',
  '/modules/*',
  '/settings',
  '/settings/*',
  '/api-docs',
] as const;

/** Where the files of these pages are. */
export const DASHBOARD_ASSETS = '/assets/:file';
