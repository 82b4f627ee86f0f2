import { isDeepStrictEqual } from 'node:util';
import type { ServiceConnector } from '@loopwright/module-sdk';
import type { ServicesDocument } from '../configuration/services-document.ts';
import { cacheOf, databaseOf, jwtOf, type ServiceParts } from './open-connectors.ts';

type Kind = keyof ServicesDocument;
type OpenConnector = ServiceConnector & Partial<Disposable>;

/** What the host has for its modules: a cache, a database, the check of tokens. It can be configured anew while they are used. */
export class HostServices implements Disposable {
  readonly #clock: ServiceParts['clock'];
  #open: ReadonlyMap<Kind, { readonly entry: unknown; readonly connector: OpenConnector }> = new Map();

  constructor({ clock }: Pick<ServiceParts, 'clock'>) {
    this.#clock = clock;
  }

  /** Those there are now. */
  get connectors(): readonly ServiceConnector[] {
    return [...this.#open.values()].map(({ connector }) => connector);
  }

  /**
   * Takes other services. What is configured as before stays as it is; of what is not, new connections go to the new one. Nothing is connected to before a module asks.
   *
   * @throws `INVALID_CONFIGURATION`; then nothing has changed.
   */
  configure(document: ServicesDocument, secrets: ServiceParts['secrets']): void {
    const [before, parts] = [this.#open, { clock: this.#clock, secrets }];
    const keptOr = <Entry>(kind: Kind, entry: Entry, open: (given: NonNullable<Entry>, parts: ServiceParts) => OpenConnector) => {
      if (entry === undefined || entry === null) return [];
      const kept = before.get(kind);
      return [
        [
          kind,
          isDeepStrictEqual(kept?.entry, entry) && kept !== undefined ? kept : { entry, connector: open(entry, parts) },
        ] as const,
      ];
    };
    const open = new Map([
      ...keptOr('Cache', document.Cache, cacheOf),
      ...keptOr('Database', document.Database, databaseOf),
      ...keptOr('Jwt', document.Jwt, jwtOf),
    ]);
    for (const [kind, one] of before) if (open.get(kind) !== one) one.connector[Symbol.dispose]?.();
    this.#open = open;
  }

  [Symbol.dispose](): void {
    for (const { connector } of this.#open.values()) connector[Symbol.dispose]?.();
    this.#open = new Map();
  }
}
