import { type Http2Server, type ServerHttp2Session, createServer } from 'node:http2';
import { PlatformError, isLoopback } from '@loopwright/protocol';
import { createEndpointHandler } from '@restatedev/restate-sdk';

type Services = Parameters<typeof createEndpointHandler>[0]['services'];

/** Levels of the SDK's log that an operator hears of; it warns of every connection that ends. */
const TROUBLE = new Set<string>(['error']);

/** Where Restate reaches the handlers of this process. */
export interface EndpointOptions {
  readonly host: string;
  /** Fixed for the life of an installation: Restate keeps calling under the address it knows. */
  readonly port: number;
  /** Public keys of the Restate that may call (`publickeyv1_…`, which it logs when it starts with a signing key). */
  readonly identityKeys: readonly string[];
}

/** Serves the handlers over HTTP/2. */
export class ServiceEndpoint {
  readonly #options: EndpointOptions;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosed = false;

  /** Throws INVALID_CONFIGURATION for an address that others could reach without proving who they are. */
  constructor(options: EndpointOptions, services: Services, onTrouble: (message: string) => void) {
    this.#options = options;
    const { host, identityKeys } = options;
    if (identityKeys.length === 0 && !isLoopback(host)) {
      const reason = 'whoever reaches it could write into executions; give the identity keys of Restate';
      throw new PlatformError('INVALID_CONFIGURATION', `Cannot listen on "${host}" for Restate: ${reason}`);
    }
    const handler = createEndpointHandler({
      services,
      ...(identityKeys.length === 0 ? {} : { identityKeys: [...identityKeys] }),
      logger: ({ level }, ...message: unknown[]) => {
        if (TROUBLE.has(level)) onTrouble(message.map(String).join(' '));
      },
    });
    this.#server = createServer(handler);
    this.#server.on('session', (session) => {
      // Restate may connect while the server closes: nobody would end that session, and it would keep the server.
      if (this.#isClosed) session.destroy();
      else this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
    });
  }

  /** Begins to listen. Throws SERVICE_UNAVAILABLE when the port cannot be had. */
  listen(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(new PlatformError('SERVICE_UNAVAILABLE', `Cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
      });
      this.#server.listen(port, host, resolve);
    });
  }

  /** Cuts every connection: Restate repeats elsewhere, or later, what was under way. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#sessions) session.destroy();
    return new Promise((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
  }
}
