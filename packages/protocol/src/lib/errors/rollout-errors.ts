import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong with rollouts. */
export const ROLLOUT_ERRORS = {
  ROLLOUT_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such rollout',
    fix: 'List the rollouts with GET /api/v1/programs/{name}/rollouts',
  },
  ROLLOUT_IN_PROGRESS: {
    status: 409,
    retryable: false,
    title: 'The program has a rollout already',
    fix: 'Promote it or roll it back first; `details.rollout_id` names it',
  },
} as const satisfies Record<string, ErrorDefinition>;
