import { type KeyObject, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import type { CompactJWSHeaderParameters, CryptoKey } from 'jose';
import { fetchJson } from './fetch-json.ts';
import type { JwtIssuerSettings } from './issuer-settings.ts';
import { JwksKeys } from './jwks-keys.ts';

/** Finds the key that has to have signed a token, by its header; `undefined` when the issuer has no such key. */
export type FindKey = (header: CompactJWSHeaderParameters) => Promise<CryptoKey | KeyObject | Uint8Array | undefined>;

/** Shortest secret by algorithm, in bytes: as long as the hash (RFC 7518 §3.2). */
const SECRET_BYTES: Record<string, number> = { HS256: 32, HS384: 48, HS512: 64 };

/** Opens the keys of an issuer. Files are read now, so that a mistake is seen at the start. Throws INVALID_CONFIGURATION. */
export async function openIssuerKeys(
  settings: JwtIssuerSettings,
  parts: { readonly clock: Clock; readonly onTrouble: (message: string) => void },
): Promise<FindKey> {
  const { jwks_url: url, jwks_file: setFile, public_key_file: keyFile, secret_file: secretFile } = settings;
  if (url !== undefined) {
    const keys = new JwksKeys({ ...parts, load: () => fetchJson(url) });
    return (header) => keys.find(header);
  }
  try {
    if (setFile !== undefined) {
      const load = async (): Promise<unknown> => JSON.parse(await readFile(setFile, 'utf8'));
      await load();
      const keys = new JwksKeys({ ...parts, load });
      return (header) => keys.find(header);
    }
    if (keyFile !== undefined) {
      const key = createPublicKey(await readFile(keyFile));
      return async () => key;
    }
    const secret = await readSecret(secretFile ?? '', settings.algorithms);
    return async () => secret;
  } catch (error) {
    const message = `Cannot use the keys of the issuer "${settings.issuer}": ${messageOf(error)}`;
    throw new PlatformError('INVALID_CONFIGURATION', message, { details: { setting: 'jwt_issuers' }, cause: error });
  }
}

async function readSecret(file: string, algorithms: readonly string[]): Promise<Uint8Array> {
  const bytes = Buffer.from((await readFile(file, 'utf8')).replace(/\r?\n$/, ''));
  const least = Math.max(...algorithms.map((algorithm) => SECRET_BYTES[algorithm] ?? 0));
  if (bytes.length < least) throw new Error(`the secret in "${file}" is shorter than ${least} bytes`);
  if (bytes.includes('-----BEGIN')) throw new Error(`"${file}" holds a key in PEM, which is no shared secret`);
  return new Uint8Array(bytes);
}
