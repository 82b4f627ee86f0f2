import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { newApiKeySchema, openedSessionSchema, streamTicketSchema } from '@loopwright/protocol';
import { issuerKey, openIssuer, signed } from '../identity/jwt/issuer-fixture.ts';
import { jwtIssuerSchema } from '../identity/jwt/issuer-settings.ts';
import { SECRET_PATHS } from '../observability/server-log.ts';
import { openServer } from './app-fixture.ts';
import { cookieOf, keyFor } from './identity-fixture.ts';

describe('secrets', () => {
  it('stand in no log and no error, whatever is sent and however it fails', async () => {
    const key = await issuerKey('one');
    await using issuer = await openIssuer(key);
    const settings = { issuer: issuer.url, audience: 'lw', algorithms: ['ES256'], jwks_url: issuer.jwksUrl };
    await using server = await openServer({ identity: { jwtIssuers: [jwtIssuerSchema.parse(settings)] }, logLevel: 'trace' });
    const { headers: ann } = await keyFor(server.identity, 'ann', 'admin');
    const made = newApiKeySchema.parse((await server.post('/api/v1/api-keys', { name: 'k' }, ann)).body).key ?? '';
    const opened = await server.post('/auth/session', undefined, ann);
    const cookie = cookieOf(opened.headers.getSetCookie(), 'loopwright_session');
    const { csrf_token: csrf } = openedSessionSchema.parse(opened.body);
    const { ticket } = streamTicketSchema.parse((await server.post('/api/v1/stream-tickets', undefined, ann)).body);
    const exp = Math.floor(Date.now() / 1000) + 60;
    const token = await signed(key, { iss: issuer.url, aud: 'lw', sub: 's', exp });
    const wrongKey = `${made.slice(0, -1)}~`;
    const secrets = [
      made,
      made.slice(12),
      ann.authorization.slice(19),
      cookie.split('=')[1] ?? '',
      csrf,
      ticket ?? '',
      token,
      wrongKey,
    ];

    const answers: string[] = [];
    const credentials = [
      ...secrets.map((secret) => ({ authorization: `Bearer ${secret}` })),
      { authorization: `Basic ${made}` },
      { cookie },
      { cookie: `${cookie}x`, 'x-csrf-token': csrf },
      { cookie, 'x-csrf-token': `${csrf}x`, origin: server.url },
      { 'x-user-id': 'ann', authorization: made },
    ];
    for (const headers of credentials) {
      for (const path of [
        '/api/v1/me',
        '/api/v1/nothing',
        `/api/v1/ws/executions/x?ticket=${ticket}`,
        `/api/v1/tasks?limit=x&ticket=${ticket}`,
      ])
        answers.push(JSON.stringify((await server.get(path, { ...headers, accept: 'text/event-stream' })).body));
      answers.push(
        JSON.stringify(
          (await server.post('/api/v1/api-keys', '{"name":', { ...headers, 'content-type': 'application/json' })).body,
        ),
      );
      answers.push(JSON.stringify((await server.post('/api/v1/workflows/plain/start', { project_id: 5 }, headers)).body));
    }
    // An error that nobody foresaw is logged with its request.
    await server.database.destroy();
    answers.push(JSON.stringify((await server.get('/api/v1/me', ann)).body));
    const log = server.log.join('');
    assert.match(log, /Refused a request without an identity/);
    assert.match(log, /"level":50/);
    const texts = [log, answers.filter((answer) => !answer.includes('"csrf_token":"')).join('')];
    for (const secret of secrets) for (const text of texts) assert.ok(!text.includes(secret), `found ${secret.slice(0, 8)}…`);
  });

  it('are redacted where something logs headers after all', () => {
    const lines: string[] = [];
    const log = pino({ redact: [...SECRET_PATHS] }, { write: (line: string) => void lines.push(line) });
    const headers = { authorization: 'S1', cookie: 'S2', 'set-cookie': 'S3', 'x-csrf-token': 'S4', host: 'shown' };
    log.info({ headers, req: { headers }, res: { headers }, ...headers }, 'x');
    log.error({ err: Object.assign(new Error('failed'), { headers }) });
    assert.match(lines.join(''), /shown/);
    assert.doesNotMatch(lines.join(''), /S\d/);
  });
});
