import assert from 'node:assert/strict';
import {
  type Clock,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
  type WebhookWithSecret,
  systemClock,
  webhookDeliveryDetailSchema,
  webhookDeliveryListSchema,
  webhookWithSecretSchema,
} from '@loopwright/protocol';
import { type Answer, type TestServer, start, untilStatus } from '../http/app-fixture.ts';

export const HOUR_MS = 3_600_000;

/** A clock that tests can put forward; nobody waits for more than some milliseconds, but the time limit of a request is a real one. */
export function hurriedClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    schedule: (delayMs, run) => systemClock.schedule(delayMs > 2500 ? 5 : delayMs, run),
    forward: (ms) => void (ahead += ms),
  };
}

export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'waited for 60 s');
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

export async function call(server: TestServer, method: string, path: string, body?: object): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(server.url + path, { method, ...json });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

export async function subscribe(server: TestServer, url: string, rest: object = {}): Promise<WebhookWithSecret> {
  const answer = await server.post('/api/v1/webhooks', { url, ...rest });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return webhookWithSecretSchema.parse(answer.body);
}

export async function deliveriesOf(server: TestServer, id: string, query = ''): Promise<WebhookDelivery[]> {
  return webhookDeliveryListSchema.parse((await server.get(`/api/v1/webhooks/${id}/deliveries${query}`)).body).deliveries;
}

export async function detailOf(
  server: TestServer,
  { webhook_id: id, delivery_id: of }: WebhookDelivery,
): Promise<WebhookDeliveryDetail> {
  return webhookDeliveryDetailSchema.parse((await server.get(`/api/v1/webhooks/${id}/deliveries/${of}`)).body);
}

/** Runs an execution to its end: six events. */
export async function runOne(server: TestServer): Promise<string> {
  const { execution_id: id } = await start(server, 'plain');
  await untilStatus(server, id, 'completed');
  return id;
}
