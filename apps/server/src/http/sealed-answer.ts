import { hkdfSync, randomBytes } from 'node:crypto';
import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import { SecretBox } from '../webhooks/secret-box.ts';
import type { KeptResponse } from './kept-responses.ts';

const SALT_BYTES = 16;
const sealedSchema = z.strictObject({ salt: z.string(), text: z.string() });
const answerSchema = z.strictObject({ headers: z.record(z.string(), z.string()), body: z.string() });

/**
 * An answer that holds a secret, such as the cookie of a session, as it is kept: sealed under a key that is made of the secret which the request shows.
 * The server has only a digest of that, so whoever reads its disk cannot open it, and whoever can open it could have the like anyway.
 */
export function sealAnswer(
  answer: KeptResponse,
  { secret, key }: { readonly secret: string; readonly key: string },
): KeptResponse {
  const { headers, body, ...rest } = answer;
  const salt = randomBytes(SALT_BYTES).toString('base64');
  const text = boxOf(secret, salt).seal(JSON.stringify({ headers, body }), key);
  return { ...rest, headers: {}, body: JSON.stringify({ salt, text }) };
}

/** The answer itself. Throws STORE_FAILED when it is not what was sealed. */
export function openAnswer(kept: KeptResponse, { secret, key }: { readonly secret: string; readonly key: string }): KeptResponse {
  try {
    const { salt, text } = sealedSchema.parse(JSON.parse(kept.body));
    return { ...kept, ...answerSchema.parse(JSON.parse(boxOf(secret, salt).open(text, key))) };
  } catch (cause) {
    throw new PlatformError('STORE_FAILED', 'Cannot give the answer again: what was kept of it is damaged', { cause });
  }
}

/** A secret is 256 random bits: there is nothing to slow guesses down for. */
function boxOf(secret: string, salt: string): SecretBox {
  return new SecretBox(Buffer.from(hkdfSync('sha256', secret, salt, 'loopwright kept answer', 32)));
}
