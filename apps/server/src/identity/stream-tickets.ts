import { type Clock, PlatformError } from '@loopwright/protocol';
import type { Principal } from './principal.ts';
import { newSecret, secretDigest } from './secret-text.ts';

/** How long a ticket is good, in milliseconds. */
const TICKET_LIFE_MS = 30_000;
/** Tickets that nobody used yet, of one user and of all. */
const USER_LIMIT = 100;
const LIMIT = 10_000;

interface Ticket {
  readonly principal: Principal;
  readonly expiresAt: number;
}

/**
 * Tickets that open one stream, once: a browser cannot send headers with a WebSocket, and what stands in a URL gets into logs. They stand in memory, because they
 * live 30 s and a restart ends every stream anyway: whoever finds a ticket gone asks for another one.
 */
export class StreamTickets {
  readonly #clock: Clock;
  readonly #tickets = new Map<string, Ticket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes a ticket for whoever asks. Throws LIMIT_EXCEEDED. */
  issue(principal: Principal): { ticket: string; expiresAt: number } {
    const now = this.#clock.now();
    let own = 0;
    for (const [digest, ticket] of this.#tickets) {
      if (ticket.expiresAt <= now) this.#tickets.delete(digest);
      else if (ticket.principal.userId === principal.userId) own += 1;
    }
    if (own >= USER_LIMIT || this.#tickets.size >= LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', 'Cannot make a ticket: too many are not used yet', {
        details: { limit: USER_LIMIT },
      });
    const ticket = newSecret();
    const expiresAt = now + TICKET_LIFE_MS;
    this.#tickets.set(secretDigest(ticket), { principal, expiresAt });
    return { ticket, expiresAt };
  }

  /** Whose ticket it is; afterwards it is nobody's. */
  redeem(ticket: string): Principal | undefined {
    const digest = secretDigest(ticket);
    const found = this.#tickets.get(digest);
    this.#tickets.delete(digest);
    return found !== undefined && found.expiresAt > this.#clock.now() ? found.principal : undefined;
  }

  /** Takes back the tickets that were made with a credential. */
  withdraw(credentialId: string): void {
    for (const [digest, { principal }] of this.#tickets)
      if (principal.credentialId === credentialId) this.#tickets.delete(digest);
  }
}
