import {
  type Clock,
  MODULE_INIT_LIMIT_BYTES,
  MODULE_PROTOCOL_VERSION,
  type ModuleInit,
  moduleInitSchema,
  type ModuleSpansMessage,
  type Random,
  systemRandom,
} from '@loopwright/protocol';
import { moduleChannel, type ModuleSideChannel } from './channel/module-channel.ts';
import type { OnReport } from './channel/report.ts';
import { HttpIpcServer, type HttpIpcServerOptions } from './http-ipc/http-ipc-server.ts';
import { type FetchHandler, fetchHandler } from './http-ipc/fetch-handler.ts';
import type { IpcHandler } from './http-ipc/ipc-messages.ts';
import { PortNegotiator } from './port/port-negotiator.ts';
import { orchestratorSecrets } from './secrets/orchestrator-secrets.ts';
import { MessageClient } from './messaging/message-client.ts';
import { Redactor } from './secrets/redactor.ts';
import type { SecretClient } from './secrets/secret-client.ts';
import { ServiceClient } from './services/service-client.ts';
import type { Transport } from './transport/transport.ts';

/** A module that is up. */
export interface RunningModule {
  /** Where it listens, `host:port`; left out by a module that has only {@link RunningModule.fetch}. */
  readonly listen?: string;
  /** What it serves. */
  readonly endpoints: readonly { readonly path: string; readonly methods: readonly string[] }[];
  /** Serves requests over the module channel, with no port: any handler of `Request → Response`. */
  readonly fetch?: FetchHandler;
  /** Instead of `fetch`, as plain records; see {@link IpcHandler}. */
  readonly handle?: IpcHandler;
  /** Limits of the requests over the module channel. */
  readonly limits?: Pick<HttpIpcServerOptions, 'timeoutMs' | 'maxConcurrent' | 'maxQueued'>;
  /** Called once as soon as it is announced and answers; what it throws ends the module. */
  serving?(): Promise<void>;
  /** Finishes what is under way and closes; called once, after the last request over the channel was answered. */
  stop(): Promise<void>;
}

/** What a module gets from its surroundings besides its init object. */
export interface ModuleContext {
  /** The secrets that the orchestrator gives it. */
  readonly secrets: SecretClient;
  /** Knows all secrets that were given: for logs. */
  readonly redactor: Redactor;
  /** Services of the host and of other modules. */
  readonly services: ServiceClient;
  /** Messages with other modules. */
  readonly messages: MessageClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes what handlers throw. Does not throw. */
  readonly onError: (error: unknown) => void;
  /** Finds a port and binds it, for a module that serves over TCP too. */
  readonly ports: PortNegotiator;
  /** Takes spans to the orchestrator; gives `false` when so much waits for it that they would fill the memory. */
  readonly sendSpans: (message: ModuleSpansMessage) => boolean;
}

/** Bytes on their way to an orchestrator that does not read, above which spans are left out. */
const UNREAD_BYTES = 256 * 1024;

/** Starts a module. */
export type StartModule = (init: ModuleInit, context: ModuleContext) => Promise<RunningModule>;

/** What {@link serveModule} works with. */
export interface ServeModuleOptions {
  readonly transport: Transport;
  readonly start: StartModule;
  readonly clock: Clock;
  /** @default that of the machine */
  readonly random?: Random;
  readonly redactor?: Redactor;
  /** Gets what the orchestrator wrote and nobody understood. */
  readonly onReport: OnReport;
  /** Gets what handlers of HTTP over IPC throw. */
  readonly onError: (error: unknown) => void;
  /** Drains the module when it is aborted, as `shutdown` does. */
  readonly signal?: AbortSignal;
  /** Whether the module is stopped too when its orchestrator goes away: where the process goes on. @default false */
  readonly stopsWhenDisconnected?: boolean;
}

/**
 * Runs a module over any transport: reads the init line, starts it, announces it, answers heartbeats, serves requests. Resolves with `stopped` after `shutdown`
 * (everything answered and sent), or with `disconnected` as soon as the orchestrator is gone.
 *
 * @throws When the init line is wrong, or when `start` or `stop` throw.
 */
export async function serveModule(options: ServeModuleOptions): Promise<'stopped' | 'disconnected'> {
  const { transport, start, clock, onReport, random = systemRandom, redactor = new Redactor() } = options;
  const channel = moduleChannel({ transport, clock, onReport });
  let begin: () => void = () => undefined;
  const shutdown = new Promise<void>((resolve) => (begin = resolve));
  const disconnected = new Promise<'disconnected'>((resolve) => channel.onClose(() => resolve('disconnected')));
  channel.on('heartbeat', () => channel.send({ op: 'heartbeat_ack' }));
  channel.on('shutdown', begin);
  if (options.signal?.aborted === true) begin();
  options.signal?.addEventListener('abort', begin);
  const ports = new PortNegotiator({ channel, clock, random });
  const secrets = orchestratorSecrets(channel, { clock, redactor });
  const services = new ServiceClient({ channel, clock, random });
  const messages = new MessageClient({ channel, clock, random, onError: options.onError });
  const sendSpans = ({ op, spans, dropped }: ModuleSpansMessage): boolean => {
    if (transport.waitingBytes > UNREAD_BYTES) return false;
    channel.send({ op, spans: [...spans], dropped });
    return true;
  };
  const first = await firstLine(transport, channel);
  if (first === undefined) return 'disconnected';
  const init = readInit(first);
  channel.setPeerVersion(init.protocol_version);
  const running = await Promise.race([
    start(init, { secrets, redactor, ports, sendSpans, services, messages, clock, random, onError: options.onError }),
    disconnected,
  ]);
  if (running === 'disconnected') return running;
  const handler = running.handle ?? (running.fetch === undefined ? undefined : fetchHandler(running.fetch));
  const http =
    handler === undefined
      ? undefined
      : new HttpIpcServer({ channel, handler, clock, onError: options.onError, ...running.limits });
  channel.send({
    op: 'announce',
    listen: running.listen ?? `ipc:${init.module_id}`,
    endpoints: running.endpoints.map(({ path, methods }) => ({ path, methods: [...methods] })),
    ...(channel.version < 2 ? {} : { protocol_version: MODULE_PROTOCOL_VERSION }),
  });
  let isClosing = false;
  let isStopping = false;
  const serving = running.serving?.();
  const stopped = shutdown.then(async () => {
    isStopping = true;
    await http?.drain();
    await running.stop();
    isClosing = true;
    await channel.close();
    return 'stopped' as const;
  });
  // A host that never answers must not hold up the stop, nor may its end be taken for a failure then.
  const failed = new Promise<never>((_resolve, reject) => {
    serving?.catch((error: unknown) => {
      if (!isClosing) reject(error);
    });
  });
  const end = await Promise.race([stopped, disconnected, failed]);
  if (end === 'disconnected' && !isStopping && options.stopsWhenDisconnected === true) await running.stop();
  // Our own closing is seen as an end too, and may be seen before all is sent.
  return isClosing ? stopped : end;
}

/** Begins to read: the first line is no message, all others go to the channel. */
function firstLine(transport: Transport, channel: ModuleSideChannel): Promise<string | undefined> {
  const receiver = channel.receiver();
  return new Promise((resolve) => {
    let isFirst = true;
    transport.start({
      ...receiver,
      line: (text) => {
        if (!isFirst) return receiver.line(text);
        isFirst = false;
        return resolve(text);
      },
      end: (error) => {
        receiver.end(error);
        resolve(undefined);
      },
    });
  });
}

function readInit(line: string): ModuleInit {
  if (Buffer.byteLength(line) > MODULE_INIT_LIMIT_BYTES)
    throw new RangeError(`Cannot start the module: its init line has more than ${MODULE_INIT_LIMIT_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The message of the parser quotes the line, which holds the token.
    throw new SyntaxError('Cannot start the module: its init line is no JSON');
  }
  return moduleInitSchema.parse(value);
}
