import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PlatformError, systemClock } from '@loopwright/protocol';
import { pino } from 'pino';
import { parseArguments } from '../config/parse-arguments.ts';
import { resolveConfiguration } from '../config/resolve-configuration.ts';
import { type ServerDatabase, openServerDatabase } from '../database/server-database.ts';
import { keyFor } from '../http/identity-fixture.ts';
import { openIdentity } from './identity.ts';
import { refuseStrangers } from './refuse-strangers.ts';

const ISSUER = '[{"issuer":"https://i.example","audience":"lw","algorithms":["RS256"],"jwks_url":"https://i.example/jwks"}]';
let dir: string;
let database: ServerDatabase;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-strangers-'));
  database = openServerDatabase({ dir, durability: 'process', clock: systemClock });
});
afterEach(async () => {
  await database.destroy();
  await rm(dir, { recursive: true });
});

async function identityFor(...flags: readonly string[]) {
  const { configuration } = await resolveConfiguration({ arguments: parseArguments(flags), environment: {}, workingDir: dir });
  const log = pino({ level: 'silent' });
  const identity = await openIdentity({
    configuration,
    database,
    log,
    clock: systemClock,
    random: { next: () => 0, uuid: () => crypto.randomUUID() },
    newUserRole: () => 'viewer',
  });
  return { configuration, identity };
}
/** Whether the server would listen with these flags; the setting that it names when not. */
async function refusal(...flags: readonly string[]): Promise<unknown> {
  const { configuration, identity } = await identityFor(...flags);
  return refuseStrangers(configuration, identity).then(
    () => null,
    (error: unknown) => {
      assert.ok(error instanceof PlatformError && error.code === 'INVALID_CONFIGURATION', String(error));
      return error.details?.['setting'];
    },
  );
}

describe('refuseStrangers()', () => {
  it('lets this machine in always, and others not without identities', async () => {
    assert.equal(await refusal(), null);
    assert.equal(await refusal('--identity', 'configured'), null);
    assert.equal(await refusal('--host', '0.0.0.0'), 'host');
    assert.equal(await refusal('--host', '::'), 'host');
    assert.equal(await refusal('--host', '0.0.0.0', '--identity', 'development'), 'host');
    assert.equal(await refusal('--host', '0.0.0.0', '--identity', 'development', '--jwt-issuers', ISSUER), 'host');
    assert.equal(await refusal('--edge-host', '0.0.0.0', '--jwt-issuers', ISSUER), 'edge_host');
  });

  it('takes an issuer, a trusted proxy, or a key that is good for an identity', async () => {
    assert.equal(await refusal('--host', '0.0.0.0', '--jwt-issuers', ISSUER), null);
    assert.equal(await refusal('--host', '0.0.0.0', '--identity', 'development', '--trusted-proxies', '10.0.0.0/8'), null);
    const { identity } = await identityFor();
    const expired = await keyFor(identity, 'ann', 'admin', { expiresAt: systemClock.now() + 1000 });
    const revoked = await keyFor(identity, 'ann', 'admin');
    await identity.keys.revoke(revoked.id);
    await new Promise((resolve) => void setTimeout(resolve, 1010));
    assert.equal(await refusal('--host', '0.0.0.0'), 'host', expired.id);
    await keyFor(identity, 'ann', 'admin');
    assert.equal(await refusal('--host', '0.0.0.0'), null);
  });
});

describe('the mode of identities', () => {
  it('is development on a machine of one’s own, and configured as soon as there is anything to configure', async () => {
    const mode = async (...flags: readonly string[]): Promise<string> => (await identityFor(...flags)).identity.mode;
    const oidc = '{"issuer":"https://i.example","client_id":"lw"}';
    assert.equal(await mode(), 'development');
    assert.equal(await mode('--host', '0.0.0.0'), 'configured');
    assert.equal(await mode('--jwt-issuers', ISSUER), 'configured');
    for (const publicUrl of ['https://lw.example/', 'https://lw.example/tools/loop/'])
      assert.equal((await identityFor('--oidc', oidc, '--public-url', publicUrl)).identity.publicUrl, publicUrl.slice(0, -1));
    await assert.rejects(mode('--oidc', oidc), /public_url/);
    for (const flags of [
      ['--public-url', 'https://lw.example/path?query'],
      ['--public-url', 'https://lw.example/a;b'],
      ['--public-url', 'https://ann@lw.example'],
      ['--trusted-proxies', 'lw.example'],
      ['--jwt-issuers', '[{}]'],
    ])
      await assert.rejects(mode(...flags), /Cannot use the configuration/);
  });
});
