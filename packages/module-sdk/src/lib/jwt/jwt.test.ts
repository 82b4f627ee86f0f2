import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { Clock } from '@loopwright/protocol';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { CompactSign, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { HttpIpcRouter } from '../http-ipc/http-ipc-router.ts';
import { type JwtAlgorithm, type JwtConfig, jwtConfigFromEnvironment } from './jwt-config.ts';
import { claimsOf, type JwtGuardOptions } from './jwt-guard.ts';
import { jwtExpress, jwtFastify, jwtHono, jwtMiddleware, withJwt } from './jwt-middleware.ts';
import { JwtValidator, tokenFromHeader } from './jwt-validator.ts';

const SECRET = 'a secret of thirty-two bytes or more';
const NOW = 1_800_000_000_000;
const clock: Clock = { now: () => NOW, schedule: () => () => undefined };
const validatorOf = (config: JwtConfig): JwtValidator => new JwtValidator(config, { clock });
const hmac = (over: Partial<JwtConfig> = {}): JwtValidator => validatorOf({ secretKey: SECRET, ...over });
const bytes = new TextEncoder().encode(SECRET);
const sign = (claims: Record<string, unknown>, alg = 'HS256'): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(bytes);
const unauthorized = (message: RegExp | string): object => ({ code: 'UNAUTHORIZED', message });

describe('JwtValidator', () => {
  it('takes what it made, with issuer and audience', async () => {
    const validator = hmac({ issuer: 'us', audience: 'them' });
    assert.deepEqual(await validator.validate(await validator.create({ sub: 'ada', role: 'admin' }, { expiresInSeconds: 60 })), {
      sub: 'ada',
      role: 'admin',
      iss: 'us',
      aud: 'them',
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
    });
  });

  it('refuses what is expired, has no end, is not begun, is for others, or of others', async () => {
    const [past, future] = [NOW / 1000 - 1, NOW / 1000 + 60];
    const strict = hmac({ issuer: 'us', audience: 'them' });
    const own = { iss: 'us', aud: 'them' };
    for (const claims of [
      { ...own, exp: past },
      own,
      { ...own, exp: future, nbf: future },
      { ...own, exp: future, aud: 'x' },
      { ...own, exp: future, iss: 'x' },
    ])
      await assert.rejects(strict.validate(await sign(claims)), unauthorized(/^Invalid JWT token: /), JSON.stringify(claims));
    assert.equal((await hmac().validate(await sign({ exp: future, aud: 'x', iss: 'x' }))).aud, 'x');
    assert.equal((await hmac({ verifyExp: false }).validate(await sign({ exp: past }))).exp, past);
    await assert.rejects(hmac({ clockToleranceSeconds: 0 }).validate(await sign({ exp: past })), unauthorized(/exp/));
    assert.equal((await hmac({ clockToleranceSeconds: 5 }).validate(await sign({ exp: past }))).exp, past);
  });

  it('takes no other algorithm, no signature of another key, and no text that is no token', async () => {
    const exp = NOW / 1000 + 60;
    const proper = await sign({ exp });
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' };
    // The public key as the secret of an HMAC: the classic confusion.
    const confused = await new SignJWT({ exp })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(Buffer.from(JSON.stringify(jwk)));
    const rsa = validatorOf({ algorithm: 'RS256', keys: { keys: [jwk] } });
    await assert.rejects(rsa.validate(confused), unauthorized(/^Invalid JWT token: /));
    assert.equal(
      (await rsa.validate(await new SignJWT({ exp }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey))).exp,
      exp,
    );
    for (const token of [
      new UnsecuredJWT({}).setExpirationTime(exp).encode(),
      await sign({ exp }, 'HS512'),
      await new SignJWT({ exp }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32, 1)),
      await new CompactSign(Buffer.from('no json')).setProtectedHeader({ alg: 'HS256' }).sign(bytes),
      `${proper.slice(0, -2)}AA`,
      '',
      'a.b.c',
      'x'.repeat(20_000),
    ])
      await assert.rejects(hmac().validate(token), unauthorized(/^Invalid JWT token: /), token.slice(0, 40));
  });

  it('makes and checks tokens with RSA, elliptic curves and Edwards curves', async () => {
    for (const algorithm of ['RS256', 'ES256', 'EdDSA'] satisfies JwtAlgorithm[]) {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' } as JWK] };
      const jwk: JWK = { ...(await exportJWK(privateKey)), kid: 'k' };
      const validator = validatorOf({ algorithm, keys, privateKey: jwk });
      assert.equal((await validator.validate(await validator.create({ sub: algorithm }))).sub, algorithm);
      const other = validatorOf({
        algorithm,
        keys: { keys: [{ ...(await exportJWK((await generateKeyPair(algorithm)).publicKey)), kid: 'k' }] },
      });
      await assert.rejects(other.validate(await validator.create({})), unauthorized(/signature/));
    }
  });

  it('fetches keys, and says when they cannot be had', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] };
    let isUp = true;
    const server = createServer((_request, response) => {
      response.statusCode = isUp ? 200 : 500;
      response.end(JSON.stringify(keys));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
    const signed = (kid: string): Promise<string> =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid })
        .setExpirationTime(NOW / 1000 + 60)
        .sign(privateKey);
    const validator = validatorOf({ algorithm: 'ES256', keys: url });
    assert.ok(await validator.validate(await signed('k')));
    await assert.rejects(validator.validate(await signed('other')), { code: 'UNAUTHORIZED' });
    isUp = false;
    await assert.rejects(validatorOf({ algorithm: 'ES256', keys: url }).validate(await signed('k')), {
      code: 'SERVICE_UNAVAILABLE',
    });
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    await assert.rejects(validatorOf({ algorithm: 'ES256', keys: url }).validate(await signed('k')), {
      code: 'SERVICE_UNAVAILABLE',
    });
    assert.ok(await validator.validate(await signed('k')));
  });

  it('refuses a configuration that would be none', () => {
    const wrong: JwtConfig[] = [
      {},
      { secretKey: 'short' },
      { secretKey: SECRET, keys: { keys: [] } },
      { algorithm: 'RS256' },
      { algorithm: 'RS256', secretKey: SECRET },
      { algorithm: 'RS256', keys: new URL('http://example.com/jwks') },
      { secretKey: SECRET, verifyAud: true },
      { secretKey: SECRET, verifyIss: true },
    ];
    for (const config of wrong)
      assert.throws(() => validatorOf(config), { code: 'INVALID_CONFIGURATION' }, JSON.stringify(config));
    assert.equal(jwtConfigFromEnvironment({ PYWATT_JWT_SECRET: 'b', JWT_SECRET: 'a' }).secretKey, 'a');
    assert.equal(jwtConfigFromEnvironment({ PYWATT_JWT_SECRET: 'b' }).secretKey, 'b');
    assert.throws(() => jwtConfigFromEnvironment({}), { code: 'INVALID_CONFIGURATION' });
  });
});

describe('tokenFromHeader()', () => {
  it('says what is wrong in the words of the source', () => {
    assert.throws(() => tokenFromHeader(undefined), unauthorized('Missing Authorization header'));
    assert.throws(() => tokenFromHeader('Basic x'), unauthorized("Authorization header must start with 'Bearer '"));
    assert.throws(() => tokenFromHeader('Bearer'), unauthorized("Authorization header must start with 'Bearer '"));
    assert.throws(() => tokenFromHeader('Bearer  '), unauthorized('Empty token in Authorization header'));
    assert.equal(tokenFromHeader('Bearer x'), 'x');
  });
});

type Ask = (path: string, headers?: Record<string, string>) => Promise<Response>;

/** The same requests to each framework. */
async function checkGuard(ask: Ask): Promise<void> {
  const token = await hmac().create({ sub: 'ada' });
  assert.equal(await (await ask('/me', { authorization: `Bearer ${token}` })).text(), 'ada');
  for (const path of ['/health', '/health?deep=1']) assert.equal(await (await ask(path)).text(), 'well');
  for (const path of ['/me', '/me?x=/health', '/health/', '/HEALTH', '//health', '/api/health']) {
    const refused = await ask(path);
    assert.deepEqual([refused.status, await refused.json()], [401, { error: 'Missing Authorization header' }], path);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
  }
  const wrong = await ask('/me', { authorization: 'Bearer x' });
  assert.equal(wrong.status, 401);
  assert.match(await wrong.text(), /^\{"error":"Invalid JWT token: /);
}

describe('guards', () => {
  const options: JwtGuardOptions = { validator: hmac() };
  const subject = (carrier: object): string => String(claimsOf(carrier)?.sub);

  it('keep strangers out of a plain handler and of a router', async () => {
    const ask =
      (handler: (request: Request) => Response | Promise<Response>): Ask =>
      async (path, headers) =>
        handler(new Request(`http://module.invalid${path}`, { headers: headers ?? {} }));
    await checkGuard(
      ask(withJwt(options, (request) => new Response(request.url.includes('/health') ? 'well' : subject(request)))),
    );
    const router = new HttpIpcRouter()
      .use(jwtMiddleware(options))
      .get('/health', () => new Response('well'))
      .get('/me', (request) => new Response(subject(request)));
    await checkGuard(ask(router.fetch));
  });

  it('keep strangers out of Fastify', async () => {
    const app = fastify();
    app.addHook('onRequest', jwtFastify(options));
    app.get('/health', () => 'well');
    app.get('/me', (request) => subject(request));
    await checkGuard(async (url, headers = {}) => {
      const { statusCode, payload, headers: answered } = await app.inject({ url, headers });
      return new Response(payload, { status: statusCode, headers: { 'www-authenticate': String(answered['www-authenticate']) } });
    });
    await app.close();
  });

  it('keep strangers out of Hono', async () => {
    const app = new Hono();
    app.use(jwtHono(options));
    app.get('/health', (context) => context.text('well'));
    app.get('/me', (context) => context.text(subject(context)));
    await checkGuard(async (path, headers) => app.request(path, { headers: headers ?? {} }));
  });

  it('keep strangers out of Express, wherever the guard is mounted', async () => {
    const app = express();
    app.use('/api', jwtExpress(options));
    app.use(jwtExpress(options));
    app.get('/health', (_request, response) => void response.send('well'));
    app.get('/me', (request, response) => void response.send(subject(request)));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await checkGuard((path, headers) => fetch(`http://127.0.0.1:${port}${path}`, { headers: headers ?? {} }));
    server.close();
    server.closeAllConnections();
  });
});
