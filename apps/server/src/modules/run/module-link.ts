// K1. Nothing that a module writes ends the link or throws here. K2. Every request over it ends when the link does, with an answer or an error.
import {
  answerPortRequests,
  type ChannelReport,
  FailoverClient,
  HttpIpcClient,
  HttpTcpClient,
  type ModuleHttp,
  type ModuleHub,
  orchestratorChannel,
  type OrchestratorChannel,
  parseListen,
  type PortPool,
  type Redactor,
  type RotationOutcome,
  SecretHost,
  type SocketAddress,
  type Transport,
} from '@loopwright/module-sdk';
import {
  type Clock,
  isLoopback,
  MODULE_PROTOCOL_VERSION,
  type ModuleInitLine,
  type ModuleMessage,
  type OrchestratorMessageLine,
  type Random,
} from '@loopwright/protocol';
import type { Cgroups } from '../limits/cgroups.ts';
import type { ModuleLogEntry, ModuleSpec } from '../module-spec.ts';
import { mayReadSecret, type ModulePermissions } from '../permissions/module-permissions.ts';
import { withToken } from '../requests/with-token.ts';

/** What all modules of a host share. */
export interface ModuleHost {
  readonly hub: ModuleHub;
  readonly ports: PortPool;
  readonly cgroups: Cgroups;
  readonly orchestratorApi: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes what a module says of its spans, unread; must not throw. */
  readonly onSpans: (module: string, message: unknown) => void;
}

/** What a {@link ModuleLink} is made with. */
export interface ModuleLinkOptions {
  readonly spec: ModuleSpec;
  /** What it may now. */
  readonly permissions: () => ModulePermissions;
  readonly host: ModuleHost;
  readonly transport: Transport;
  /** Learns the secrets that it was given, for its log. */
  readonly redactor: Redactor;
  readonly onAnnounce: (announcement: Announcement) => void;
  /** It did what ends it. */
  readonly onBroken: (reason: string) => void;
  readonly onHeartbeat: () => void;
  /** Called once when the channel has ended. */
  readonly onClose: () => void;
  readonly log: (entry: Omit<ModuleLogEntry, 'module'>) => void;
}

/** What a module says of itself when it is up. */
export interface Announcement {
  readonly listen: string;
  readonly endpoints: readonly { readonly path: string; readonly methods: readonly string[] }[];
  readonly protocolVersion: number;
}

/** The server's side of the channel to one run of a module: what it may ask for, and the requests to it. */
export class ModuleLink {
  readonly #options: ModuleLinkOptions;
  readonly #channel: OrchestratorChannel;
  readonly #ipc: HttpIpcClient;
  readonly #secrets: SecretHost;
  readonly #activate: () => void;
  #tcp: HttpTcpClient | undefined;
  #http: FailoverClient | undefined;
  #announcement: Announcement | undefined;

  constructor(options: ModuleLinkOptions) {
    const { spec, host, transport, redactor } = options;
    const { clock, random } = host;
    this.#options = options;
    const channel = orchestratorChannel({ transport, clock, onReport: (report) => this.#report(report) });
    this.#channel = channel;
    this.#ipc = new HttpIpcClient({ channel, clock, ...limitsOf(spec, IPC_CONCURRENT) });
    const { secrets = { get: async () => undefined } } = spec;
    const provider = {
      get: async (name: string): Promise<string | undefined> => {
        const value = await secrets.get(name);
        if (value !== undefined) redactor.add(value);
        return value;
      },
    };
    this.#secrets = new SecretHost({
      channel,
      provider,
      mayRead: (name) => mayReadSecret(options.permissions(), name),
      clock,
      random,
    });
    // The run before may be there still, if only until its channel is seen to have ended.
    this.#activate = host.hub.attach(spec.id, channel, { inReserve: true });
    answerPortRequests(channel, host.ports);
    channel.on('identify', ({ protocol_version: version }) => channel.setPeerVersion(version ?? 1));
    channel.on('announce', (message) => this.#announced(message));
    channel.on('heartbeat_ack', () => {
      host.hub.registry.renew(spec.id);
      options.onHeartbeat();
    });
    channel.on('spans', (message) => host.onSpans(spec.id, message));
    channel.onClose(() => {
      this.#tcp?.close();
      options.onClose();
    });
    channel.setPeerVersion(MODULE_PROTOCOL_VERSION);
  }

  /** Sends the init line and begins to read. */
  start(): void {
    const { spec, host, transport } = this.#options;
    const init: ModuleInitLine = {
      orchestrator_api: host.orchestratorApi,
      module_id: spec.id,
      env: { ...spec.env },
      listen: spec.listen,
      protocol_version: MODULE_PROTOCOL_VERSION,
      ...(spec.authToken === undefined ? {} : { auth_token: spec.authToken, security_level: 'Token' }),
    };
    transport.send(JSON.stringify(init));
    this.#channel.start();
  }

  /** What it announced; `undefined` before. */
  get announcement(): Announcement | undefined {
    return this.#announcement;
  }

  /** Requests to it over the better of its ways; `undefined` before it is announced. */
  get http(): FailoverClient | undefined {
    return this.#http;
  }

  get isClosed(): boolean {
    return this.#channel.isClosed;
  }

  /** From now on this run gets the messages to the module. */
  activate(): void {
    this.#activate();
  }

  send(message: OrchestratorMessageLine): void {
    this.#channel.send(message);
  }

  /** Tells it of new secrets, and waits for what it says. */
  rotate(names: readonly string[]): Promise<RotationOutcome> {
    return this.#secrets.rotate(names);
  }

  /** Breaks it off: what is under way ends with an error. */
  abort(): void {
    this.#options.transport.abort();
    this.#tcp?.close();
  }

  #announced(message: Extract<ModuleMessage, { op: 'announce' }>): void {
    if (this.#announcement !== undefined || this.#channel.isClosed) return;
    const { spec, host } = this.#options;
    this.#channel.setPeerVersion(message.protocol_version ?? 1);
    const { listen } = message;
    const isAddress = !listen.startsWith('ipc:');
    const address = isAddress ? announcedAddress(listen, spec) : undefined;
    if (isAddress && address === undefined)
      return this.#options.onBroken(`it announced "${listen.slice(0, 100)}", which is no address that it may have`);
    const { channels = [isAddress ? 'tcp' : 'ipc'] } = spec;
    const tcp = address !== undefined && channels.includes('tcp') ? this.#openTcp(address) : undefined;
    const isOverChannel = channels.includes('ipc') || tcp === undefined;
    this.#http = new FailoverClient({
      clock: host.clock,
      isRemote: spec.launch.kind === 'attach',
      timeoutMs: spec.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      ...(isOverChannel ? { ipc: this.#ipc } : {}),
      ...(tcp === undefined ? {} : { tcp }),
    });
    this.#announcement = {
      listen,
      endpoints: message.endpoints.map(({ path, methods }) => ({ path, methods: [...methods] })),
      protocolVersion: message.protocol_version ?? 1,
    };
    this.#options.onAnnounce(this.#announcement);
    return undefined;
  }

  #openTcp(address: SocketAddress): ModuleHttp {
    const { spec, host } = this.#options;
    this.#tcp = new HttpTcpClient({ address, clock: host.clock, ...limitsOf(spec) });
    return spec.authToken === undefined ? this.#tcp : withToken(this.#tcp, spec.authToken);
  }

  #report({ kind, text }: ChannelReport): void {
    this.#options.log({ source: 'stdout', level: 'warn', text: kind === 'noise' ? text : `${kind}: ${text}` });
  }
}

const REQUEST_TIMEOUT_MS = 30_000;
/** Modules run no more handlers at once. */
const IPC_CONCURRENT = 100;

function limitsOf(
  { requestTimeoutMs, concurrency }: ModuleSpec,
  most = Number.POSITIVE_INFINITY,
): {
  timeoutMs?: number;
  maxConcurrent?: number;
  maxQueued?: number;
} {
  return {
    ...(requestTimeoutMs === undefined ? {} : { timeoutMs: requestTimeoutMs }),
    ...(concurrency === undefined ? {} : { maxConcurrent: Math.min(most, concurrency.running), maxQueued: concurrency.queued }),
  };
}

/** Addresses to listen on and where this machine reaches them. */
const REACHABLE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/**
 * Where requests to an announced address go. Only this machine, or what the module was told to listen at: otherwise a module could have requests, and the token that
 * they carry, sent anywhere.
 */
function announcedAddress(listen: string, { listen: told, launch }: ModuleSpec): SocketAddress | undefined {
  try {
    const [address, allowed] = [parseListen(listen), parseListen(told)];
    if ('path' in address) return 'path' in allowed && allowed.path === address.path ? address : undefined;
    const isAllowed = !('path' in allowed) && allowed.host === address.host;
    const isHere = launch.kind !== 'attach' && (isLoopback(address.host) || REACHABLE.has(address.host));
    return isAllowed || isHere ? { ...address, host: REACHABLE.get(address.host) ?? address.host } : undefined;
  } catch {
    return undefined;
  }
}
