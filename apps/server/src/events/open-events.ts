import { join } from 'node:path';
import type { Engine } from '@loopwright/engine';
import { streamLimits, webhookTimes } from '../config/event-options.ts';
import type { Configuration } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { outboundHosts } from '../outbound/outbound-hosts.ts';
import type { ServerOptions } from '../server.ts';
import { SecretBox } from '../webhooks/secret-box.ts';
import { Webhooks } from '../webhooks/webhooks.ts';
import { EventStreams } from './event-streams.ts';
import type { MaySee } from './may-see.ts';

/** What tells others of events. */
interface EventParts extends AsyncDisposable {
  readonly streams: EventStreams;
  readonly webhooks: Webhooks;
  readonly maySee: MaySee;
}

/** Opens the streams of events and the webhooks, which read the same order of events. */
export async function openEvents(
  configuration: Configuration,
  {
    engine,
    database,
    maySee,
    clock,
    random,
    log,
  }: Omit<ServerOptions, 'configuration'> & {
    engine: Engine;
    database: ServerDatabase;
    maySee: MaySee;
  },
): Promise<EventParts> {
  const streams = new EventStreams({ engine, clock, maySee, limits: streamLimits(configuration) });
  const hosts = outboundHosts(configuration.webhookPrivateHosts, 'webhook_private_hosts');
  const webhooks = await Webhooks.open({
    database,
    source: streams.global,
    onCommit: (wake) => engine.subscribeAll(wake),
    announce: (notice) => engine.announce(notice),
    maySee,
    hosts,
    secrets: SecretBox.ofFile(join(configuration.dataDir, 'webhooks.key')),
    clock,
    random,
    ...webhookTimes(configuration),
    onTrouble: (message, error) => log.error({ err: error }, message),
  });
  return {
    streams,
    webhooks,
    maySee,
    [Symbol.asyncDispose]: async () => {
      await webhooks[Symbol.asyncDispose]();
      await hosts.close();
    },
  };
}
