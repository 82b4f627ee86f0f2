import type { ErrorDefinition } from './error-definition.ts';

/** What goes wrong between an orchestrator and its modules. */
export const MODULE_ERRORS = {
  MODULE_TIMEOUT: {
    status: 504,
    retryable: true,
    title: 'The module did not answer in time',
    fix: 'Look at the log of the module; send the request again when it may be done twice',
  },
  MODULE_PROTOCOL_ERROR: {
    status: 502,
    retryable: true,
    title: 'The module did not keep to its protocol',
    fix: 'Look at the log of the module; the message says what it did',
  },
  MODULE_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such module, or it does not take this message',
    fix: 'Check the name of the module and of its endpoint',
  },
  MODULE_START_FAILED: {
    status: 502,
    retryable: true,
    title: 'The module does not come up',
    fix: 'Look at the log of the module; what ran before goes on unless the message says otherwise',
  },
  PORT_UNAVAILABLE: {
    status: 503,
    retryable: true,
    title: 'The module can get no port',
    fix: 'Free a port of the fall-back range, name another one, or let the module serve over its channel',
  },
  REQUIRED_CHANNEL_FAILED: {
    status: 503,
    retryable: true,
    title: 'The module cannot open a channel that it may not start without',
    fix: 'The message says why the channel failed; free its port, give it a token or a certificate, or let the module start without it',
  },
  NO_CHANNELS_AVAILABLE: {
    status: 503,
    retryable: true,
    title: 'There is no channel over which the module can be reached',
    fix: 'Let the module answer over the module channel, or see to it that it can listen',
  },
  SECRET_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such secret for this module',
    fix: 'Add the secret, or allow the module to read it',
  },
  SECRET_UNAVAILABLE: {
    status: 503,
    retryable: true,
    title: 'The secret cannot be had now',
    fix: 'Check the source of the secret and ask again',
  },
} as const satisfies Record<string, ErrorDefinition>;
