import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong with samples that are validated. */
export const WATCHING_ERRORS = {
  SAMPLE_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such sample',
    fix: 'List the samples with GET /api/v1/programs/{name}/samples',
  },
  SAMPLE_TAKEN: {
    status: 409,
    retryable: false,
    title: 'Somebody else has the sample, or it is done',
    fix: 'Claim another sample; `details` says who has this one',
  },
  PROGRAM_TASK_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'Nobody has said what the program is to do',
    fix: 'Say it with POST /api/v1/tasks, or look at the execution that made the program',
  },
  TASK_ALREADY_EXISTS: {
    status: 409,
    retryable: false,
    title: 'There is a task of this name already',
    fix: 'Read it with GET /api/v1/programs/{name}/task, or choose another name',
  },
  REPAIR_IN_PROGRESS: {
    status: 409,
    retryable: false,
    title: 'The program is being made again already',
    fix: 'Decide on what the execution `details.repair_id` proposes, or cancel it, and ask again',
  },
  ORACLE_BUDGET_REACHED: {
    status: 429,
    retryable: true,
    title: 'The oracle may cost no more today',
    fix: 'Wait for the next day (UTC) or raise `validation.budget_usd_per_day` in deployment.yaml',
  },
} as const satisfies Record<string, ErrorDefinition>;
