import assert from 'node:assert/strict';
import { createHmac, createSign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { CompactEncrypt, type JWTPayload, SignJWT, exportSPKI, generateKeyPair } from 'jose';
import type { z } from 'zod';
import { type HeldClock, heldClock } from '../clock-fixture.ts';
import { type IssuerKey, type TestIssuer, issuerKey, openIssuer, rawToken, signed } from './issuer-fixture.ts';
import { jwtIssuerSchema } from './issuer-settings.ts';
import { JwtVerifier, type TokenUser } from './jwt-verifier.ts';

let dir: string;
let clock: HeldClock;
let rsa: IssuerKey;
let ec: IssuerKey;
let issuer: TestIssuer;
let verifier: JwtVerifier;
const SECRET = 'a secret of the issuer that is long enough for HS256';
const AUDIENCE = 'loopwright';
const HS = 'https://hs.example';
const PEM = 'https://pem.example';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-jwt-'));
  clock = heldClock();
  [rsa, ec] = [await issuerKey('rsa-1', 'RS256'), await issuerKey('ec-1')];
  issuer = await openIssuer(rsa, ec);
  await writeFile(join(dir, 'secret'), `${SECRET}\n`);
  await writeFile(join(dir, 'public.pem'), await exportSPKI(rsa.publicKey));
  const common = { audience: AUDIENCE };
  verifier = await open(
    { ...common, issuer: issuer.url, algorithms: ['RS256', 'ES256'], jwks_url: issuer.jwksUrl },
    { ...common, issuer: HS, algorithms: ['HS256'], secret_file: join(dir, 'secret') },
    { ...common, issuer: PEM, algorithms: ['RS256'], public_key_file: join(dir, 'public.pem') },
  );
});
after(async () => {
  await issuer[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const open = (...issuers: z.input<typeof jwtIssuerSchema>[]): Promise<JwtVerifier> =>
  JwtVerifier.open({ issuers: issuers.map((settings) => jwtIssuerSchema.parse(settings)), clock, onTrouble: () => undefined });
const seconds = (): number => Math.floor(clock.now() / 1000);
/** Claims that are right in every respect. */
const good = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer.url,
  sub: 'ann',
  aud: AUDIENCE,
  iat: seconds(),
  exp: seconds() + 300,
  ...more,
});

async function accepted(token: string, by = verifier): Promise<TokenUser> {
  const user = await by.verify(token);
  assert.ok(!('refused' in user), JSON.stringify(user));
  return user;
}

async function refused(token: string, why: RegExp, by = verifier): Promise<void> {
  const user = await by.verify(token);
  assert.ok('refused' in user, `it was taken: ${JSON.stringify(user)}`);
  assert.match(user.refused, why);
}

const hmac = (signingInput: string, key: string | Buffer): string =>
  createHmac('sha256', key).update(signingInput).digest('base64url');
/** The attacker's token under a key of their choice. */
const forged = (header: object, payload: object, key: string | Buffer): string => {
  const unsigned = rawToken(header, payload);
  return unsigned + hmac(unsigned.slice(0, -1), key);
};

describe('JwtVerifier takes', () => {
  it('tokens of each configured issuer under its own key', async () => {
    const user = await accepted(await signed(rsa, good({ email: 'ann@example.org', name: 'Ann', jti: 't-1' })));
    assert.deepEqual(
      [user.userId, user.email, user.name, user.role, user.tokenId, user.expiresAt],
      [`${issuer.url}|ann`, 'ann@example.org', 'Ann', null, 't-1', (seconds() + 300) * 1000],
    );
    assert.equal((await accepted(await signed(ec, good()))).userId, `${issuer.url}|ann`);
    assert.equal((await accepted(await signed(rsa, good({ iss: PEM })))).userId, `${PEM}|ann`);
    assert.equal((await accepted(forged({ alg: 'HS256', typ: 'JWT' }, good({ iss: HS }), SECRET))).userId, `${HS}|ann`);
    await accepted(await signed(ec, good({ aud: ['another', AUDIENCE] }), { typ: 'application/AT+JWT' }));
  });
});

describe('JwtVerifier refuses (RFC 8725)', () => {
  it('§2.1 a token without a signature: alg none, in any spelling', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      const token = rawToken({ alg, typ: 'JWT' }, good());
      await refused(token, /algorithm/);
      await refused(`${token}AAAA`, /algorithm/);
    }
    await refused(rawToken({ typ: 'JWT' }, good()), /no header/);
    const [header = '', payload = ''] = (await signed(rsa, good())).split('.');
    await refused(`${header}.${payload}.`, /signature/);
    await refused(`${header}.${payload}`, /no header/);
  });

  it('§2.1 algorithm confusion: HS256 with the public key as the secret', async () => {
    const pem = await exportSPKI(rsa.publicKey);
    for (const key of [pem, pem.trimEnd(), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '', Buffer.from(rsa.jwk.n ?? '', 'base64url')])
      for (const iss of [issuer.url, PEM])
        await refused(forged({ alg: 'HS256', kid: 'rsa-1', typ: 'JWT' }, good({ iss }), key), /algorithm/);
  });

  it('§2.1 an algorithm of the other issuer, or one that this issuer does not use', async () => {
    await refused(await signed(rsa, good({ iss: HS })), /algorithm/);
    await refused(await signed(ec, good({ iss: PEM })), /algorithm/);
    const token = await new SignJWT(good())
      .setProtectedHeader({ alg: 'PS256', kid: 'rsa-1', typ: 'JWT' })
      .sign((await issuerKey('ps', 'PS256')).privateKey);
    await refused(token, /algorithm/);
  });

  it('§2.1 a key of the wrong kind for the algorithm of the header', async () => {
    await refused(await signed(ec, good(), { kid: 'rsa-1' }), /key id/);
    await refused(await signed(rsa, good(), { kid: 'ec-1' }), /key id/);
  });

  it('a signature of another key, and a payload that was changed', async () => {
    await refused(await signed(await issuerKey('rsa-1', 'RS256'), good()), /signature/);
    const [header = '', , signature = ''] = (await signed(rsa, good())).split('.');
    const other = Buffer.from(JSON.stringify(good({ sub: 'root' }))).toString('base64url');
    await refused(`${header}.${other}.${signature}`, /signature/);
    await refused(forged({ alg: 'HS256', typ: 'JWT' }, good({ iss: HS }), ''), /signature/);
  });

  it('§2.9 key ids that try to be a path, a URL, a statement or a member of an object', async () => {
    const requestsBefore = issuer.requests();
    const kids = [
      '../../../../dev/null',
      '/dev/null',
      'file:///etc/passwd',
      `${issuer.url}/evil.json`,
      "x' UNION SELECT 'key' --",
      'rsa-1; rm -rf /',
      '__proto__',
      'constructor',
      'rsa-1\u0000',
      'RSA-1',
    ];
    for (const kid of kids) {
      await refused(await signed(rsa, good(), { kid }), /key id/);
      for (const key of ['', '\u0000', 'key'])
        await refused(forged({ alg: 'HS256', typ: 'JWT', kid }, good({ iss: HS }), key), /signature/);
    }
    await refused(await signed(rsa, good(), { kid: 'x'.repeat(201) }), /no header/);
    await refused(rawToken({ alg: 'RS256', typ: 'JWT', kid: { $ne: null } }, good(), 'AAAA'), /no header/);
    assert.ok(issuer.requests() <= requestsBefore + 1, 'invented ids were looked up again and again');
  });

  it('§2.9 keys that the token brings or points to: jwk, jku, x5u', async () => {
    const own = await issuerKey('own', 'RS256');
    await using evil = await openIssuer(own);
    for (const header of [{ jwk: own.jwk }, { jku: evil.jwksUrl }, { x5u: evil.jwksUrl }]) {
      await refused(await signed(own, good(), header), /header parameter/);
      await refused(await signed(rsa, good(), header), /header parameter/);
    }
    await refused(await signed(own, good(), { x5c: ['MIIB'] }), /key id/);
    assert.equal(evil.requests(), 0);
  });

  it('a token that is expired, to the second behind the tolerance', async () => {
    await accepted(await signed(rsa, good({ exp: seconds() - 29 })));
    await refused(await signed(rsa, good({ exp: seconds() - 30 })), /exp/);
    await refused(await signed(rsa, good({ exp: 0 })), /exp/);
    await refused(await signed(rsa, good({ exp: -1 })), /exp/);
  });

  it('a token that is not valid yet', async () => {
    await accepted(await signed(rsa, good({ nbf: seconds() + 30 })));
    await refused(await signed(rsa, good({ nbf: seconds() + 31 })), /nbf/);
  });

  it('a token without exp, or with one that is no number', async () => {
    const { exp: _, ...endless } = good();
    await refused(await signed(rsa, endless), /exp/);
    for (const exp of ['9999999999', null, true, [9_999_999_999], {}]) {
      const token = await signed(rsa, { ...endless, exp } as unknown as JWTPayload);
      await refused(token, /exp/);
    }
  });

  it('§3.9 a token for another audience, or for nobody', async () => {
    for (const aud of ['another', 'loopwright2', 'LOOPWRIGHT', '', ['a', 'b'], []])
      await refused(await signed(rsa, good({ aud })), /aud/);
    const { aud: _, ...forAnybody } = good();
    await refused(await signed(rsa, forAnybody), /aud/);
  });

  it('§3.8 a token of another issuer, and one issuer signing in the name of another', async () => {
    for (const iss of ['https://evil.example', `${issuer.url}/`, issuer.url.toUpperCase(), ''])
      await refused(await signed(rsa, good({ iss })), /unknown issuer/);
    const { iss: _, ...ofNobody } = good();
    await refused(await signed(rsa, ofNobody), /no issuer/);
    await refused(forged({ alg: 'HS256', typ: 'JWT' }, good(), SECRET), /algorithm/);
    await refused(await signed(rsa, { ...good(), iss: [issuer.url] } as unknown as JWTPayload), /no issuer/);
  });

  it('§3.11 a token of another type, or of none', async () => {
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE', 'JWT2', ''])
      await refused(await signed(rsa, good(), { typ }), /type/);
    const token = await new SignJWT(good()).setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' }).sign(rsa.privateKey);
    await refused(token, /type/);
  });

  it('§2.4 claims that stand there twice, plain, escaped, or nested', async () => {
    const raw = async (payload: string, header = '{"alg":"RS256","typ":"JWT","kid":"rsa-1"}'): Promise<string> => {
      const unsigned = rawToken(header, payload).slice(0, -1);
      return `${unsigned}.${await sign(unsigned)}`;
    };
    const rest = JSON.stringify(good()).slice(1, -1);
    await accepted(await raw(`{${rest},"x":{"sub":1},"y":[{"sub":"{"},{"sub":"\\""}]}`));
    await refused(await raw(`{"sub":"root",${rest}}`), /no claims/);
    await refused(await raw(`{"su\\u0062":"root",${rest}}`), /no claims/);
    await refused(await raw(`{${rest},"realm":{"roles":["viewer"],"roles":["admin"]}}`), /no claims/);
    await refused(await raw(`{${rest}}`, '{"alg":"RS256","alg":"RS256","typ":"JWT","kid":"rsa-1"}'), /no header/);
  });

  it('names with a null or another character that nobody sees', async () => {
    for (const sub of ['ann\u0000root', '\u0000', 'ann\n', 'ann\u202Eroot', 'ann\u200B', '', ' ann', 'x'.repeat(201)])
      await refused(await signed(rsa, good({ sub })), /no user/);
    await refused(await signed(rsa, { ...good(), sub: { $gt: '' } } as unknown as JWTPayload), /sub|no user/);
    assert.equal((await accepted(await signed(rsa, good({ email: 'a@b.example\u0000' })))).email, null);
  });

  it('a giant token, before it is even decoded', async () => {
    await accepted(await signed(rsa, good({ pad: 'x'.repeat(4000) })));
    await refused(await signed(rsa, good({ pad: 'x'.repeat(8000) })), /giant/);
    await refused('a'.repeat(10_000_000), /giant/);
    const deep = '['.repeat(3000);
    await refused(rawToken('{"alg":"RS256","typ":"JWT"}', deep, 'AAAA'), /no claims/);
  });

  it('extensions that have to be understood: b64 false, and any other crit', async () => {
    const header = { alg: 'RS256', typ: 'JWT', kid: 'rsa-1', b64: false, crit: ['b64'] };
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
    const payload = JSON.stringify(good());
    await refused(`${encoded}.${payload}.${await sign(`${encoded}.${payload}`)}`, /no header/);
    const other = Buffer.from(payload).toString('base64url');
    await refused(`${encoded}.${other}.${await sign(`${encoded}.${payload}`)}`, /header parameter/);
    await refused(await raw({ alg: 'RS256', typ: 'JWT', kid: 'rsa-1', crit: ['exp'], exp: 1 }), /header parameter/);
    await refused(await raw({ alg: 'RS256', typ: 'JWT', kid: 'rsa-1', crit: [] }), /header parameter/);
  });

  it('§2.3 an encrypted token in place of a signed one', async () => {
    const { publicKey } = await generateKeyPair('RSA-OAEP-256');
    const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(good())))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', typ: 'JWT', kid: 'rsa-1' })
      .encrypt(publicKey);
    await refused(jwe, /no header/);
    await refused(rawToken({ alg: 'dir', enc: 'A256GCM', typ: 'JWT' }, good(), 'AAAA'), /header parameter/);
  });

  it('what is no token at all', async () => {
    for (const token of ['', '.', '..', '...', 'a.b.c', 'null.null.null', 'W10.W10.W10', '  ', 'eyJhbGciOiJSUzI1NiJ9..', 'é.é.é'])
      await refused(token, /no header|no claims/);
    const token = await signed(rsa, good());
    for (const odd of [`${token}.x`, `${token}=`, ` ${token}`, token.replace('.', '..'), `${token}\n`])
      await refused(odd, /no header|no claims/);
  });
});

const raw = async (header: object): Promise<string> => {
  const unsigned = rawToken(header, good()).slice(0, -1);
  return `${unsigned}.${await sign(unsigned)}`;
};
async function sign(text: string): Promise<string> {
  const key = await crypto.subtle.exportKey('pkcs8', rsa.privateKey);
  const pem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(key).toString('base64')}\n-----END PRIVATE KEY-----`;
  return createSign('RSA-SHA256').update(text).sign(pem, 'base64url');
}

describe('JwtVerifier reads claims', () => {
  it('as the issuer is configured to give them', async () => {
    const claims = {
      user_claim: 'email',
      role_claim: '/realm_access/roles',
      roles: { staff: 'operator', root: 'admin' } as const,
      projects_claim: 'https://loopwright.example/projects',
    };
    const mapped = await open({
      issuer: issuer.url,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwks_url: issuer.jwksUrl,
      claims,
    });
    const projects = { 'https://loopwright.example/projects': { p1: 'root', p2: ['staff'], p3: 'nobody' } };
    const mail = { email: 'ann@example.org', email_verified: true };
    const user = await accepted(
      await signed(ec, good({ ...mail, realm_access: { roles: ['x', 'staff', 'toString'] }, ...projects })),
      mapped,
    );
    assert.deepEqual(
      [user.userId, user.role, [...user.projects]],
      [
        'ann@example.org',
        'operator',
        [
          ['p1', 'admin'],
          ['p2', 'operator'],
        ],
      ],
    );
    for (const roles of [undefined, [], ['admin'], ['__proto__'], 5, { root: true }])
      assert.equal((await accepted(await signed(ec, good({ ...mail, realm_access: { roles } })), mapped)).role, null);
  });

  it('and believes no address that is not verified where it is the name', async () => {
    const claims = { user_claim: 'email' };
    const mapped = await open({
      issuer: issuer.url,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwks_url: issuer.jwksUrl,
      claims,
    });
    for (const verified of [undefined, false, 'true', 1])
      await refused(await signed(ec, good({ email: 'root@example.org', email_verified: verified })), /not verified/, mapped);
  });

  it('and refuses a longer life than is allowed', async () => {
    const short = await open({
      issuer: HS,
      audience: AUDIENCE,
      algorithms: ['HS256'],
      secret_file: join(dir, 'secret'),
      max_life_seconds: 300,
    });
    const of = (claims: object): string => forged({ alg: 'HS256', typ: 'JWT' }, { ...good({ iss: HS }), ...claims }, SECRET);
    await accepted(of({}), short);
    await refused(of({ exp: seconds() + 301 }), /longer life/, short);
    await refused(of({ iat: undefined }), /longer life/, short);
  });
});

describe('the settings of an issuer', () => {
  it('pin one kind of key, which fixes the kind of algorithms', () => {
    const base = { issuer: 'i', audience: 'a' };
    const issues = (settings: object): number => jwtIssuerSchema.safeParse({ ...base, ...settings }).error?.issues.length ?? 0;
    assert.equal(issues({ algorithms: ['RS256'], jwks_url: 'https://i.example/jwks' }), 0);
    for (const wrong of [
      { algorithms: ['HS256'], jwks_url: 'https://i.example/jwks' },
      { algorithms: ['RS256', 'HS256'], public_key_file: 'x' },
      { algorithms: ['RS256'], secret_file: 'x' },
      { algorithms: ['none'], secret_file: 'x' },
      { algorithms: [], jwks_url: 'https://i.example/jwks' },
      { algorithms: ['RS256'] },
      { algorithms: ['RS256'], jwks_url: 'https://i.example/jwks', jwks_file: 'x' },
      { algorithms: ['RS256'], jwks_url: 'http://i.example/jwks' },
      { algorithms: ['RS256'], jwks_url: 'file:///etc/passwd' },
    ])
      assert.ok(issues(wrong) > 0, JSON.stringify(wrong));
  });

  it('refuse a secret that can be guessed, and a public key in its place', async () => {
    await writeFile(join(dir, 'short'), 'x'.repeat(31));
    for (const file of ['short', 'public.pem', 'missing'])
      await assert.rejects(
        open({ issuer: HS, audience: AUDIENCE, algorithms: ['HS256'], secret_file: join(dir, file) }),
        (error) => error instanceof PlatformError && error.code === 'INVALID_CONFIGURATION',
        file,
      );
  });
});
