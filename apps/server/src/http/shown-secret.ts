import type { FastifyRequest } from 'fastify';

/** The secret that a request proves its caller with: an API key, a token, or the value of a session's cookie; `null` for headers of development. */
export function shownSecretOf({ headers, sessionSecret }: Pick<FastifyRequest, 'headers' | 'sessionSecret'>): string | null {
  if (sessionSecret !== null) return sessionSecret;
  return /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}
