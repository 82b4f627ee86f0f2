import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { isAddressRange, isInRanges } from './address-ranges.ts';
import { checkPage, developmentUser } from './development-identity.ts';

const ANN = { 'x-user-id': 'u-1', 'x-user-email': 'ann@example.org' };
const PROXIES = ['10.1.0.0/16', '192.0.2.7', 'fd00::/8'];
const isRefused = (peer: string | undefined, headers: Record<string, string>, proxies = PROXIES): boolean =>
  'refused' in developmentUser({ peer, headers }, proxies);

describe('developmentUser()', () => {
  it('believes this machine, however its address is written', () => {
    for (const peer of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      assert.deepEqual(developmentUser({ peer, headers: ANN }, []), {
        userId: 'u-1',
        email: 'ann@example.org',
        name: 'ann',
        isLocal: true,
      });
      assert.partialDeepStrictEqual(developmentUser({ peer, headers: {} }, []), { userId: 'developer', isLocal: true });
    }
  });

  it('believes trusted proxies, which have to say who comes', () => {
    for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', 'fd12::1'])
      assert.partialDeepStrictEqual(developmentUser({ peer, headers: ANN }, PROXIES), { userId: 'u-1', isLocal: false });
    assert.ok(isRefused('10.1.2.3', {}));
    // A proxy on this very machine: nobody who comes by way of it is the developer.
    assert.ok(isRefused('127.0.0.1', {}, ['127.0.0.1']));
    assert.partialDeepStrictEqual(developmentUser({ peer: '127.0.0.1', headers: ANN }, ['127.0.0.0/8']), { isLocal: false });
  });

  it('believes nobody else, whatever the headers say of where they come from', () => {
    const claims = { ...ANN, 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' };
    for (const peer of ['10.2.0.1', '192.0.2.8', '0.0.0.0', '::', '::ffff:8.8.8.8', '169.254.1.1', 'localhost', '', undefined])
      for (const headers of [ANN, claims, {}]) assert.ok(isRefused(peer, headers), String(peer));
  });

  it('does not take what a proxy on this machine hands on for this machine', () => {
    for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded'])
      assert.ok(isRefused('127.0.0.1', { ...ANN, [name]: '203.0.113.9' }, []));
  });

  it('refuses what is no name and no address', () => {
    const isUnauthorized = (error: unknown): boolean => error instanceof PlatformError && error.code === 'UNAUTHORIZED';
    for (const headers of [
      { 'x-user-id': 'a b' },
      { ...ANN, 'x-user-email': 'ann' },
      { ...ANN, 'x-user-email': `${'a'.repeat(250)}@b.example` },
    ])
      assert.throws(() => developmentUser({ peer: '::1', headers }, []), isUnauthorized);
  });
});

describe('checkPage()', () => {
  const check = (peer: string, headers: Record<string, string>, publicUrl: string | null = null): void =>
    checkPage({ peer, headers, hasCredentials: false }, { trustedProxies: PROXIES, publicUrl, corsOrigins: [] });

  it('lets a proxy serve another host, from its own pages only', () => {
    check('10.1.2.3', { host: 'lw.example', origin: 'https://lw.example' });
    check('10.1.2.3', { host: 'internal:8080', origin: 'https://lw.example' }, 'https://lw.example/below/a/path');
    assert.throws(() => check('10.1.2.3', { host: 'lw.example', origin: 'https://evil.example' }), /origin/);
    assert.throws(() => check('127.0.0.1', { host: 'lw.example' }), /host/);
    assert.throws(() => check('127.0.0.1', {}), /host/);
  });
});

describe('isInRanges()', () => {
  it('compares addresses of one kind, and takes no text for one', () => {
    assert.ok(isInRanges('10.1.255.255', PROXIES) && !isInRanges('10.2.0.0', PROXIES));
    assert.ok(isInRanges('::ffff:10.1.0.1', PROXIES) && !isInRanges('::ffff:10.2.0.1', PROXIES));
    for (const odd of ['fe80::1', 'lw.example', '', undefined]) assert.ok(!isInRanges(odd, PROXIES));
    for (const wrong of ['10.0.0.0/33', 'example.org', '10.0.0.0/-1', '*', '']) assert.ok(!isAddressRange(wrong), wrong);
  });
});
