import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { heldClock } from '../clock-fixture.ts';
import { fetchJson } from './fetch-json.ts';
import { type IssuerKey, type TestIssuer, issuerKey, openIssuer } from './issuer-fixture.ts';
import { JwksKeys } from './jwks-keys.ts';

let one: IssuerKey;
let two: IssuerKey;
before(async () => {
  [one, two] = [await issuerKey('one'), await issuerKey('two')];
});

function keysOf(issuer: TestIssuer) {
  const clock = heldClock();
  const troubles: string[] = [];
  const keys = new JwksKeys({
    load: () => fetchJson(issuer.jwksUrl),
    clock,
    onTrouble: (message) => void troubles.push(message),
  });
  const has = async (kid: string): Promise<boolean> => (await keys.find({ alg: 'ES256', kid })) !== undefined;
  return { clock, troubles, keys, has };
}

const isUnavailable = (error: unknown): boolean => error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE';

describe('JwksKeys', () => {
  it('asks once for many tokens, also when they come at once', async () => {
    await using issuer = await openIssuer(one);
    const { has, clock } = keysOf(issuer);
    assert.deepEqual(
      await Promise.all(Array.from({ length: 20 }, () => has('one'))),
      Array.from({ length: 20 }, () => true),
    );
    clock.pass(9 * 60_000);
    assert.equal(await has('one'), true);
    assert.equal(issuer.requests(), 1);
  });

  it('finds a new key at the first token that it signs, and asks for invented ones at most every 30 s', async () => {
    await using issuer = await openIssuer(one);
    const { has, clock } = keysOf(issuer);
    assert.equal(await has('one'), true);
    issuer.publish(one, two);
    assert.equal(await has('two'), false);
    clock.pass(30_000);
    assert.equal(await has('two'), true);
    assert.equal(issuer.requests(), 2);
    for (let i = 0; i < 50; i += 1) assert.equal(await has(`invented-${i}`), false);
    assert.equal(issuer.requests(), 2);
    clock.pass(29_999);
    assert.equal(await has('invented'), false);
    assert.equal(issuer.requests(), 2);
    clock.pass(1);
    assert.equal(await has('invented'), false);
    assert.equal(issuer.requests(), 3);
  });

  it('forgets a key that the issuer took back', async () => {
    await using issuer = await openIssuer(one, two);
    const { has, clock, keys } = keysOf(issuer);
    assert.equal(await has('two'), true);
    issuer.publish(one);
    clock.pass(10 * 60_000);
    await has('two');
    await keys.refresh();
    assert.equal(await has('two'), false);
  });

  it('keeps the last good keys while the issuer is away, for a day, and comes back by itself', async () => {
    await using issuer = await openIssuer(one);
    const { has, clock, keys, troubles } = keysOf(issuer);
    assert.equal(await has('one'), true);
    for (const [status, body] of [
      [500, ''],
      [200, '{"keys":"none"}'],
      [200, 'x'.repeat(300_000)],
      [200, '<html>'],
    ] as const) {
      issuer.answer(status, body);
      clock.pass(60 * 60_000);
      assert.equal(await has('one'), true);
      await keys.refresh();
    }
    assert.equal(troubles.length, 4);
    clock.pass(20 * 60 * 60_000);
    await assert.rejects(has('one'), isUnavailable);
    issuer.answer(null);
    clock.pass(30_000);
    assert.equal(await has('one'), true);
  });

  it('follows no redirect, and says that it cannot tell when there never were keys', async () => {
    await using other = await openIssuer(one);
    await using issuer = await openIssuer(one);
    issuer.answer(302, '', { location: other.jwksUrl });
    const { has, clock } = keysOf(issuer);
    await assert.rejects(has('one'), isUnavailable);
    await assert.rejects(has('one'), isUnavailable);
    assert.deepEqual([issuer.requests(), other.requests()], [1, 0]);
    issuer.answer(null);
    clock.pass(30_000);
    assert.equal(await has('one'), true);
  });
});
