import {
  type Capabilities,
  type HealthStatus,
  moduleInitSchema,
  type ModuleInfo,
  ORCHESTRATOR_ID,
  PlatformError,
  type RegisterMessage,
  type RegistrationMessage,
} from '@loopwright/protocol';
import { answeredTransport } from '../attach/answered-transport.ts';
import { openSocket } from '../attach/open-socket.ts';
import type { FrameFormat } from '../frames/frame.ts';
import { FramedTransport } from '../frames/framed-transport.ts';
import type { BatchConfig } from '../frames/message-batch.ts';
import type { ClientTls } from '../http-tcp/tls-identity.ts';
import { serveModule, type ServeModuleOptions } from '../serve-module.ts';

/** What {@link ModuleRegistration.register} works with. */
export interface RegistrationOptions extends Omit<ServeModuleOptions, 'transport' | 'stopsWhenDisconnected'> {
  readonly address: { readonly host: string; readonly port: number };
  /** Shows who it is, beside or instead of a certificate. */
  readonly token?: string;
  /** TLS, and with a certificate mutual TLS; beyond loopback a token would be read on its way without. */
  readonly tls?: ClientTls;
  readonly info: ModuleInfo;
  readonly capabilities?: Capabilities;
  /** How frames are written; both are read. @default messagepack */
  readonly format?: FrameFormat;
  /** Lets messages wait for company, where throughput matters more than time. @default they go with the end of the turn of the loop */
  readonly batch?: BatchConfig;
  /** Asked for each heartbeat. @default it is healthy */
  readonly status?: () => HealthStatus;
  /** Between two heartbeats, in milliseconds. @default 10 000 */
  readonly heartbeatMs?: number;
}

/** A module as its orchestrator knows it. */
export interface RegisteredModule {
  readonly info: ModuleInfo;
  readonly id: string;
  /** What requests of the orchestrator carry; `null` when they carry none. */
  readonly token: string | null;
  readonly orchestratorHost: string;
  readonly orchestratorPort: number;
}

const HEARTBEAT_MS = 10_000;

/** A module that has registered at an orchestrator over TCP, in frames, and is served over that connection. */
export class ModuleRegistration implements AsyncDisposable {
  readonly registered: RegisteredModule;
  /** Resolves when it has ended: `stopped` after {@link ModuleRegistration.unregister} or a shutdown, `disconnected` when the orchestrator is gone. Rejects with what the start of the module throws. */
  readonly ended: Promise<'stopped' | 'disconnected'>;
  readonly #transport: FramedTransport;
  readonly #stop: AbortController;
  #cancelHeartbeat: () => void = () => undefined;

  private constructor(parts: {
    registered: RegisteredModule;
    transport: FramedTransport;
    ended: Promise<'stopped' | 'disconnected'>;
    stop: AbortController;
  }) {
    this.registered = parts.registered;
    this.ended = parts.ended;
    this.#transport = parts.transport;
    this.#stop = parts.stop;
  }

  /**
   * Registers, and starts the module.
   *
   * @throws `SERVICE_UNAVAILABLE` when there is no connection, `FORBIDDEN` when it is not let in
   */
  static async register(options: RegistrationOptions): Promise<ModuleRegistration> {
    const { address, tls, clock, info, token, redactor, format = 'messagepack', batch } = options;
    if (token !== undefined) redactor?.add(token);
    const socket = await openSocket(address, tls, clock);
    const transport = new FramedTransport({
      socket,
      clock,
      format,
      source: info.name,
      destination: ORCHESTRATOR_ID,
      ...(batch === undefined ? {} : { batch }),
    });
    const accepted = Promise.withResolvers<string>();
    const refused = (why: string): PlatformError =>
      new PlatformError('FORBIDDEN', `Cannot register the module "${info.name}": ${why}`);
    const answered = answeredTransport(transport, {
      onRefused: (why) => accepted.reject(refused(why)),
      onAccepted: accepted.resolve,
    });
    const message: RegisterMessage = { op: 'register', info, ...(token === undefined ? {} : { token }) };
    transport.send(JSON.stringify(message));
    const stop = new AbortController();
    const ended = serveModule({ ...options, transport: answered, signal: stop.signal, stopsWhenDisconnected: true }).finally(() =>
      transport.abort(),
    );
    // Who waits for it learns of it.
    ended.catch(() => undefined);
    const line = await Promise.race([accepted.promise, ended.then(() => Promise.reject(refused('the orchestrator has gone')))]);
    const { module_id: id, auth_token: authToken } = moduleInitSchema.parse(JSON.parse(line));
    const registered = { info, id, token: authToken ?? null, orchestratorHost: address.host, orchestratorPort: address.port };
    const registration = new ModuleRegistration({ registered, transport, ended, stop });
    registration.#begin(options);
    const leave = (): void => void registration.unregister();
    if (options.signal?.aborted === true) leave();
    else options.signal?.addEventListener('abort', leave);
    const forget = (): void => options.signal?.removeEventListener('abort', leave);
    ended.then(forget, forget);
    return registration;
  }

  /** Says how the module is; the orchestrator shows it. */
  heartbeat(status: HealthStatus, details?: Readonly<Record<string, string>>): void {
    this.#say({ op: 'heartbeat', status, ...(details === undefined ? {} : { details: { ...details } }) });
  }

  /** Says what the module can do, in the place of what it said before. */
  advertise(capabilities: Capabilities): void {
    this.#say({ op: 'capabilities', capabilities });
  }

  /** Finishes what is under way and leaves. Resolves when the module has stopped. */
  async unregister(): Promise<void> {
    this.#cancelHeartbeat();
    this.#say({ op: 'unregister' });
    this.#stop.abort();
    await this.ended.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unregister();
  }

  #begin({ capabilities, status = (): HealthStatus => 'Healthy', heartbeatMs = HEARTBEAT_MS, clock }: RegistrationOptions): void {
    if (capabilities !== undefined) this.advertise(capabilities);
    const beat = (): void => {
      this.heartbeat(status());
      this.#cancelHeartbeat = clock.schedule(heartbeatMs, beat);
    };
    beat();
    const end = (): void => this.#cancelHeartbeat();
    this.ended.then(end, end);
  }

  #say(message: RegistrationMessage): void {
    this.#transport.send(JSON.stringify(message));
  }
}
