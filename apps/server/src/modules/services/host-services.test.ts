import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { JwtValidator } from '@loopwright/module-sdk';
import { POSTGRES_MISSING, PostgresServer, REDIS_MISSING, RedisServer } from '@loopwright/module-sdk/servers';
import { systemClock } from '@loopwright/protocol';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ConfiguredModules } from '../configuration/configured-modules.ts';
import { servicesSchema } from '../configuration/services-document.ts';
import type { ModuleLogEntry } from '../module-spec.ts';
import { moduleView } from '../module-view.ts';
import { Supervisor } from '../supervisor.ts';
import { HostServices } from './host-services.ts';

const ENTRY = join(import.meta.dirname, '../fixtures/service-child.ts');
const CONDITIONS = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
const USER = `{ command: node, args: ${JSON.stringify([...CONDITIONS, ENTRY])}, permissions: { services: [SERVICES] } }`;
const SERVICES = `
services:
  Cache: { kind: redis, url_secret: CACHE_URL, timeout_seconds: 1 }
  Database: { kind: postgres, url_secret: DATABASE_URL, timeout_seconds: 5 }
  Jwt: { secret: JWT_KEY, issuer: us }
`;
/** What must be seen nowhere. */
const PASSWORD = 'pass-that-must-not-show';
const [KEY, NEXT_KEY] = ['k'.repeat(40), 'n'.repeat(40)];

let dir: string;
let supervisor: Supervisor;
let services: Disposable;
const told: (ModuleLogEntry | string)[] = [];

/** Asks a module a path, and gives what it says. */
async function ask(id: string, uri: string, headers: Record<string, string> = {}): Promise<unknown> {
  const { body } = await supervisor.request(id, { method: 'GET', uri, headers });
  const text = await new Response(body as ConstructorParameters<typeof Response>[0]).text();
  told.push(text);
  return (JSON.parse(text) as { data: unknown }).data;
}

const write = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text);
const withToken = async (secretKey: string, claims: object = {}): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await new JwtValidator({ secretKey, issuer: 'us' }, { clock: systemClock }).create({ sub: 'ann', ...claims })}`,
});

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-services-'));
  await write(
    'modules.yaml',
    `${SERVICES}modules:\n  user: ${USER.replace('SERVICES', 'Cache, Database, Jwt')}\n  other: ${USER.replace('SERVICES', '')}\n`,
  );
  await write('JWT_KEY', `${KEY}\n`);
  const configured = new ConfiguredModules({ file: dir, secretsDir: dir, bundled: [], clock: systemClock });
  services = configured.services;
  supervisor = new Supervisor({
    modules: await configured.read(),
    readAgain: () => configured.read(),
    connectors: () => configured.services.connectors,
    orchestratorApi: '',
    log: (entry) => told.push(entry),
    times: { drainMs: 2000 },
  });
  supervisor.start();
});
after(async () => {
  await supervisor.stop();
  services[Symbol.dispose]();
  await rm(dir, { recursive: true });
  assert.ok(!JSON.stringify(told).includes(PASSWORD), 'an address of a service was told');
});

describe('services of the host, used by a module in its process', () => {
  it('says which secret is not there, or cannot be used, and not what is in it', async () => {
    assert.equal(
      await ask('user', '/database'),
      'SERVICE_UNAVAILABLE: Cannot use the service Database: there is no secret "DATABASE_URL"',
    );
    await write('DATABASE_URL', `mysql://u:${PASSWORD}@h/d`);
    await write('CACHE_URL', `redis//${PASSWORD}`);
    const unusable = (kind: string, name: string): string =>
      `SERVICE_UNAVAILABLE: Cannot use the service ${kind}: what is in the secret "${name}" cannot be used`;
    assert.equal(await ask('user', '/database'), unusable('Database', 'DATABASE_URL'));
    assert.equal(await ask('user', '/cache'), unusable('Cache', 'CACHE_URL'));
    // Nobody listens there.
    await write('DATABASE_URL', `postgres://u:${PASSWORD}@127.0.0.1:9/d`);
    await write('CACHE_URL', `redis://:${PASSWORD}@127.0.0.1:9`);
    assert.match(String(await ask('user', '/database')), /^SERVICE_UNAVAILABLE: Cannot open the database/);
    assert.match(String(await ask('user', '/cache')), /^SERVICE_UNAVAILABLE: Cannot use the cache/);
    told.push(JSON.stringify(supervisor.modules.map(moduleView)), JSON.stringify(supervisor.state()));
  });

  it('gives them to those only that may use them', async () => {
    for (const path of ['/database', '/cache'])
      assert.match(String(await ask('other', path)), /^FORBIDDEN: Cannot use the service/, path);
    assert.match(String(await ask('other', '/token', await withToken(KEY))), /^SERVICE_UNAVAILABLE: Cannot check the token/);
  });

  it('checks tokens with the secret that is there now', async () => {
    const claims = await ask('user', '/token', await withToken(KEY, { role: 'admin' }));
    assert.deepEqual([(claims as { sub: string }).sub, (claims as { role: string }).role], ['ann', 'admin']);
    assert.match(String(await ask('user', '/token', await withToken(NEXT_KEY))), /^UNAUTHORIZED: Invalid JWT token/);
    await write('JWT_KEY', NEXT_KEY);
    assert.match(String(await ask('user', '/token', await withToken(KEY))), /^UNAUTHORIZED: Invalid JWT token/);
    assert.equal(((await ask('user', '/token', await withToken(NEXT_KEY))) as { sub: string }).sub, 'ann');
  });

  it('has a database in PostgreSQL', { skip: POSTGRES_MISSING }, async () => {
    await using server = await PostgresServer.open();
    await write('DATABASE_URL', server.url.replace('tester@', `tester:${PASSWORD}@`));
    assert.deepEqual(await ask('user', '/database'), [{ visits: 1, who: 'tester' }]);
    assert.deepEqual(await ask('user', '/database'), [{ visits: 2, who: 'tester' }]);
  });

  it('has a cache in Redis, and another one when it is configured so', { skip: REDIS_MISSING }, async () => {
    await using server = await RedisServer.open();
    await write('CACHE_URL', server.url);
    assert.equal(await ask('user', '/cache'), 1);
    assert.equal(await ask('user', '/cache'), 2);
    const pid = supervisor.module('user').current?.pid;
    await write('modules.yaml', `modules:\n  user: ${USER.replace('SERVICES', 'Cache, Database, Jwt')}\n`);
    assert.deepEqual(await supervisor.reload(), { started: [], replaced: [], stopped: ['other'], unchanged: ['user'] });
    // Now it is the one in the memory of the host, and no other database is there.
    assert.equal(await ask('user', '/cache'), 1);
    assert.match(String(await ask('user', '/database')), /nobody provides it/);
    assert.equal(supervisor.module('user').current?.pid, pid);
  });
});

describe('HostServices', () => {
  const none = { get: async () => undefined };
  const { Cache, ...rest } = servicesSchema.parse({});

  it('checks tokens by keys that it fetches, and says when it cannot', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const keys = createServer(
      (_request, response) =>
        void exportJWK(publicKey).then((key) => response.end(JSON.stringify({ keys: [{ ...key, alg: 'ES256' }] }))),
    );
    keys.listen(0, '127.0.0.1');
    await once(keys, 'listening');
    using hosted = new HostServices({ clock: systemClock });
    const jwks_url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`;
    const Jwt = { algorithm: 'ES256', jwks_url, audience: 'modules' } as const;
    hosted.configure({ ...rest, Cache: null, Jwt }, none);
    const [jwt] = hosted.connectors;
    const connection = await jwt?.connect();
    const made = (audience: string): Promise<string> =>
      new SignJWT({ sub: 'bob' })
        .setProtectedHeader({ alg: 'ES256' })
        .setAudience(audience)
        .setExpirationTime('1m')
        .sign(privateKey);
    const claims = await connection?.perform('validate', { token: await made('modules') });
    assert.equal((claims as { sub: string }).sub, 'bob');
    await assert.rejects(async () => connection?.perform('validate', { token: await made('others') }), { code: 'UNAUTHORIZED' });
    keys.close();
    keys.closeAllConnections();
    hosted.configure({ ...rest, Cache: null, Jwt: { ...Jwt, issuer: 'us' } }, none);
    const later = await hosted.connectors[0]?.connect();
    await assert.rejects(async () => later?.perform('validate', { token: await made('modules') }), {
      code: 'SERVICE_UNAVAILABLE',
    });
  });

  it('keeps what is configured as before, with what is in it', async () => {
    using hosted = new HostServices({ clock: systemClock });
    hosted.configure({ ...rest, Cache }, none);
    const [first] = hosted.connectors;
    hosted.configure({ ...rest, Cache: { kind: 'memory' }, Jwt: { algorithm: 'HS256', secret: 'K' } }, none);
    assert.equal(hosted.connectors[0], first);
    const jwt = await hosted.connectors[1]?.connect();
    await assert.rejects(async () => jwt?.perform('validate', { token: 'a.b.c' }), {
      code: 'SERVICE_UNAVAILABLE',
      message: 'Cannot check tokens: there is no secret "K"',
    });
    hosted.configure({ ...rest, Cache: { kind: 'memory', max_characters: 5000 } }, none);
    assert.deepEqual([hosted.connectors.length, hosted.connectors[0] === first], [1, false]);
  });
});
