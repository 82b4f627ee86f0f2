// O1. A TCP channel beyond this machine is opened only where something checks who asks.
import { type ModuleInit, PlatformError } from '@loopwright/protocol';
import { type FetchHandler, fetchHandler } from '../http-ipc/fetch-handler.ts';
import { HttpTcpServer } from '../http-tcp/http-tcp-server.ts';
import type { ServerTls } from '../http-tcp/tls-identity.ts';
import { formatListen, parseListen } from '../port/listen-address.ts';
import type { PortWish } from '../port/port-negotiator.ts';
import type { ModuleContext } from '../serve-module.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import { AppChannels } from './app-channels.ts';
import { withBearer } from './with-bearer.ts';

/** Over which channels a module is to be reached. */
export interface ChannelWishes {
  /** Whether it answers requests over the module channel. @default true */
  readonly ipc?: boolean;
  /** Whether it listens on a port of its own, and how. @default false */
  readonly tcp?: boolean | TcpChannelWish;
}

/** How a module listens. */
export interface TcpChannelWish extends PortWish {
  /** Whether it does not start without; otherwise the module channel has to do. @default false */
  readonly isRequired?: boolean;
  /** HTTPS, and with `clientCa` mutual TLS. */
  readonly tls?: ServerTls;
  /**
   * Whether requests must carry the token of the init object (`Authorization: Bearer …`), where it has one. `false` is for modules whose own middleware checks who
   * asks: then callers may have an `Authorization` of their own. @default true
   */
  readonly checksToken?: boolean;
}

/** Channels that were opened. */
export interface OpenChannels {
  readonly channels: AppChannels;
  /** For the announcement: where it listens, and what answers over the module channel. */
  readonly announced: { readonly listen?: string; readonly fetch?: FetchHandler };
  /** Answers what has come over TCP and closes it. */
  close(): Promise<void>;
}

const TRUE: ReadonlySet<string> = new Set(['1', 'true', 'yes']);
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Opens the channels of a module. With `IPC_ONLY` in its variables there is no TCP.
 *
 * @throws `REQUIRED_CHANNEL_FAILED` when a channel cannot be opened without which it may not start, `NO_CHANNELS_AVAILABLE` when there is none at all.
 */
export async function openChannels(
  fetch: FetchHandler,
  { ipc = true, tcp = false }: ChannelWishes,
  { init, context }: { readonly init: ModuleInit; readonly context: ModuleContext },
): Promise<OpenChannels> {
  const channels = new AppChannels(context.clock);
  const wish: TcpChannelWish = typeof tcp === 'object' ? tcp : {};
  const server = tcp === false ? undefined : await openTcp(fetch, wish, { init, context, channels });
  const figures = channels.figures();
  if (ipc) channels.opened('ipc', `ipc:${init.module_id}`, figures);
  if (channels.available().length === 0)
    throw new PlatformError('NO_CHANNELS_AVAILABLE', 'Cannot start the module: there is no channel over which it can be reached');
  return {
    channels,
    announced: {
      ...(server === undefined ? {} : { listen: formatListen(server.address) }),
      ...(ipc ? { fetch: channels.counted(fetch, figures) } : {}),
    },
    close: async () => {
      channels.closed('tcp');
      await server?.close();
    },
  };
}

async function openTcp(
  fetch: FetchHandler,
  { isRequired = false, tls, checksToken = true, ...port }: TcpChannelWish,
  { init, context, channels }: { init: ModuleInit; context: ModuleContext; channels: AppChannels },
): Promise<HttpTcpServer | undefined> {
  const figures = channels.figures();
  const token = checksToken ? init.auth_token : undefined;
  const counted = channels.counted(fetch, figures);
  const handler = fetchHandler(token === undefined ? counted : withBearer(token, counted));
  try {
    if (TRUE.has(init.env['IPC_ONLY']?.toLowerCase() ?? '')) throw new RangeError('IPC_ONLY is set');
    const isGuarded = token !== undefined || !checksToken || tls?.clientCa !== undefined;
    const at = parseListen(init.listen);
    if (!isGuarded && 'host' in at && !LOOPBACK.has(at.host))
      throw new RangeError('beyond this machine it needs a token, mutual TLS, or middleware');
    const options = { handler, clock: context.clock, onError: context.onError, ...(tls === undefined ? {} : { tls }) };
    const bind = (address: SocketAddress): Promise<HttpTcpServer> => HttpTcpServer.listen(address, options);
    const { bound } = await context.ports.negotiate(init.listen, bind, port);
    channels.opened('tcp', formatListen(bound.address), figures);
    return bound;
  } catch (cause) {
    if (!isRequired) return undefined;
    const why = cause instanceof Error ? cause.message : 'it failed';
    throw new PlatformError('REQUIRED_CHANNEL_FAILED', `Cannot start the module: its TCP channel cannot be opened: ${why}`, {
      cause,
    });
  }
}
