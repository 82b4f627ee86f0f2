import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Clock, PlatformError } from '@loopwright/protocol';
import type { ClientTls } from '../http-tcp/tls-identity.ts';

const CONNECT_MS = 10_000;

/** Connects a module to its orchestrator, within 10 s. @throws `SERVICE_UNAVAILABLE` */
export async function openSocket(
  address: { host: string; port: number },
  tls: ClientTls | undefined,
  clock: Clock,
): Promise<Socket> {
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
