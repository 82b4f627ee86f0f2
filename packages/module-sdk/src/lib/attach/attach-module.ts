import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Clock, moduleRefusalSchema, type ModuleAttach, PlatformError } from '@loopwright/protocol';
import type { ClientTls } from '../http-tcp/tls-identity.ts';
import { serveModule, type ServeModuleOptions } from '../serve-module.ts';
import { StreamTransport } from '../transport/stream-transport.ts';
import type { Receiver, Transport } from '../transport/transport.ts';

/** What {@link attachModule} works with. */
export interface AttachModuleOptions extends Omit<ServeModuleOptions, 'transport'> {
  readonly address: { readonly host: string; readonly port: number };
  /** The name under which the orchestrator knows it. */
  readonly moduleId: string;
  readonly token?: string;
  /** TLS, and with a certificate mutual TLS. */
  readonly tls?: ClientTls;
}

const CONNECT_MS = 10_000;

/**
 * Goes to an orchestrator that runs elsewhere, shows who it is, and runs a module over that connection, as `serveModule` does.
 *
 * @throws `SERVICE_UNAVAILABLE` when there is no connection, `FORBIDDEN` when it is not let in, and as `serveModule` does
 */
export async function attachModule(options: AttachModuleOptions): Promise<'stopped' | 'disconnected'> {
  const { address, moduleId, token, tls, clock, redactor } = options;
  if (token !== undefined) redactor?.add(token);
  const socket = await openSocket(address, tls, clock);
  const stream = new StreamTransport({ input: socket, output: socket });
  const refusal: { why?: string } = {};
  const transport = withoutRefusal(stream, (why) => (refusal.why = why));
  const attach: ModuleAttach = { attach: 1, module_id: moduleId, ...(token === undefined ? {} : { token }) };
  stream.send(JSON.stringify(attach));
  try {
    const end = await serveModule({ ...options, transport, stopsWhenDisconnected: true });
    if (refusal.why === undefined) return end;
  } finally {
    stream.abort();
  }
  throw new PlatformError('FORBIDDEN', `Cannot attach to the orchestrator: ${refusal.why}`);
}

async function openSocket(address: { host: string; port: number }, tls: ClientTls | undefined, clock: Clock): Promise<Socket> {
  const socket =
    tls === undefined
      ? connect(address)
      : connectTls({
          ...address,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          ...(tls.cert === undefined ? {} : { cert: tls.cert }),
          ...(tls.key === undefined ? {} : { key: tls.key }),
          ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
        });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject);
      resolve();
    });
  });
  const cancel = clock.schedule(CONNECT_MS, () => socket.destroy(new Error(`there was no connection within ${CONNECT_MS} ms`)));
  try {
    await opened;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it failed';
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot attach to ${address.host}:${address.port}: ${why}`, { cause: error });
  } finally {
    cancel();
  }
  socket.setNoDelay(true);
  return socket;
}

/** A transport whose first line is looked at: a refusal is its end. */
function withoutRefusal(transport: Transport, onRefused: (why: string) => void): Transport {
  const start = (receiver: Receiver): void => {
    let isFirst = true;
    transport.start({
      line: (text) => {
        const refusal = isFirst ? refusalOf(text) : undefined;
        isFirst = false;
        if (refusal === undefined) return receiver.line(text);
        onRefused(refusal);
        return transport.abort();
      },
      tooLong: () => receiver.tooLong(),
      end: (error) => receiver.end(error),
    });
  };
  return {
    start,
    send: (line) => transport.send(line),
    get waitingBytes() {
      return transport.waitingBytes;
    },
    drained: () => transport.drained(),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    close: () => transport.close(),
    abort: () => transport.abort(),
  };
}

function refusalOf(line: string): string | undefined {
  if (!line.startsWith('{"refused"')) return undefined;
  try {
    return moduleRefusalSchema.safeParse(JSON.parse(line)).data?.refused;
  } catch {
    return undefined;
  }
}
