import type { Clock } from '@loopwright/protocol';
import type { Principal } from './principal.ts';

/** Something that can be cut, and says when it is over. */
export interface Stream {
  readonly cut: () => void;
  readonly onClose: (listener: () => void) => void;
}

/** Streams end with the credential that opened them: when it expires, is revoked, or its session is ended. */
export class OpenStreams {
  readonly #clock: Clock;
  readonly #streams = new Map<string, Set<Stream>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of a stream that is opened now. */
  opened({ credentialId, expiresAt }: Principal, stream: Stream): void {
    const cancel = expiresAt === null ? undefined : this.#cutAt(expiresAt, stream);
    const id = credentialId ?? '';
    const streams = this.#streams.get(id) ?? new Set();
    streams.add(stream);
    this.#streams.set(id, streams);
    stream.onClose(() => {
      cancel?.();
      streams.delete(stream);
      if (streams.size === 0 && this.#streams.get(id) === streams) this.#streams.delete(id);
    });
  }

  /** Cuts the streams of a credential that is no longer good. */
  cut(credentialId: string): void {
    for (const stream of this.#streams.get(credentialId) ?? []) stream.cut();
  }

  /** A timer takes at most 24 days; then it is set again. */
  #cutAt(expiresAt: number, stream: Stream): () => void {
    let cancel: () => void = () => undefined;
    const arm = (): void => {
      const left = expiresAt - this.#clock.now();
      if (left <= 0) stream.cut();
      else cancel = this.#clock.schedule(left, arm);
    };
    arm();
    return () => cancel();
  }
}
