// L1. Who has not shown who it is gets 4 KiB, 5 s and one of 64 places (8 of one address), and nothing of it is kept.
// L2. A connection is given on only after `admit` has said so; until then nothing is written to it but a refusal.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import {
  type Clock,
  frameMessageSchema,
  MODULE_ATTACH_LIMIT_BYTES,
  moduleAttachSchema,
  ORCHESTRATOR_ID,
  registerSchema,
} from '@loopwright/protocol';
import type { ServerTls } from '../http-tcp/tls-identity.ts';
import { StreamTransport } from '../transport/stream-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { decodeFrame, type FrameFormat } from '../frames/frame.ts';
import { FramedTransport } from '../frames/framed-transport.ts';
import { Registration } from '../registration/registration.ts';
import { type FirstWords, readFirstWords } from './first-words.ts';

/** What a module has shown. */
export interface AttachRequest {
  readonly moduleId: string;
  readonly token: string | undefined;
  /** Common name of its certificate, which the configured authority has signed; `undefined` without mutual TLS. */
  readonly clientName: string | undefined;
  /** Address that it comes from. */
  readonly from: string;
}

/** What an {@link AttachListener} works with. */
export interface AttachListenerOptions {
  readonly host: string;
  /** 0 chooses one. */
  readonly port: number;
  /** TLS, and with `clientCa` mutual TLS; without it whoever can read the network reads tokens. */
  readonly tls?: ServerTls;
  readonly clock: Clock;
  /** Whether a module may come. Must not tell by its time how much of a token was right. */
  readonly admit: (request: AttachRequest) => boolean;
  /** Takes a module that was let in, with what it says of itself when it has registered; gives `false` when it is not wanted now. */
  readonly onModule: (moduleId: string, transport: Transport, registration?: Registration) => boolean;
  /** Told of each one that was not let in. Must not throw. */
  readonly onRefused: (why: string, from: string) => void;
}

const FIRST_LINE_MS = 5000;
const PLACES = 64;
const PLACES_OF_ADDRESS = 8;
/** Modules that are attached at once, with those that have not shown who they are. */
const CONNECTIONS = 1000;

/** Takes the connections of modules that run elsewhere. */
export class AttachListener implements Disposable {
  readonly #options: AttachListenerOptions;
  readonly #server: Server;
  /** Connections that have not shown who they are, by their address. */
  readonly #unknown = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  /** What gives the place of a connection free that has not shown who it is. */
  readonly #places = new Map<string, () => void>();

  private constructor(server: Server, options: AttachListenerOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Listens. @throws The error of listening, and of certificates that are none. */
  static async listen(options: AttachListenerOptions): Promise<AttachListener> {
    const { tls, host, port } = options;
    const server =
      tls === undefined
        ? createServer()
        : createTlsServer({
            cert: tls.cert,
            key: tls.key,
            handshakeTimeout: FIRST_LINE_MS,
            ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          });
    server.maxConnections = CONNECTIONS;
    const listener = new AttachListener(server, options);
    // Places are counted from the first byte, before any handshake.
    server.on('connection', (socket: Socket) => listener.#arrived(socket, tls === undefined));
    if (tls !== undefined) {
      server.on('secureConnection', (socket: TLSSocket) => void listener.#greet(socket, clientNameOf(socket, tls)));
      server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
        options.onRefused(`its handshake failed (${error.message.slice(0, 200)})`, String(socket.remoteAddress));
        socket.destroy();
      });
    }
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    server.on('error', (error) => options.onRefused(error.message, 'the listener'));
    return listener;
  }

  /** Where it listens. */
  get address(): { readonly host: string; readonly port: number } {
    const bound = this.#server.address();
    if (typeof bound !== 'object' || bound === null) throw new RangeError('Cannot tell the address: it does not listen');
    return { host: bound.address, port: bound.port };
  }

  /** Connections that have not shown who they are. */
  get unknown(): number {
    return this.#sockets.size;
  }

  /** Takes no more connections, and breaks off those that have not shown who they are. Those of modules belong to who took them. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #arrived(socket: Socket, isPlain: boolean): void {
    const from = String(socket.remoteAddress);
    socket.on('error', () => undefined);
    const all = [...this.#unknown.values()].reduce((sum, count) => sum + count, 0);
    const own = this.#unknown.get(from) ?? 0;
    if (all >= PLACES || own >= PLACES_OF_ADDRESS) {
      this.#options.onRefused('too many have not shown who they are', from);
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.#sockets.add(socket);
    this.#unknown.set(from, own + 1);
    this.#places.set(peer, () => {
      if (!this.#places.delete(peer)) return;
      this.#sockets.delete(socket);
      const count = (this.#unknown.get(from) ?? 1) - 1;
      if (count === 0) this.#unknown.delete(from);
      else this.#unknown.set(from, count);
    });
    socket.once('close', () => this.#places.get(peer)?.());
    socket.setNoDelay(true);
    if (isPlain) void this.#greet(socket, undefined);
  }

  async #greet(socket: Socket, clientName: string | undefined): Promise<void> {
    const { clock, admit, onModule, onRefused } = this.#options;
    const [from, peer] = [String(socket.remoteAddress), peerOf(socket)];
    socket.on('error', () => undefined);
    const first = await readFirstWords(socket, { clock, limitBytes: MODULE_ATTACH_LIMIT_BYTES, timeoutMs: FIRST_LINE_MS });
    if ('none' in first) {
      onRefused(`its first line is ${first.none}`, from);
      socket.destroy();
      return;
    }
    const arrival = readArrival(first);
    const refuse = (why: string): void => {
      onRefused(why, from);
      // The same words for all that is wrong with who it is.
      const transport = transportOf(socket, arrival, clock);
      transport.send(JSON.stringify({ refused: 'this module is not let in' }));
      void transport.close();
      const cancel = clock.schedule(FIRST_LINE_MS, () => socket.destroy());
      socket.once('close', cancel);
      socket.resume();
    };
    const { request } = arrival;
    if (request === undefined) return refuse('its first line is no request to attach');
    if (!admit({ moduleId: request.moduleId, token: request.token, clientName, from }))
      return refuse(`it has not shown that it is "${request.moduleId.slice(0, 64)}"`);
    this.#places.get(peer)?.();
    const transport = transportOf(socket, arrival, clock);
    if (!onModule(request.moduleId, transport, request.registration)) {
      onRefused(`"${request.moduleId.slice(0, 64)}" is not wanted now`, from);
      transport.send(JSON.stringify({ refused: 'this module is not wanted now' }));
      void transport.close();
    }
  }
}

/** Names a connection, below TLS and above it. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}

function clientNameOf(socket: TLSSocket, { clientCa }: ServerTls): string | undefined {
  if (clientCa === undefined || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const name: unknown = subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

/** A module that has come: how it speaks, and who it says that it is, unless that is not to be read. */
interface Arrival {
  /** Of frames; left out: it writes lines. */
  readonly format?: FrameFormat;
  readonly request?: { readonly moduleId: string; readonly token: string | undefined; readonly registration?: Registration };
}

function readArrival(first: Exclude<FirstWords, { none: unknown }>): Arrival {
  if ('line' in first) {
    const attach = readAttach(first.line);
    return attach === undefined ? {} : { request: { moduleId: attach.module_id, token: attach.token } };
  }
  const frame = decodeFrame(first.formatByte, first.data);
  // Who writes what is no frame is told so in lines.
  if (frame === undefined) return {};
  const { format } = frame;
  const register = registerSchema.safeParse(frameMessageSchema.safeParse(frame.value).data?.content).data;
  if (register === undefined) return { format };
  const { info, token } = register;
  return { format, request: { moduleId: info.id ?? info.name, token: token ?? undefined, registration: new Registration(info) } };
}

function transportOf(socket: Socket, { format, request }: Arrival, clock: Clock): Transport {
  if (format === undefined) return new StreamTransport({ input: socket, output: socket });
  const { moduleId = '', registration } = request ?? {};
  const transport: FramedTransport = new FramedTransport({
    socket,
    clock,
    format,
    source: ORCHESTRATOR_ID,
    destination: moduleId,
    intercept: (content) =>
      registration?.take(content, { now: clock.now(), leave: () => void transport.send('{"op":"shutdown"}') }) === true,
  });
  return transport;
}

function readAttach(line: string): ReturnType<typeof moduleAttachSchema.safeParse>['data'] {
  try {
    return moduleAttachSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
