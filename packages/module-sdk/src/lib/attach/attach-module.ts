import { type ModuleAttach, PlatformError } from '@loopwright/protocol';
import type { ClientTls } from '../http-tcp/tls-identity.ts';
import { serveModule, type ServeModuleOptions } from '../serve-module.ts';
import { StreamTransport } from '../transport/stream-transport.ts';
import { answeredTransport } from './answered-transport.ts';
import { openSocket } from './open-socket.ts';

/** What {@link attachModule} works with. */
export interface AttachModuleOptions extends Omit<ServeModuleOptions, 'transport'> {
  readonly address: { readonly host: string; readonly port: number };
  /** The name under which the orchestrator knows it. */
  readonly moduleId: string;
  readonly token?: string;
  /** TLS, and with a certificate mutual TLS. */
  readonly tls?: ClientTls;
}

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
  const transport = answeredTransport(stream, { onRefused: (why) => (refusal.why = why) });
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
