import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong with who makes a request, and what they may. */
export const IDENTITY_ERRORS = {
  UNAUTHORIZED: {
    status: 401,
    retryable: false,
    title: 'The caller is not known',
    fix: 'Send a valid API key or token as `Authorization: Bearer …`, or log in again',
  },
  FORBIDDEN: { status: 403, retryable: false, title: 'The caller may not do this', fix: 'Ask an operator for the permission' },
  CSRF_REFUSED: {
    status: 403,
    retryable: false,
    title: 'The request of this session does not come from its own pages',
    fix: 'Send the header X-CSRF-Token with the `csrf_token` of GET /api/v1/me, from a page of the same origin',
  },
  API_KEY_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such API key',
    fix: 'List the keys with GET /api/v1/api-keys',
  },
  SESSION_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such session',
    fix: 'List the sessions with GET /api/v1/sessions',
  },
  LOGIN_NOT_CONFIGURED: {
    status: 404,
    retryable: false,
    title: 'No identity provider is configured for logging in',
    fix: 'Configure `oidc`, or open a session with an API key: POST /auth/session',
  },
  USER_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such user',
    fix: 'List the users with GET /api/v1/users; a user is known after the first request',
  },
  GRANT_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such grant',
    fix: 'List the grants of the project with GET /api/v1/projects/{project_id}/grants',
  },
  AUDIT_FAILED: {
    status: 503,
    retryable: true,
    title: 'The change cannot be recorded in the audit log',
    fix: 'Check the space and the permissions of the data folder; `details.change` says whether the change was made',
  },
} as const satisfies Record<string, ErrorDefinition>;
