import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '../config/settings.ts';
import { jailPolicyOf } from './sandboxes.ts';

const ownMachine: Parameters<typeof jailPolicyOf>[0] = {
  sandboxJail: null,
  host: '127.0.0.1',
  identity: 'development',
  jwtIssuers: [],
  oidc: null,
};

describe('jailPolicyOf', () => {
  it('asks for the jail as soon as others can reach the server, and prefers it on one’s own machine', () => {
    const issuer = {} as Configuration['jwtIssuers'][number];
    const provider = {} as NonNullable<Configuration['oidc']>;
    assert.equal(jailPolicyOf(ownMachine), 'preferred');
    assert.equal(jailPolicyOf({ ...ownMachine, host: '::1' }), 'preferred');
    assert.equal(jailPolicyOf({ ...ownMachine, host: '0.0.0.0' }), 'required');
    assert.equal(jailPolicyOf({ ...ownMachine, identity: 'configured' }), 'required');
    assert.equal(jailPolicyOf({ ...ownMachine, jwtIssuers: [issuer] }), 'required');
    assert.equal(jailPolicyOf({ ...ownMachine, oidc: provider }), 'required');
  });

  it('does what is configured', () => {
    assert.equal(jailPolicyOf({ ...ownMachine, sandboxJail: 'off' }), 'off');
    assert.equal(jailPolicyOf({ ...ownMachine, sandboxJail: 'required' }), 'required');
    assert.equal(jailPolicyOf({ ...ownMachine, sandboxJail: 'preferred', host: '0.0.0.0' }), 'preferred');
  });
});
