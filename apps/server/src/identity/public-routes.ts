import { DASHBOARD_ASSETS, DASHBOARD_PAGES } from '../dashboard/dashboard-pages.ts';

/** Routes that answer anybody: whether the server lives, what its API is, how one logs in, and the pages of the dashboard, which hold no data. Nothing else is answered without an identity. */
const PUBLIC_ROUTES: ReadonlySet<string> = new Set([
  '/health',
  '/ready',
  '/openapi.json',
  '/docs',
  '/docs/',
  '/docs/json',
  '/docs/yaml',
  '/docs/static/*',
  '/redoc',
  '/auth/login',
  '/auth/callback',
  '/auth/methods',
  ...DASHBOARD_PAGES,
  DASHBOARD_ASSETS,
]);

/** Whether a route, by the pattern under which it is registered, answers anybody. A path without a route answers nobody. */
export function isPublicRoute(pattern: string | undefined): boolean {
  return pattern !== undefined && PUBLIC_ROUTES.has(pattern);
}
