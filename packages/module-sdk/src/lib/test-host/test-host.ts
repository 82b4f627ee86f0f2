import {
  type Clock,
  MODULE_PROTOCOL_VERSION,
  type ModuleInitLine,
  type ModuleMessage,
  type ModuleSpansMessage,
  type Random,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { orchestratorChannel } from '../channel/module-channel.ts';
import type { ChannelReport } from '../channel/report.ts';
import { HttpIpcClient } from '../http-ipc/http-ipc-client.ts';
import type { ModuleHub } from '../hub/module-hub.ts';
import { memorySecrets } from '../secrets/secret-provider.ts';
import { type RotationOutcome, SecretHost } from '../secrets/secret-host.ts';
import { serveModule, type StartModule } from '../serve-module.ts';
import { answerPortRequests, type PortPool } from '../port/port-pool.ts';
import { memoryTransports } from '../transport/memory-transport.ts';

/** What {@link createTestHost} works with. */
export interface TestHostOptions {
  /** The module under test: what it gives to `runModule`. */
  readonly start: StartModule;
  /** Fields of the init object that matter to the test. */
  readonly init?: Partial<ModuleInitLine>;
  /** Secrets that the module may have. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Ports that the module may ask for; without it nobody answers. */
  readonly ports?: PortPool;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Services and the messages of several modules: the same for all of them, each with a `module_id` of its own in {@link TestHostOptions.init}. */
  readonly hub?: ModuleHub;
  /** Time of a request. @default 30 000 */
  readonly timeoutMs?: number;
}

const MODULE_ID = 'module';

type Announcement = Extract<ModuleMessage, { op: 'announce' }>;

/** An orchestrator in memory, with one module. */
export interface TestHost extends AsyncDisposable {
  /** What the module announced; rejects when it does not start. */
  readonly announced: Promise<Announcement>;
  /** How the module ended; rejects when its start or stop threw. */
  readonly ended: Promise<'stopped' | 'disconnected'>;
  /** Requests to the module over its channel. */
  readonly http: HttpIpcClient;
  /** What the module wrote that it should not have, and what it did not understand. */
  readonly reports: readonly ChannelReport[];
  /** What the handlers of the module threw. */
  readonly errors: readonly unknown[];
  /** Messages of spans that came. */
  readonly spans: readonly Pick<ModuleSpansMessage, 'dropped'>[];
  /** Resolves when the module has answered a heartbeat. */
  heartbeat(): Promise<void>;
  /** Changes secrets (`undefined` removes one) and tells the module. */
  rotate(changes: Readonly<Record<string, string | undefined>>, timeoutMs?: number): Promise<RotationOutcome>;
  /** Asks the module to stop, and waits until it has. */
  shutdown(): Promise<'stopped' | 'disconnected'>;
  /** Goes away without a word. */
  vanish(): void;
}

/** Runs a module in this process against a host that speaks the orchestrator's side in memory: for tests of modules. */
export function createTestHost(options: TestHostOptions): TestHost {
  const { start, init = {}, clock = systemClock, random = systemRandom, timeoutMs } = options;
  const [near, far] = memoryTransports();
  const reports: ChannelReport[] = [];
  const errors: unknown[] = [];
  const spans: Pick<ModuleSpansMessage, 'dropped'>[] = [];
  const values = new Map(Object.entries(options.secrets ?? {}));
  const onReport = (report: ChannelReport): void => void reports.push(report);
  const channel = orchestratorChannel({ transport: near, clock, onReport });
  const http = new HttpIpcClient({ channel, clock, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  const secrets = new SecretHost({ channel, provider: memorySecrets(values), mayRead: () => true, clock, random });
  if (options.ports !== undefined) answerPortRequests(channel, options.ports);
  options.hub?.attach(init.module_id ?? MODULE_ID, channel);
  const beats: (() => void)[] = [];
  channel.on('heartbeat_ack', () => {
    options.hub?.registry.renew(init.module_id ?? MODULE_ID);
    beats.shift()?.();
  });
  channel.on('spans', ({ dropped }) => void spans.push({ dropped }));
  channel.setPeerVersion(MODULE_PROTOCOL_VERSION);
  const line: ModuleInitLine = {
    orchestrator_api: 'http://127.0.0.1:1',
    module_id: MODULE_ID,
    listen: '127.0.0.1:0',
    protocol_version: MODULE_PROTOCOL_VERSION,
    ...init,
  };
  near.send(JSON.stringify(line));
  const ended = serveModule({ transport: far, start, clock, random, onReport, onError: (error) => errors.push(error) });
  const announced = Promise.race([
    new Promise<Announcement>((resolve) =>
      channel.on('announce', (message) => {
        channel.setPeerVersion(message.protocol_version ?? 1);
        resolve(message);
      }),
    ),
    ended.then(() => Promise.reject(new Error('Cannot wait for the announcement: the module has ended'))),
  ]);
  // Who waits for neither must not be ended by their errors.
  announced.catch(() => undefined);
  channel.start();
  const shutdown = (): Promise<'stopped' | 'disconnected'> => {
    channel.send({ op: 'shutdown' });
    return ended;
  };
  return {
    announced,
    ended,
    http,
    reports,
    errors,
    spans,
    heartbeat: () =>
      new Promise((resolve) => {
        beats.push(resolve);
        channel.send({ op: 'heartbeat' });
      }),
    rotate: (changes, rotationTimeoutMs) => {
      for (const [name, value] of Object.entries(changes))
        if (value === undefined) values.delete(name);
        else values.set(name, value);
      return secrets.rotate(Object.keys(changes), rotationTimeoutMs);
    },
    shutdown,
    vanish: () => near.abort(),
    [Symbol.asyncDispose]: async () => {
      near.abort();
      await ended.catch(() => undefined);
    },
  };
}
