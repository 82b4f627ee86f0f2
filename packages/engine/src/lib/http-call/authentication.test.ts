import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Clock, type JsonObject, seededRandom, systemClock } from '@loopwright/protocol';
import { answerDigestChallenge } from './digest-authorization.ts';
import { httpCall } from './http-call.ts';
import { type SeenRequest, errorTypeOf, runCall, sendJson, startServer } from './http-fixture.ts';

const withPolicy = (uri: string, authentication: object): object => ({ method: 'get', endpoint: { uri, authentication } });

describe('httpCall() authentication', () => {
  it('sends basic and bearer credentials that expressions give', async () => {
    await using server = await startServer((_request, response) => sendJson(response, 'in'));
    const input = { username: 'ann', password: 'pä:ss', token: 't0ken' };
    const basic = { username: '${ .username }', password: '${ .password }' };
    await runCall(httpCall(), withPolicy(`${server.origin}/{username}`, { basic }), { input });
    await runCall(httpCall(), withPolicy(server.origin, { bearer: { token: '${ .token }' } }), { input });
    const values = server.seen.map(({ headers }) => headers.authorization);
    assert.deepEqual(values, [`Basic ${Buffer.from('ann:pä:ss').toString('base64')}`, 'Bearer t0ken']);
  });

  it('refuses policies that are wrong or not supported, without showing values', async () => {
    const oauth2 = { authority: 'http://h', grant: 'client_credentials', client: { id: 'c', secret: 's3cret' } };
    const policies = [
      {},
      { basic: { username: 's3cret' } },
      { basic: { username: 'a', password: 's3cret' }, bearer: { token: 's3cret' } },
      { magic: 's3cret' },
      { oauth2: { ...oauth2, grant: 'authorization_code' } },
      { oauth2: { ...oauth2, client: { ...oauth2.client, authentication: 'private_key_jwt' } } },
    ];
    for (const policy of policies) {
      const { execution } = await runCall(httpCall(), withPolicy('http://127.0.0.1:1/', policy));
      assert.equal(errorTypeOf(execution), 'validation');
      assert.ok(!JSON.stringify(execution.error).includes('s3cret'), JSON.stringify(execution.error));
    }
  });

  it('answers a digest challenge as RFC 7616 says', async () => {
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    await using server = await startServer(({ url, method, headers }, response) => {
      const given = headers.authorization ?? '';
      const part = (name: string): string => new RegExp(`\\b${name}="?([^",]*)`).exec(given)?.[1] ?? '';
      const first = md5(`ann:the realm:s3cret`);
      const second = md5(`${method}:${url}`);
      if (part('response') === md5(`${first}:n1:00000001:${part('cnonce')}:auth:${second}`) && part('opaque') === 'o')
        return sendJson(response, 'in');
      const challenge = 'Digest realm="the realm", qop="auth-int, auth", nonce="n1", opaque="o", algorithm=MD5';
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const args = withPolicy(`${server.origin}/a?b=c`, { digest: { username: 'ann', password: 's3cret' } });
    const { execution, journal } = await runCall(httpCall({ random: seededRandom(1) }), { ...args, output: 'response' });
    assert.equal((execution.output as JsonObject)['content'], 'in');
    assert.ok(!JSON.stringify([journal, execution.output]).includes('response='));
    const wrong = withPolicy(server.origin, { digest: { username: 'ann', password: 'other' } });
    assert.equal(((await runCall(httpCall(), wrong)).execution.error as JsonObject)['status'], 401);
    assert.equal(server.seen.length, 4);
  });
});

/** A server with a token endpoint that counts its tokens, and a resource that takes the newest one only. */
function tokenServer(life: number, origin: () => string) {
  const state = { issued: 0, asked: [] as SeenRequest[] };
  const answer: Parameters<typeof startServer>[0] = (request, response) => {
    if (request.url.endsWith('/.well-known/openid-configuration')) {
      return sendJson(response, { issuer: `${origin()}/realm`, token_endpoint: `${origin()}/oidc/token` });
    }
    if (request.method === 'POST') {
      state.asked.push(request);
      state.issued += 1;
      if (request.body.includes('wrong')) return sendJson(response, { error: 'invalid_client', echo: request.body }, 401);
      const claims = Buffer.from(JSON.stringify({ iss: 'https://issuer' })).toString('base64url');
      return sendJson(response, { access_token: `h.${claims}.${state.issued}`, token_type: 'Bearer', expires_in: life });
    }
    const newest = request.headers.authorization?.endsWith(`.${state.issued}`) === true;
    return sendJson(response, newest ? 'in' : 'out', newest ? 200 : 401);
  };
  return { state, answer };
}

describe('httpCall() access tokens', () => {
  it('asks for a token once, keeps it until it runs out, and renews one that is refused', async () => {
    let now = 1_000_000;
    const clock: Clock = { ...systemClock, now: () => now };
    const { state, answer } = tokenServer(3600, () => '');
    await using server = await startServer(answer);
    const oauth2 = {
      authority: `${server.origin}/{realm}`,
      grant: 'client_credentials',
      client: { id: 'c', secret: 's3cret' },
      scopes: ['read', 'write'],
    };
    const called = httpCall({ clock });
    const call = async (): Promise<unknown> =>
      (await runCall(called, withPolicy(server.origin, { oauth2 }), { input: { realm: 'r1' } })).execution.output;
    assert.deepEqual(await Promise.all([call(), call(), call()]), ['in', 'in', 'in']);
    assert.equal(await call(), 'in');
    assert.equal(state.issued, 1);
    assert.equal(state.asked[0]?.url, '/r1/oauth2/token');
    assert.equal(state.asked[0]?.body, 'grant_type=client_credentials&client_id=c&client_secret=s3cret&scope=read+write');
    now += 3_570_000;
    assert.equal(await call(), 'in');
    assert.equal(state.issued, 2);
    state.issued = 7;
    assert.equal(await call(), 'in');
    assert.equal(state.issued, 8);
  });

  it('authenticates the client by header, sends JSON and the grant password where the policy says so', async () => {
    const { state, answer } = tokenServer(60, () => '');
    await using server = await startServer(answer);
    const oauth2 = {
      authority: server.origin,
      endpoints: { token: '/t' },
      grant: 'password',
      username: 'u',
      password: 'p',
      audiences: ['api'],
      client: { id: 'c d', secret: 's:1', authentication: 'client_secret_basic' },
      request: { encoding: 'application/json' },
    };
    assert.equal((await runCall(httpCall(), withPolicy(server.origin, { oauth2 }))).execution.output, 'in');
    assert.equal(state.asked[0]?.url, '/t');
    assert.equal(state.asked[0].headers.authorization, `Basic ${Buffer.from('c+d:s%3A1').toString('base64')}`);
    assert.deepEqual(JSON.parse(state.asked[0].body), { grant_type: 'password', audience: 'api', username: 'u', password: 'p' });
  });

  it('discovers the token endpoint of OpenID Connect and checks issuers', async () => {
    let origin = '';
    const { state, answer } = tokenServer(60, () => origin);
    await using server = await startServer(answer);
    origin = server.origin;
    const oidc = {
      authority: `${origin}/realm/`,
      grant: 'client_credentials',
      client: { id: 'c', secret: 'x' },
      issuers: ['https://issuer'],
    };
    assert.equal((await runCall(httpCall(), withPolicy(origin, { oidc }))).execution.output, 'in');
    assert.equal(state.asked[0]?.url, '/oidc/token');
    for (const wrong of [{ issuers: ['https://other'] }, { authority: `${origin}/impostor` }]) {
      const { execution } = await runCall(httpCall(), withPolicy(origin, { oidc: { ...oidc, ...wrong } }));
      assert.equal(errorTypeOf(execution), 'authentication');
    }
  });

  it('fails without showing the secret when no token is given', async () => {
    const { answer } = tokenServer(60, () => '');
    await using server = await startServer(answer);
    const oauth2 = { authority: server.origin, grant: 'client_credentials', client: { id: 'c', secret: 'wrong-s3cret' } };
    const { execution, journal } = await runCall(httpCall(), withPolicy(server.origin, { oauth2 }));
    assert.equal(errorTypeOf(execution), 'authentication');
    assert.ok(!JSON.stringify([execution.error, journal]).includes('s3cret'));
    const allowHost = (): boolean => false;
    const refused = await runCall(httpCall({ allowHost }), withPolicy(server.origin, { oauth2 }));
    assert.equal(errorTypeOf(refused.execution), 'authorization');
  });
});

describe('answerDigestChallenge()', () => {
  it('computes the responses that RFC 7616 §3.9.1 gives', () => {
    const answer = (challenge: string): string | undefined =>
      answerDigestChallenge(
        challenge,
        { username: 'Mufasa', password: 'Circle of Life' },
        {
          method: 'GET',
          url: new URL('http://www.example.org/dir/index.html'),
          clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
        },
      );
    const rest = 'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"';
    assert.match(answer(`Digest ${rest}, algorithm=MD5`) ?? '', /response="8ca523f5e9506fed4657c9700eebdbec"/);
    assert.match(
      answer(`Basic realm="x", Digest ${rest}, algorithm=SHA-256`) ?? '',
      /response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"/,
    );
    assert.equal(answer('Basic realm="x"'), undefined);
    assert.equal(answer('Digest realm="x", nonce="n", qop="auth-int"'), undefined);
    assert.equal(answer('Digest realm="x", nonce="n", algorithm=ODD'), undefined);
  });
});
