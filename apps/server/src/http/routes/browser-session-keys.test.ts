import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openedSessionSchema } from '@loopwright/protocol';
import { type TestServer, openServer } from '../app-fixture.ts';
import { cookieOf, keyFor } from '../identity-fixture.ts';

const NAME = '__Host-loopwright_session';
const ORIGIN = 'https://loopwright.example';
let server: TestServer;
let ann: Awaited<ReturnType<typeof keyFor>>;
before(async () => {
  server = await openServer({ identity: { identity: 'configured', publicUrl: ORIGIN } });
  ann = await keyFor(server.identity, 'ann', 'operator');
});
after(() => server[Symbol.asyncDispose]());

const post = (url: string, headers: Record<string, string>, payload?: object) =>
  server.app.inject({ method: 'POST', url, headers: { host: 'loopwright.example', ...headers }, ...(payload && { payload }) });
const codeOf = (answer: { json: () => { error_code?: unknown } }): unknown => answer.json().error_code;
const sessions = async (): Promise<number> => (await server.identity.sessions.list('ann', { limit: 100 }))[0].length;

describe('Idempotency-Key of logging in and out', () => {
  it('opens one session: the same key gets its cookie again, which is nowhere on the disk in the clear', async () => {
    const headers = { ...ann.headers, 'idempotency-key': 'in-1' };
    const first = await post('/auth/session', headers);
    const again = await post('/auth/session', headers);
    assert.deepEqual([first.statusCode, again.statusCode, again.body], [201, 201, first.body]);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.deepEqual(again.headers['set-cookie'], first.headers['set-cookie']);
    assert.equal(again.headers['cache-control'], 'no-store');
    assert.equal(await sessions(), 1);
    const cookie = cookieOf(first.headers['set-cookie'], NAME);
    const secrets = [cookie.split('=')[1] ?? '', openedSessionSchema.parse(first.json()).csrf_token, ann.key];
    for (const file of ['responses.db', 'responses.db-wal', 'server.db', 'server.db-wal']) {
      const bytes = await readFile(join(server.dir, file), 'latin1');
      for (const secret of secrets) assert.ok(secret.length > 20 && !bytes.includes(secret), `${file} has a secret`);
    }
  });

  it('belongs to the API key that was shown, and to its body; a page of another origin does not get it', async () => {
    const other = await keyFor(server.identity, 'ann', 'operator');
    const key = { 'idempotency-key': 'in-2' };
    const first = await post('/auth/session', { ...ann.headers, ...key });
    const second = await post('/auth/session', { ...other.headers, ...key });
    assert.notDeepEqual(second.headers['set-cookie'], first.headers['set-cookie']);
    assert.equal(second.headers['idempotent-replayed'], undefined);
    assert.equal(codeOf(await post('/auth/session', { ...ann.headers, ...key }, { other: 1 })), 'IDEMPOTENCY_CONFLICT');
    const foreign = await post('/auth/session', { ...ann.headers, ...key, origin: 'https://evil.example' });
    assert.deepEqual([codeOf(foreign), foreign.headers['set-cookie']], ['CSRF_REFUSED', undefined]);
    await server.identity.keys.revoke(other.id);
    assert.equal((await post('/auth/session', { ...other.headers, ...key })).statusCode, 401);
  });

  it('ends a session once, and says so again to whoever has its cookie, though nobody knows it any more', async () => {
    const opened = await post('/auth/session', ann.headers);
    const cookie = cookieOf(opened.headers['set-cookie'], NAME);
    const csrf = openedSessionSchema.parse(opened.json()).csrf_token;
    const page = { cookie, origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrf };
    const key = { 'idempotency-key': 'out-1' };
    const open = await sessions();
    const first = await post('/auth/logout', { ...page, ...key });
    assert.equal(first.statusCode, 200, first.body);
    assert.equal(await sessions(), open - 1);
    const again = await post('/auth/logout', { ...page, ...key });
    assert.deepEqual([again.statusCode, again.body, again.headers['idempotent-replayed']], [200, first.body, 'true']);
    assert.match(String(again.headers['set-cookie']), /Max-Age=0/);
    for (const headers of [{ ...page, 'idempotency-key': 'out-2' }, page, { ...page, ...key, cookie: `${cookie}x` }])
      assert.equal((await post('/auth/logout', headers)).statusCode, 401);
    assert.equal((await post('/auth/session', { ...page, ...key })).statusCode, 401, 'for nothing else');
  });
});
