import { join } from 'node:path';
import type { Engine } from '@loopwright/engine';
import { type Clock, systemRandom } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import { outboundHosts } from '../outbound/outbound-hosts.ts';
import { SecretBox } from '../webhooks/secret-box.ts';
import { type WebhookParts, Webhooks } from '../webhooks/webhooks.ts';
import { EventStreams, type StreamLimits } from './event-streams.ts';
import type { MaySee } from './may-see.ts';

const DAY_MS = 86_400_000;

/** What is different about the events of one test server. */
export interface EventFixtureOptions {
  readonly streamLimits?: Partial<StreamLimits>;
  readonly maySee?: MaySee;
  readonly webhooks?: Partial<WebhookParts>;
}

/** Streams and webhooks of a test server; webhooks may be sent to this machine. */
export async function openEvents(
  {
    engine,
    database,
    maySee,
    dir,
    clock,
    log,
  }: { engine: Engine; database: ServerDatabase; maySee: MaySee; dir: string; clock: Clock; log: string[] },
  options: EventFixtureOptions,
): Promise<AsyncDisposable & { streams: EventStreams; webhooks: Webhooks; maySee: MaySee }> {
  const limits = { total: 1000, perUser: 1000, stallMs: 300_000, ...options.streamLimits };
  const visible = options.maySee ?? maySee;
  const streams = new EventStreams({ engine, clock, maySee: visible, limits });
  const hosts = outboundHosts(['127.0.0.1'], 'webhook_private_hosts');
  const webhooks = await Webhooks.open({
    database,
    source: streams.global,
    onCommit: (wake) => engine.subscribeAll(wake),
    announce: (notice) => engine.announce(notice),
    maySee: visible,
    hosts,
    secrets: SecretBox.ofFile(join(dir, 'webhooks.key')),
    clock,
    random: systemRandom,
    timeoutMs: 2000,
    disableAfterMs: 5 * DAY_MS,
    logMs: 30 * DAY_MS,
    onTrouble: (message, error) => log.push(`${message}: ${String(error)}`),
    ...options.webhooks,
  });
  return {
    streams,
    webhooks,
    maySee: visible,
    [Symbol.asyncDispose]: async () => {
      await webhooks[Symbol.asyncDispose]();
      await hosts.close();
    },
  };
}
