import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ApiKeyList, type NewApiKey, apiKeyListSchema, apiKeySchema, meSchema, newApiKeySchema } from '@loopwright/protocol';
import { heldClock } from '../../identity/clock-fixture.ts';
import { type Answer, type TestServer, errorIn, openServer, pointersIn } from '../app-fixture.ts';
import { keyFor } from '../identity-fixture.ts';

type Headers = Readonly<Record<string, string>>;

const clock = heldClock();
let server: TestServer;
let root: Headers;
let ann: Headers;
before(async () => {
  server = await openServer({ identity: { identity: 'configured' }, clock });
  root = (await keyFor(server.identity, 'root', 'admin')).headers;
  ann = (await keyFor(server.identity, 'ann', 'operator')).headers;
});
after(() => server[Symbol.asyncDispose]());

const bearer = (key: string | null): Headers => ({ authorization: `Bearer ${key}` });
const make = (body: object, headers: Headers = ann, more: Headers = {}): Promise<Answer> =>
  server.post('/api/v1/api-keys', { name: 'k', ...body }, { ...headers, ...more });
const made = async (body: object, headers: Headers = ann): Promise<NewApiKey> => {
  const answer = await make(body, headers);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return newApiKeySchema.parse(answer.body);
};
const remove = async (id: string, headers: Headers) =>
  server.app.inject({ method: 'DELETE', url: `/api/v1/api-keys/${id}`, headers });
const status = async (key: string | null): Promise<number> => (await server.get('/api/v1/me', bearer(key))).status;
const iso = (at: number): string => new Date(at).toISOString();

describe('POST /api/v1/api-keys', () => {
  it('gives the secret once, and keeps nothing that it could be read from', async () => {
    const { key, key_id: id } = await made({ name: 'robot' });
    assert.match(key ?? '', /^lw_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
    assert.ok(key?.startsWith(`lw_${id}_`));
    assert.equal(await status(key), 200);
    const stored = readdirSync(server.dir)
      .filter((name) => /\.db/.test(name))
      .map((name) => readFileSync(join(server.dir, name), 'latin1'))
      .join('');
    assert.ok(stored.includes(id), 'the files hold no keys at all');
    assert.ok(!stored.includes(key?.slice(12) ?? ''), 'the secret stands in a file');
    const list = JSON.stringify((await server.get('/api/v1/api-keys', ann)).body);
    assert.ok(list.includes(id) && !list.includes(key?.slice(12) ?? ''));
  });

  it('keeps no secret under an Idempotency-Key either: the answer comes again without it', async () => {
    const once = { 'idempotency-key': 'make-1' };
    const first = newApiKeySchema.parse((await make({}, ann, once)).body);
    const again = await make({}, ann, once);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.deepEqual(newApiKeySchema.parse(again.body), { ...first, key: null });
  });

  it('restricts the key to a role, permissions, projects and a time', async () => {
    const asked = {
      role: 'viewer',
      scopes: ['executions:read', 'tasks:decide'],
      projects: ['p1'],
      expires_at: iso(clock.now() + 1000),
    };
    const { key, ...row } = await made(asked);
    assert.partialDeepStrictEqual(row, { ...asked, user_id: 'ann', last_used_at: null, revoked_at: null });
    const me = meSchema.parse((await server.get('/api/v1/me', bearer(key))).body);
    const wanted = {
      role: 'viewer',
      role_cap: 'viewer',
      scopes: asked.scopes,
      projects: ['p1'],
      expires_at: asked.expires_at,
      method: 'api_key',
    };
    assert.partialDeepStrictEqual(me, { ...wanted, credential_id: row.key_id });
    clock.pass(999);
    assert.equal(await status(key), 200);
    clock.pass(1);
    assert.equal(await status(key), 401);
  });

  it('never makes a key that may more than the one it was made with', async () => {
    const viewer = await made({ role: 'viewer' });
    const narrow = await made({ scopes: ['api-keys:write', 'executions:read'], projects: ['p1', 'p2'] });
    errorIn(await make({ role: 'operator' }, bearer(viewer.key)), 'FORBIDDEN');
    errorIn(await make({ scopes: ['executions:write'] }, bearer(narrow.key)), 'FORBIDDEN');
    errorIn(await make({ projects: ['p1', 'p3'] }, bearer(narrow.key)), 'FORBIDDEN');
    assert.equal((await made({}, bearer(viewer.key))).role, 'viewer');
    const child = await made({ projects: ['p2'] }, bearer(narrow.key));
    assert.partialDeepStrictEqual(child, { scopes: ['api-keys:write', 'executions:read'], projects: ['p2'] });
    const brief = await made({ expires_at: iso(clock.now() + 60_000) });
    assert.equal((await made({}, bearer(brief.key))).expires_at, brief.expires_at);
    errorIn(await make({ expires_at: iso(clock.now() + 60_001) }, bearer(brief.key)), 'FORBIDDEN');
    // A cap above the owner's own role is no promotion.
    const high = await made({ role: 'admin' });
    assert.equal(meSchema.parse((await server.get('/api/v1/me', bearer(high.key))).body).role, 'operator');
  });

  it('makes keys of others for administrators only, whose credential is not restricted', async () => {
    errorIn(await make({ user_id: 'root' }), 'FORBIDDEN');
    const narrow = await made({ scopes: ['api-keys:write'] }, root);
    errorIn(await make({ user_id: 'ann' }, bearer(narrow.key)), 'FORBIDDEN');
    const robot = await made({ user_id: 'robot-1' }, root);
    assert.partialDeepStrictEqual((await server.get('/api/v1/me', bearer(robot.key))).body, {
      user_id: 'robot-1',
      role: 'viewer',
    });
  });

  it('refuses what makes no sense, with pointers', async () => {
    const odd: [body: object, pointer: string][] = [
      [{ name: '' }, '/body/name'],
      [{ name: 'x'.repeat(101) }, '/body/name'],
      [{ role: 'god' }, '/body/role'],
      [{ scopes: [] }, '/body/scopes'],
      [{ scopes: ['*'] }, '/body/scopes/0'],
      [{ scopes: ['a:b:c'] }, '/body/scopes/0'],
      [{ projects: [''] }, '/body/projects/0'],
      [{ user_id: 'a\u0000b' }, '/body/user_id'],
      [{ expires_at: 'soon' }, '/body/expires_at'],
      [{ key_id: 'mine' }, '/body/key_id'],
      [{ constructor: 1 }, '/body/constructor'],
    ];
    for (const [body, pointer] of odd)
      assert.deepEqual(pointersIn(errorIn(await make(body, root), 'VALIDATION_ERROR')), [pointer]);
    for (const at of [clock.now(), clock.now() - 1, clock.now() + 4000 * 86_400_000])
      assert.deepEqual(pointersIn(errorIn(await make({ expires_at: iso(at) }), 'VALIDATION_ERROR')), ['/body/expires_at']);
  });

  it('has a limit of keys that are good', async () => {
    const { headers } = await keyFor(server.identity, 'hoarder', 'viewer');
    // The caller's own is the first of the hundred.
    const { key_id: other } = await made({}, headers);
    for (let count = 2; count < 100; count += 1) await made({}, headers);
    errorIn(await make({}, headers), 'LIMIT_EXCEEDED');
    assert.equal((await remove(other, headers)).statusCode, 200);
    await made({}, headers);
  });
});

describe('GET /api/v1/api-keys', () => {
  it('pages through everything once, also when keys are made meanwhile', async () => {
    const { headers } = await keyFor(server.identity, 'pager', 'viewer');
    const ids = [];
    for (let count = 0; count < 7; count += 1) {
      ids.push((await made({}, headers)).key_id);
      if (count % 3 === 0) clock.pass(1);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: ApiKeyList = apiKeyListSchema.parse((await server.get(`/api/v1/api-keys?limit=3${query}`, headers)).body);
      seen.push(...page.api_keys.map(({ key_id: id }) => id));
      cursor = page.next_cursor;
      await made({}, headers);
      clock.pass(1);
    }
    assert.equal(new Set(seen).size, seen.length);
    for (const id of ids) assert.ok(seen.includes(id));
    for (const wrong of ['x', 'WzEsMl0', '%00', 'W10'])
      errorIn(await server.get(`/api/v1/api-keys?cursor=${wrong}`, headers), 'VALIDATION_ERROR');
  });

  it('shows everybody their own, and administrators all', async () => {
    const owners = async (headers: Headers, query = ''): Promise<Set<string>> => {
      const { body } = await server.get(`/api/v1/api-keys?limit=500${query}`, headers);
      return new Set(apiKeyListSchema.parse(body).api_keys.map(({ user_id: id }) => id));
    };
    assert.deepEqual(await owners(ann), new Set(['ann']));
    assert.ok((await owners(root)).has('ann') && (await owners(root)).has('root'));
    assert.deepEqual(await owners(root, '&user_id=ann'), new Set(['ann']));
    errorIn(await server.get('/api/v1/api-keys?user_id=root', ann), 'FORBIDDEN');
  });
});

describe('rotating and revoking a key', () => {
  it('gives no restricted credential the secret of a key that may more', async () => {
    const wide = await made({});
    const restrictions = [
      { role: 'viewer' },
      { scopes: ['api-keys:write'] },
      { projects: ['p1'] },
      { expires_at: iso(clock.now() + 60_000) },
    ];
    for (const restriction of restrictions) {
      const narrow = await made(restriction);
      errorIn(await server.post(`/api/v1/api-keys/${wide.key_id}/rotate`, undefined, bearer(narrow.key)), 'FORBIDDEN');
      assert.equal((await remove(wide.key_id, bearer(narrow.key))).statusCode, 403);
      assert.equal((await server.post(`/api/v1/api-keys/${narrow.key_id}/rotate`, undefined, bearer(narrow.key))).status, 200);
    }
    assert.equal(await status(wide.key), 200);
  });

  it('gives a new secret at once, and lets the old one work as long as asked', async () => {
    const first = await made({});
    const rotate = (id: string, body: object | undefined, headers: Headers): Promise<Answer> =>
      server.post(`/api/v1/api-keys/${id}/rotate`, body, headers);
    const second = newApiKeySchema.parse((await rotate(first.key_id, undefined, bearer(first.key))).body);
    assert.deepEqual([await status(first.key), await status(second.key), second.key_id], [401, 200, first.key_id]);
    const third = newApiKeySchema.parse((await rotate(first.key_id, { grace_seconds: 60 }, ann)).body);
    assert.deepEqual([await status(first.key), await status(second.key), await status(third.key)], [401, 200, 200]);
    clock.pass(60_000);
    assert.deepEqual([await status(second.key), await status(third.key)], [401, 200]);
    errorIn(await rotate(first.key_id, { grace_seconds: -1 }, ann), 'VALIDATION_ERROR');
    await remove(first.key_id, ann);
    errorIn(await rotate(first.key_id, undefined, ann), 'INVALID_STATE');
    assert.equal(await status(third.key), 401);
  });

  it('counts from the next request on, for ever, and keeps the first time', async () => {
    const key = await made({});
    assert.equal(await status(key.key), 200);
    const first = apiKeySchema.parse((await remove(key.key_id, ann)).json());
    assert.equal(first.revoked_at, iso(clock.now()));
    assert.equal(await status(key.key), 401);
    clock.pass(5000);
    assert.equal(apiKeySchema.parse((await remove(key.key_id, root)).json()).revoked_at, first.revoked_at);
  });

  it('answers for the key of somebody else as for one that does not exist', async () => {
    const secret = await made({}, root);
    const strange = [await remove(secret.key_id, ann), await remove('zzzzzzzz', ann)];
    const bodies = strange.map((answer) =>
      answer.body.replaceAll(/zzzzzzzz|"request_id":"[^"]+"/g, '').replaceAll(secret.key_id, ''),
    );
    assert.deepEqual([strange.map(({ statusCode }) => statusCode), bodies[0]], [[404, 404], bodies[1]]);
    errorIn(await server.post(`/api/v1/api-keys/${secret.key_id}/rotate`, undefined, ann), 'API_KEY_NOT_FOUND');
    assert.equal(await status(secret.key), 200);
  });
});
