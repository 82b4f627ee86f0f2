import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong with aliases and rollouts. */
export const ROLLOUT_ERRORS = {
  ALIAS_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'The program has no such alias',
    fix: 'List the aliases with GET /api/v1/programs/{name}/aliases, or make one with PUT and `If-None-Match: *`',
  },
  ROLLOUT_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such rollout',
    fix: 'List the rollouts with GET /api/v1/programs/{name}/rollouts',
  },
  ROLLOUT_IN_PROGRESS: {
    status: 409,
    retryable: false,
    title: 'The alias has a rollout already',
    fix: 'Promote it or roll it back first; `details.rollout_id` names it',
  },
} as const satisfies Record<string, ErrorDefinition>;
