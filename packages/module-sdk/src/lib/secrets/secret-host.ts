import { type Clock, PlatformError, type Random } from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';
import type { SecretProvider } from './secret-provider.ts';

/** What a {@link SecretHost} works with. */
export interface SecretHostOptions {
  readonly channel: OrchestratorChannel;
  readonly provider: SecretProvider;
  /** Whether this module may have a secret. */
  readonly mayRead: (name: string) => boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** How a rotation went in the module. */
export type RotationOutcome =
  | { readonly status: 'success' }
  | { readonly status: 'error'; readonly message: string }
  /** It did not say: it may use the old value still. */
  | { readonly status: 'timed_out' }
  | { readonly status: 'gone' };

const ROTATION_TIMEOUT_MS = 10_000;

/** Gives a module its secrets, and tells it of rotations: the orchestrator's side. */
export class SecretHost {
  readonly #options: SecretHostOptions;
  readonly #rotations = new Map<string, (outcome: RotationOutcome) => void>();

  constructor(options: SecretHostOptions) {
    this.#options = options;
    const { channel } = options;
    channel.on('get_secret', ({ name }) => void this.#give(name));
    channel.on('rotation_ack', ({ rotation_id: id, status, message }) => {
      const settle = this.#rotations.get(id);
      if (settle === undefined) return channel.reportUnexpected('a rotation_ack is for no rotation that is under way');
      return settle(status === 'success' ? { status } : { status, message: message ?? 'no reason was given' });
    });
    channel.onClose(() => {
      for (const settle of this.#rotations.values()) settle({ status: 'gone' });
    });
  }

  /** Tells the module that secrets are new at their source, and waits for what it says. Names that it may not read are left out. */
  rotate(names: readonly string[], timeoutMs = ROTATION_TIMEOUT_MS): Promise<RotationOutcome> {
    const { channel, clock, mayRead, random } = this.#options;
    const id = random.uuid();
    if (channel.isClosed) return Promise.resolve({ status: 'gone' });
    return new Promise((resolve) => {
      const settle = (outcome: RotationOutcome): void => {
        cancel();
        this.#rotations.delete(id);
        resolve(outcome);
      };
      const cancel = clock.schedule(timeoutMs, () => settle({ status: 'timed_out' }));
      this.#rotations.set(id, settle);
      channel.send({ op: 'rotated', keys: names.filter(mayRead), rotation_id: id });
    });
  }

  async #give(name: string): Promise<void> {
    const { channel, mayRead, provider } = this.#options;
    if (!mayRead(name)) return this.#refuse(name, 'forbidden');
    try {
      const value = await provider.get(name);
      if (value === undefined) return this.#refuse(name, 'not_found');
      channel.send({ op: 'secret', name, value });
    } catch (error) {
      const isForbidden = error instanceof PlatformError && error.code === 'FORBIDDEN';
      return this.#refuse(name, isForbidden ? 'forbidden' : 'unavailable');
    }
    return undefined;
  }

  /** A module of version 1 knows no refusal: it waits until its time is over, as in the source. */
  #refuse(name: string, error: 'not_found' | 'forbidden' | 'unavailable'): void {
    if (this.#options.channel.version >= 2) this.#options.channel.send({ op: 'secret_error', name, error });
  }
}
