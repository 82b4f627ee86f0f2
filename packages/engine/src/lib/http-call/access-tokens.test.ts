import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Clock, type JsonObject, PlatformError, systemClock } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { documentOf, journalDir, openEngine, pointersOf, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';
import { httpCall } from './http-call.ts';
import { errorTypeOf, runCall, sendJson, startServer } from './http-fixture.ts';
import { REFRESH_TOKEN, TOKEN_EXCHANGE } from './token-source.ts';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** An authority and a resource at one server: it gives tokens `token-1`, `token-2` … and takes the last one. */
function authority({ refresh = false } = {}) {
  const state = { asked: [] as Record<string, string>[], issued: 0, refuses: false };
  const answer: Parameters<typeof startServer>[0] = (request, response) => {
    if (request.method !== 'POST') {
      const isIn = request.headers.authorization === `Bearer token-${state.issued}`;
      return sendJson(response, isIn ? { seen: request.headers['x-token'] ?? null } : 'out', isIn ? 200 : 401);
    }
    state.asked.push(Object.fromEntries(new URLSearchParams(request.body)));
    if (state.refuses) return sendJson(response, { error: 'invalid_grant' }, 400);
    state.issued += 1;
    const again = refresh ? { refresh_token: `refresh-${state.issued}` } : {};
    return sendJson(response, { access_token: `token-${state.issued}`, expires_in: 100, ...again });
  };
  return { state, answer };
}

const call = (uri: string, oauth2: object): object => ({ method: 'get', endpoint: { uri, authentication: { oauth2 } } });

describe('the grants of OAuth 2', () => {
  it('exchange a token for another one, in the name of an actor', async () => {
    const { state, answer } = authority();
    await using server = await startServer(answer);
    const source = {
      authority: server.origin,
      grant: TOKEN_EXCHANGE,
      subject: { token: '${ .theirs }', type: ACCESS_TOKEN },
      actor: { token: 'ours', type: ACCESS_TOKEN },
    };
    const { execution } = await runCall(httpCall(), call(server.origin, source), { input: { theirs: 't1' } });
    assert.equal(execution.status, 'completed');
    assert.deepEqual(state.asked, [
      {
        grant_type: TOKEN_EXCHANGE,
        subject_token: 't1',
        subject_token_type: ACCESS_TOKEN,
        actor_token: 'ours',
        actor_token_type: ACCESS_TOKEN,
      },
    ]);
  });

  it('take a refresh token, then the one that the authority gave in its place, and the first again when that is refused', async () => {
    let now = 1_000_000;
    const clock: Clock = { ...systemClock, now: () => now };
    const { state, answer } = authority({ refresh: true });
    await using server = await startServer(answer);
    const subject = { token: 'refresh-0', type: REFRESH_TOKEN };
    const called = httpCall({ clock });
    const args = call(server.origin, {
      authority: server.origin,
      grant: 'refresh_token',
      client: { id: 'c', authentication: 'none' },
      subject,
    });
    const once = async (): Promise<string> => (await runCall(called, args)).execution.status;
    assert.equal(await once(), 'completed');
    now += 100_000;
    assert.equal(await once(), 'completed');
    now += 100_000;
    state.refuses = true;
    assert.equal(await once(), 'failed');
    state.refuses = false;
    assert.equal(await once(), 'completed');
    assert.deepEqual(
      state.asked.map(({ refresh_token: token }) => token),
      ['refresh-0', 'refresh-1', 'refresh-2', 'refresh-0'],
    );
    assert.deepEqual(state.asked[0], { grant_type: 'refresh_token', client_id: 'c', refresh_token: 'refresh-0' });
  });

  it('authenticate the client by an assertion that is signed with its secret, or was signed elsewhere', async () => {
    const { state, answer } = authority();
    await using server = await startServer(answer);
    const source = { authority: server.origin, grant: 'client_credentials' };
    const signed = { id: 'c', secret: 's3cret', authentication: 'client_secret_jwt' };
    const given = { id: 'c', assertion: 'a.b.c', authentication: 'private_key_jwt' };
    for (const client of [signed, given])
      assert.equal((await runCall(httpCall(), call(server.origin, { ...source, client }))).execution.status, 'completed');
    const [first, second] = state.asked;
    const [header = '', claims = '', signature] = (first?.['client_assertion'] ?? '').split('.');
    assert.equal(signature, createHmac('sha256', 's3cret').update(`${header}.${claims}`).digest('base64url'));
    const { iss, sub, aud, iat, exp, jti } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    assert.deepEqual([iss, sub, aud], ['c', 'c', `${server.origin}/oauth2/token`]);
    assert.equal(Number(exp) - Number(iat), 300);
    assert.equal(typeof jti, 'string');
    assert.ok(!JSON.stringify(first).includes('s3cret'));
    assert.equal(second?.['client_assertion'], 'a.b.c');
    assert.match(second?.['client_assertion_type'] ?? '', /jwt-bearer$/);
  });

  it('discover the authority also by the address of its document', async () => {
    let origin = '';
    const { state, answer } = authority();
    await using server = await startServer((request, response) =>
      request.url === '/realm/.well-known/openid-configuration'
        ? sendJson(response, { issuer: `${origin}/realm`, token_endpoint: `${origin}/t` })
        : answer(request, response),
    );
    ({ origin } = server);
    const oidc = {
      authority: `${origin}/realm/.well-known/openid-configuration`,
      grant: 'client_credentials',
      client: { id: 'c', secret: 'x' },
    };
    const args = { method: 'get', endpoint: { uri: origin, authentication: { oidc } } };
    assert.equal((await runCall(httpCall(), args)).execution.status, 'completed');
    assert.equal(state.asked.length, 1);
  });

  it('are refused when the definition is loaded, where something is missing or cannot be done', () => {
    const source = { authority: 'https://a', grant: 'client_credentials', client: { id: 'c' } };
    for (const [policy, pointer, reason] of [
      [{ ...source, grant: 'authorization_code' }, 'grant', /needs a person at a browser/],
      [{ ...source, client: undefined }, 'client', /needs one/],
      [{ ...source, client: {} }, 'client/id', /needs the id/],
      [{ ...source, client: { id: 'c', authentication: 'private_key_jwt' } }, 'client/assertion', /private keys are not given/],
      [{ ...source, client: { id: 'c', authentication: 'client_secret_jwt' } }, 'client/secret', /signs with it/],
      [{ ...source, grant: 'password', username: 'u' }, 'password', /needs it/],
      [{ ...source, grant: TOKEN_EXCHANGE }, 'subject', /the token that is exchanged/],
      [{ ...source, grant: 'refresh_token', subject: { token: 't', type: ACCESS_TOKEN } }, 'subject', /takes it from there/],
    ] as const) {
      const body = `do: ${JSON.stringify([{ a: { call: 'http', with: call('https://h', policy) } }])}`;
      assert.throws(
        () => loadDefinition(documentOf('w', body), { http: httpCall() }),
        (error) =>
          error instanceof PlatformError &&
          reason.test(error.message) &&
          pointersOf(error)[0] === `/do/0/a/with/endpoint/authentication/oauth2/${pointer}`,
        pointer,
      );
    }
  });
});

describe('$authorization of a token', () => {
  const bodyOf = (origin: string, more = ''): string => `
do:
  - ask:
      call: http
      with:
        method: get
        headers: { x-token: '\${ $authorization.scheme + " " + $authorization.parameter }' }
        endpoint:
          uri: ${origin}
          authentication: { oauth2: { authority: ${origin}, grant: client_credentials, client: { id: c, secret: s3cret } } }
      output: { as: '\${ { sent: .seen, length: ($authorization.parameter | length) } }' }
${more}`;

  it('is what the call sends, in the definition of the task and for its output, and is not recorded', async () => {
    const { state, answer } = authority();
    await using server = await startServer(answer);
    const dir = journalDir();
    const body = bodyOf(
      server.origin,
      '  - nap: { wait: { milliseconds: 30 } }\n  - end: { set: { length: "${ .length }", isSame: "${ (.sent | length) == .length + 7 }" } }',
    );
    const engine = await openEngine(dir, { http: httpCall() }, { asks: body });
    const { execution } = await startOne(engine, 'asks');
    await until(engine, execution.id, () => engine.read.nextDue() !== undefined);
    await engine.close(0);
    // Another process replays the call: it asks for a token of its own, and the recorded answer stays.
    await using again = await openEngine(dir, { http: httpCall() }, { asks: body });
    assert.deepEqual((await untilStatus(again, execution.id, 'completed')).output, { length: 7, isSame: true });
    assert.equal(server.seen.filter(({ method }) => method === 'GET').length, 1);
    const values = Object.fromEntries(again.read.journal(execution.id).map(({ key, value }) => [key, value]));
    assert.deepEqual(values, { ask: { seen: 'Bearer token-1' }, 'ask@authorization': null, nap: null });
    assert.ok(state.issued >= 1);
  });

  it('fails the task once when the authority refuses, and lets the execution rest while it cannot be reached later', async () => {
    const { state, answer } = authority();
    let isAway = false;
    await using server = await startServer((request, response) =>
      isAway && request.method === 'POST' ? sendJson(response, {}, 503) : answer(request, response),
    );
    state.refuses = true;
    const dir = journalDir();
    const body = bodyOf(server.origin, '  - nap: { wait: { milliseconds: 30 } }');
    const troubles: string[] = [];
    const options = { onTrouble: (message: string, error: unknown) => void troubles.push(`${message}: ${String(error)}`) };
    const engine = await openEngine(dir, { http: httpCall() }, { asks: body }, options);
    const { execution: refused } = await startOne(engine, 'asks');
    assert.equal(errorTypeOf(await untilStatus(engine, refused.id, 'failed')), 'authentication');
    state.refuses = false;
    const { execution } = await startOne(engine, 'asks');
    await until(engine, execution.id, () => engine.read.nextDue() !== undefined);
    await engine.close(0);
    isAway = true;
    await using again = await openEngine(dir, { http: httpCall() }, { asks: body }, options);
    await until(again, execution.id, (row) => again.operations.why(row).sentence.includes('a credential cannot be had'));
    assert.match(troubles.join(), /Cannot go on with the execution .*503/);
    assert.ok(!troubles.join().includes('token-'));
    assert.equal(again.read.execution(execution.id)?.status, 'running');
  });

  it('does not stand in errors', async () => {
    const { answer } = authority();
    await using server = await startServer(answer);
    const body = bodyOf(server.origin).replace('($authorization.parameter | length)', 'error($authorization.parameter)');
    await using engine = await openEngine(journalDir(), { http: httpCall() }, { asks: body });
    const { execution } = await startOne(engine, 'asks');
    const { error } = await untilStatus(engine, execution.id, 'failed');
    assert.equal((error as JsonObject)['instance'], '/do/0/ask');
    assert.match(JSON.stringify(error), /\*\*\*/);
    assert.ok(!JSON.stringify(error).includes('token-1'), JSON.stringify(error));
  });
});
