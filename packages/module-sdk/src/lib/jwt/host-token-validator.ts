import { type Json, jsonSchema, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import type { ServiceClient } from '../services/service-client.ts';
import type { ServiceConnection } from '../services/service-connector.ts';
import { type JwtClaims, TOKEN_LIMIT, type TokenValidator, tokenFromHeader } from './jwt-validator.ts';

const claimsSchema: z.ZodType<Record<string, Json>> = z.record(z.string(), jsonSchema);

/**
 * Has tokens checked by the host (its service `Jwt`), so that the module needs neither secret nor keys. Connects with the first token, and again with the next one
 * after a failure. Nothing is kept: a token that the host refuses from now on is refused here from now on.
 */
export class HostTokenValidator implements TokenValidator {
  readonly #services: Pick<ServiceClient, 'connect'>;
  #connection: Promise<ServiceConnection> | undefined;

  constructor(services: Pick<ServiceClient, 'connect'>) {
    this.#services = services;
  }

  /** What a token says. @throws `UNAUTHORIZED` with the text of the host, `SERVICE_UNAVAILABLE` when it gives no answer or may not give one to this module. */
  async validate(token: string): Promise<JwtClaims> {
    if (token.length > TOKEN_LIMIT)
      throw new PlatformError('UNAUTHORIZED', `Invalid JWT token: it has more than ${TOKEN_LIMIT} characters`);
    const connection = (this.#connection ??= this.#services.connect('Jwt'));
    try {
      return claimsSchema.parse(await (await connection).perform('validate', { token }));
    } catch (cause) {
      if (cause instanceof PlatformError && cause.code === 'UNAUTHORIZED') throw cause;
      if (this.#connection === connection) this.#connection = undefined;
      // Whatever is wrong between this module and its host, who sent the token can do nothing about it.
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot check the token: the orchestrator cannot be asked', { cause });
    }
  }

  async authenticate(header: string | null | undefined): Promise<JwtClaims> {
    return this.validate(tokenFromHeader(header));
  }
}
