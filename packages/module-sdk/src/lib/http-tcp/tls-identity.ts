/** What a server of HTTPS shows. */
export interface ServerTls {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** PEM of who signs the certificates of clients: with it only clients that show one are let in (mutual TLS). */
  readonly clientCa?: string;
}

/** How a client of HTTPS knows its server, and what it shows itself. The certificate of the server is always checked. */
export interface ClientTls {
  /** PEM of who signs the certificate of the server. @default the authorities that Node knows */
  readonly ca?: string;
  /** PEM, for mutual TLS. */
  readonly cert?: string;
  /** PEM, for mutual TLS. */
  readonly key?: string;
  /** Name that the certificate of the server must be for, when it is not the host of its address. */
  readonly serverName?: string;
}
