import type { Clock } from '@loopwright/protocol';
import type { Principal } from './principal.ts';

/** Something that can be cut, and says when it is over. */
export interface Stream {
  readonly cut: () => void;
  readonly onClose: (listener: () => void) => void;
}

/** Credentials that ended and are remembered; the first one that is forgotten ended long before any request of its time. */
const REMEMBERED = 10_000;

/** Streams end with the credential that opened them: when it expires, is revoked, or its session is ended. */
export class OpenStreams {
  readonly #clock: Clock;
  readonly #streams = new Map<string, Set<Stream>>();
  readonly #ended = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of a stream that is opened now. */
  opened({ credentialId, expiresAt }: Principal, stream: Stream): void {
    // It ended while this very request was on its way.
    if (credentialId !== null && this.#ended.has(credentialId)) return stream.cut();
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

  /** Cuts the streams of a credential that is never good again, also those that are opened in this moment. */
  end(credentialId: string): void {
    this.#ended.add(credentialId);
    const [oldest] = this.#ended;
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
    this.cut(credentialId);
  }

  /** Cuts the streams of a credential that are open now. */
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
