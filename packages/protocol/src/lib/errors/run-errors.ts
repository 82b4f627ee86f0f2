import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong with runs of profiles, their artifacts, gates and checkpoints. */
export const RUN_ERRORS = {
  UNKNOWN_PROFILE: {
    status: 400,
    retryable: false,
    title: 'There is no such profile',
    fix: 'Use one of the profiles that `details.profiles` lists',
  },
  INVALID_POLICY: {
    status: 400,
    retryable: false,
    title: 'The policy is not valid',
    fix: 'Correct what each entry of `details.issues` points to, with its line',
  },
  RUN_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such run',
    fix: 'List the runs with GET /api/v1/runs',
  },
  RUN_ARTIFACT_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'The run has no such artifact',
    fix: 'List the artifacts with GET /api/v1/runs/{run_id}/artifacts',
  },
  CHECKPOINT_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such checkpoint',
    fix: 'List the checkpoints of the run with GET /api/v1/runs/{run_id}/checkpoints',
  },
  PHASE_UNDER_WAY: {
    status: 409,
    retryable: true,
    title: 'A phase of the run is under way',
    fix: 'Wait until the phase that `details.phase` names has ended; /why says what it waits for',
  },
  GOVERNANCE_REJECTED: {
    status: 409,
    retryable: false,
    title: 'The gates of a phase blocked it and a person upheld that',
    fix: 'Correct what the gates in `details.failed_rules` found and run the phase again',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    retryable: false,
    title: 'The file has no such range',
    fix: 'Ask for bytes that it has; `details.size_bytes` is its size',
  },
} as const satisfies Record<string, ErrorDefinition>;
