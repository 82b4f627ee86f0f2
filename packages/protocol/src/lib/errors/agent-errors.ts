import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong with agents that ask models. */
export const AGENT_ERRORS = {
  AGENT_FAILED: {
    status: 422,
    retryable: false,
    title: 'The agent gave no usable document',
    fix: 'Read the findings in the message, then change the task, the schema or the model and retry',
  },
  PROVIDER_NOT_CONFIGURED: {
    status: 503,
    retryable: false,
    title: 'No model provider is configured',
    fix: 'Set `model` as `provider/name` and the key of the provider (`ANTHROPIC_API_KEY`, `OPENAI_API_KEY`, or `model_base_url`), then retry; or use the induction agent',
  },
  LANGUAGE_UNAVAILABLE: {
    status: 503,
    retryable: false,
    title: 'Programs of this language cannot be run here',
    fix: 'Install what the message names on the host of the generation service or of the edge (for Python: python3 and bubblewrap) and start that again, or use TypeScript',
  },
  PROVIDER_UNAVAILABLE: {
    status: 503,
    retryable: true,
    title: 'The model provider does not answer',
    fix: 'Wait and retry, or set `fallback_model`; the message says what the provider answered',
  },
} as const satisfies Record<string, ErrorDefinition>;
