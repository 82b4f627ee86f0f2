import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { SqliteStore } from '@loopwright/engine';
import { systemClock, webhookWithSecretSchema } from '@loopwright/protocol';
import { Webhook } from 'standardwebhooks';
import { type Answer, openServer } from '../http/app-fixture.ts';
import { openReceiver } from './receiver-fixture.ts';
import { hurriedClock, waitFor, subscribe, deliveriesOf, runOne } from './webhooks-fixture.ts';

describe('the stream behind webhooks', () => {
  it('goes on from its cursor over a restart, and says which events were gone before they were told', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-told-'));
    const first = await openServer({ dir });
    await using receiver = await openReceiver();
    const { webhook_id: id } = await subscribe(first, receiver.url);
    await runOne(first);
    await waitFor(async () => (await deliveriesOf(first, id, '?status=delivered')).length === 6);
    await first[Symbol.asyncDispose]();
    // As if it had been killed before it read the stream, and stood still until the history was compacted.
    const tables = new DatabaseSync(join(dir, 'server.db'));
    tables.exec('UPDATE webhook_cursor SET position = 0');
    tables.close();
    const store = new SqliteStore({ dir: join(dir, 'engine'), durability: 'process', onEvents: () => undefined });
    while (await store.write((transaction) => transaction.compactEnded(systemClock.now()))) continue;
    await store[Symbol.asyncDispose]();
    await using again = await openServer({ dir });
    await waitFor(() => receiver.received.length === 8);
    const told = receiver.received.slice(6).map(({ payload }) => payload);
    assert.partialDeepStrictEqual(
      told.toSorted((a, b) => b.type.localeCompare(a.type)),
      [
        { type: 'gap', data: { from_position: 1, to_position: 5 } },
        { type: 'completed', data: { position: 6 } },
      ],
    );
    assert.ok(again.streams() === 0);
    rmSync(dir, { recursive: true, force: true });
  });
});

describe('the secret of a webhook', () => {
  it('is rotated with both signatures for a while, and once for one key', async () => {
    const clock = hurriedClock();
    await using own = await openServer({ clock });
    await using receiver = await openReceiver();
    const { webhook_id: id, secret: old } = await subscribe(own, receiver.url, { event_types: ['webhook_disabled'] });
    const rotate = (key: string, body: object): Promise<Answer> =>
      own.post(`/api/v1/webhooks/${id}/secret`, body, { 'idempotency-key': key });
    const first = webhookWithSecretSchema.parse((await rotate('a', { keep_previous_seconds: 3600 })).body);
    const again = webhookWithSecretSchema.parse((await rotate('a', { keep_previous_seconds: 3600 })).body);
    assert.equal(again.secret, first.secret);
    assert.notEqual(first.secret, old);
    const receive = async (): Promise<{ body: string; headers: Record<string, string> }> => {
      const had = receiver.received.length;
      await own.post(`/api/v1/webhooks/${id}/test`);
      await waitFor(() => receiver.received.length > had);
      const { body, headers } = receiver.received.at(-1) ?? assert.fail();
      // The library compares with the time of the machine.
      return { body, headers };
    };
    const both = await receive();
    new Webhook(old).verify(both.body, both.headers);
    new Webhook(first.secret).verify(both.body, both.headers);
    assert.equal(both.headers['webhook-signature']?.split(' ').length, 2);
    const last = webhookWithSecretSchema.parse((await rotate('b', { keep_previous_seconds: 0 })).body);
    const one = await receive();
    new Webhook(last.secret).verify(one.body, one.headers);
    for (const gone of [old, first.secret]) assert.throws(() => new Webhook(gone).verify(one.body, one.headers), /No matching/);
    await rotate('c', { keep_previous_seconds: 60 });
    clock.forward(61_000);
    assert.equal((await receive()).headers['webhook-signature']?.split(' ').length, 1);
  });
});
