import { createHmac } from 'node:crypto';
import type { Clock, Random } from '@loopwright/protocol';
import type { TokenSource } from './token-source.ts';

/** How long a client's assertion is good for, in seconds. */
const ASSERTION_SECONDS = 300;
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Where and when a token is asked for. */
export interface TokenFormContext {
  readonly endpoint: URL;
  readonly clock: Clock;
  readonly random: Random;
  /** The refresh token that the authority gave last, in place of the one of the definition. */
  readonly refreshToken?: string | undefined;
}

/** The members of a token request (RFC 6749, 7523, 8693), and the header that authenticates the client where it is one. */
export function tokenForm(
  source: TokenSource,
  context: TokenFormContext,
): { readonly fields: Readonly<Record<string, string>>; readonly authorization: string | undefined } {
  const { grant, scopes, audiences, subject, actor, username = '', password = '' } = source;
  const { authorization, fields } = clientOf(source, context);
  return {
    authorization,
    fields: {
      grant_type: grant,
      ...fields,
      ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
      ...(audiences === undefined ? {} : { audience: audiences.join(' ') }),
      ...(grant === 'password' ? { username, password } : {}),
      ...(grant === 'refresh_token'
        ? { refresh_token: context.refreshToken ?? subject?.token ?? '' }
        : { ...tokenFields('subject', subject), ...tokenFields('actor', actor) }),
    },
  };
}

function tokenFields(name: 'subject' | 'actor', token: TokenSource['subject']): Record<string, string> {
  return token === undefined ? {} : { [`${name}_token`]: token.token, [`${name}_token_type`]: token.type };
}

function clientOf(
  { client }: TokenSource,
  context: TokenFormContext,
): { readonly fields: Record<string, string>; readonly authorization: string | undefined } {
  const { id, secret, assertion, authentication = 'none' } = client ?? {};
  const identity = id === undefined ? {} : { client_id: id };
  switch (authentication) {
    case 'client_secret_basic':
      return { fields: {}, authorization: `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}` };
    case 'client_secret_post':
      return { fields: { ...identity, ...(secret === undefined ? {} : { client_secret: secret }) }, authorization: undefined };
    case 'none':
      return { fields: identity, authorization: undefined };
    case 'client_secret_jwt':
    case 'private_key_jwt': {
      const signed = assertion ?? signedAssertion({ id: id ?? '', secret: secret ?? '' }, context);
      return {
        fields: { ...identity, client_assertion_type: JWT_BEARER, client_assertion: signed },
        authorization: undefined,
      };
    }
  }
}

/** RFC 6749 §2.3.1: both parts are encoded as in a form before they are joined. */
function encoded(text = ''): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

/** A JWT by which a client shows that it knows its secret (RFC 7523 §3, HS256). */
function signedAssertion({ id, secret }: { id: string; secret: string }, { endpoint, clock, random }: TokenFormContext): string {
  const issuedAt = Math.floor(clock.now() / 1000);
  const claims = { iss: id, sub: id, aud: endpoint.href, jti: random.uuid(), iat: issuedAt, exp: issuedAt + ASSERTION_SECONDS };
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = createHmac('sha256', secret).update(parts.join('.')).digest('base64url');
  return [...parts, signature].join('.');
}
