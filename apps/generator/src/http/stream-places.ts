import { PlatformError } from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import { SERVICE_LIMITS } from '../limits.ts';

/** Counts the streams of events that are open, and refuses one too many. */
export class StreamPlaces {
  #open = 0;

  /** Takes a place until the connection is closed. Throws OVERLOADED when there is none. */
  take(reply: FastifyReply): void {
    if (this.#open >= SERVICE_LIMITS.streams)
      throw new PlatformError('OVERLOADED', `Cannot open the stream: ${this.#open} are open`, {
        details: { limit: SERVICE_LIMITS.streams },
      });
    this.#open += 1;
    reply.raw.once('close', () => (this.#open -= 1));
  }
}
