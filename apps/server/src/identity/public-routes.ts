/** Routes that answer anybody: whether the server lives, what its API is, and how one logs in. Nothing else is answered without an identity. */
const PUBLIC_ROUTES = new Set([
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
]);

/** Whether a route, by the pattern under which it is registered, answers anybody. A path without a route answers nobody. */
export function isPublicRoute(pattern: string | undefined): boolean {
  return pattern !== undefined && PUBLIC_ROUTES.has(pattern);
}
