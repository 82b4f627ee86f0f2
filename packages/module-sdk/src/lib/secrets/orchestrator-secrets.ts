import { type Clock, messageOf, PlatformError } from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import type { Redactor } from './redactor.ts';
import { SecretClient } from './secret-client.ts';

interface Waiter {
  readonly resolve: (value: string | undefined) => void;
  readonly reject: (error: Error) => void;
}

const ERRORS = {
  forbidden: ['FORBIDDEN', 'this module may not read it'],
  unavailable: ['SECRET_UNAVAILABLE', 'its source fails'],
} as const;

/** The secrets that an orchestrator gives: asked for over the channel, rotated when it says so, and each rotation acknowledged. */
export function orchestratorSecrets(
  channel: ModuleSideChannel,
  { clock, redactor, timeoutMs }: { clock: Clock; redactor: Redactor; timeoutMs?: number },
): SecretClient {
  // Answers have no id: one answers all who wait for that name.
  const waiting = new Map<string, Waiter[]>();
  const settle = (name: string, run: (waiter: Waiter) => void): boolean => {
    const waiters = waiting.get(name) ?? [];
    waiting.delete(name);
    for (const waiter of waiters) run(waiter);
    return waiters.length > 0;
  };
  const client = new SecretClient({
    clock,
    redactor,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    provider: {
      get: (name) =>
        new Promise((resolve, reject) => {
          waiting.set(name, [...(waiting.get(name) ?? []), { resolve, reject }]);
          channel.send({ op: 'get_secret', name });
        }),
    },
  });
  channel.on('secret', ({ name, value }) => {
    redactor.add(value);
    if (!settle(name, ({ resolve }) => resolve(value))) void client.put(name, value).catch(() => undefined);
  });
  channel.on('secret_error', ({ name, error }) =>
    settle(name, ({ resolve, reject }) => {
      if (error === 'not_found') return resolve(undefined);
      const [code, why] = ERRORS[error];
      return reject(new PlatformError(code, `Cannot get the secret "${name}": ${why}`));
    }),
  );
  channel.on('rotated', ({ keys, rotation_id: id }) => {
    void client.refresh(keys).then(
      () => channel.send({ op: 'rotation_ack', rotation_id: id, status: 'success' }),
      (error: unknown) =>
        channel.send({
          op: 'rotation_ack',
          rotation_id: id,
          status: 'error',
          message: redactor.redact(messageOf(error)).slice(0, 1000),
        }),
    );
  });
  channel.onClose(() => {
    const error = new PlatformError('SECRET_UNAVAILABLE', 'Cannot get the secret: the orchestrator is gone');
    for (const name of waiting.keys()) settle(name, ({ reject }) => reject(error));
  });
  return client;
}
