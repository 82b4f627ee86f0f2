import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localPath } from '../http/browser-sessions.ts';
import { cookieRules, setCookie } from './session-cookie.ts';

describe('cookieRules()', () => {
  const cookie = (publicUrl: string | null): string => {
    const rules = cookieRules({ host: '127.0.0.1', publicUrl });
    return setCookie(rules, rules.session, 'x', 60);
  };

  it('sends cookies to the server only, however it is reached', () => {
    assert.equal(cookie(null), 'loopwright_session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60');
    assert.equal(cookie('https://lw.example'), '__Host-loopwright_session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure');
    // Browsers refuse a cookie that is called __Host- and has another path than /.
    assert.equal(
      cookie('https://lw.example/tools/loop'),
      '__Secure-loopwright_session=x; Path=/tools/loop; HttpOnly; SameSite=Lax; Max-Age=60; Secure',
    );
  });

  it('takes the origin of its pages from where browsers see them', () => {
    const originOf = (publicUrl: string | null): string => cookieRules({ host: '127.0.0.1', publicUrl }).originOf('here:80');
    assert.equal(originOf(null), 'http://here:80');
    assert.equal(originOf('https://lw.example/tools/loop'), 'https://lw.example');
  });
});

describe('localPath()', () => {
  it('stays below the path of the server', () => {
    assert.equal(localPath('/tools/loop/runs?q=a', '/tools/loop'), '/tools/loop/runs?q=a');
    assert.equal(localPath('/runs', ''), '/runs');
    for (const other of [
      '/',
      '/mail/',
      '/tools/loophole',
      '/tools/loop/../mail',
      '/tools/loop/%2e%2e/mail',
      '//evil.example',
      'x',
    ])
      assert.equal(localPath(other, '/tools/loop'), '/tools/loop/', other);
  });
});
