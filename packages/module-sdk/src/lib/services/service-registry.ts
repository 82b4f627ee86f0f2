// R1. A provider whose lease is over is never found. R2. Registering the same (module, kind, name) again renews it under the same id.
import { type Clock, type Json, PlatformError, type Random } from '@loopwright/protocol';
import { type ServiceType, serviceKey } from './service-connector.ts';

/** What a provider says of itself. */
export interface ServiceRegistration {
  readonly serviceType: ServiceType;
  readonly name: string;
  readonly version?: string;
  /** Where it is reached; `module:ID` means over the host. */
  readonly address: string;
  readonly metadata?: Readonly<Record<string, Json>>;
}

/** A provider that can be found. */
export interface ServiceProvider extends ServiceRegistration {
  readonly providerId: string;
  readonly moduleId: string;
  readonly isHealthy: boolean;
}

interface Entry {
  provider: ServiceProvider;
  /** The run of the module that provides it: of two the later one. */
  run: number;
  endsAt: number;
}

/** What a {@link ServiceRegistry} works with. */
export interface ServiceRegistryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Time without a sign of life after which a provider is forgotten, in milliseconds. @default 30 000 */
  readonly leaseMs?: number;
}

const LEASE_MS = 30_000;
const PROVIDERS_LIMIT = 1000;
const PROVIDERS_OF_MODULE_LIMIT = 100;

/** Who provides which service: the host's list for all its modules. */
export class ServiceRegistry {
  readonly #options: ServiceRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  #turn = 0;

  constructor(options: ServiceRegistryOptions) {
    this.#options = options;
  }

  /** Registers a provider or renews it; gives its id. @throws `LIMIT_EXCEEDED` with 1000 providers, or 100 of one module. */
  register(moduleId: string, registration: ServiceRegistration, run = 0): string {
    this.#forgetExpired();
    const key = JSON.stringify([moduleId, serviceKey(registration.serviceType), registration.name]);
    const known = this.#entries.get(key);
    if (known === undefined) this.#checkLimits(moduleId);
    const { providerId, isHealthy } = known?.provider ?? { providerId: this.#options.random.uuid(), isHealthy: true };
    // A run that goes renews what the next one provides already; it must not take it along when it is gone.
    if (known !== undefined && known.run > run) known.endsAt = this.#leaseEnd();
    else
      this.#entries.set(key, { provider: { ...registration, moduleId, providerId, isHealthy }, run, endsAt: this.#leaseEnd() });
    return providerId;
  }

  /** Renews all leases of a module: it gave a sign of life. */
  renew(moduleId: string): void {
    this.#forgetExpired();
    for (const entry of this.#entries.values()) if (entry.provider.moduleId === moduleId) entry.endsAt = this.#leaseEnd();
  }

  /** Forgets what a run of a module provides: it is gone. */
  remove(moduleId: string, run = 0): void {
    for (const [key, { provider, run: ofEntry }] of this.#entries)
      if (provider.moduleId === moduleId && ofEntry === run) this.#entries.delete(key);
  }

  /** Finds providers of a kind: all of them, or one of the healthy ones, each in its turn. */
  discover(type: ServiceType, { all = false }: { readonly all?: boolean } = {}): readonly ServiceProvider[] {
    this.#forgetExpired();
    const key = serviceKey(type);
    const found = [...this.#entries.values()]
      .map(({ provider }) => provider)
      .filter((provider) => serviceKey(provider.serviceType) === key);
    if (all) return found;
    const healthy = found.filter((provider) => provider.isHealthy);
    this.#turn += 1;
    return healthy.length === 0 ? [] : healthy.slice(this.#turn % healthy.length).slice(0, 1);
  }

  /** Asks for the health of all providers once and keeps what is said. A check that throws says that the provider is not healthy. */
  async checkHealth(check: (provider: ServiceProvider) => Promise<boolean>): Promise<void> {
    this.#forgetExpired();
    await Promise.all(
      [...this.#entries.entries()].map(async ([key, { provider }]) => {
        const isHealthy = await check(provider).catch(() => false);
        const entry = this.#entries.get(key);
        if (entry?.provider.providerId === provider.providerId) entry.provider = { ...entry.provider, isHealthy };
      }),
    );
  }

  #leaseEnd(): number {
    return this.#options.clock.now() + (this.#options.leaseMs ?? LEASE_MS);
  }

  #forgetExpired(): void {
    const now = this.#options.clock.now();
    for (const [key, { endsAt }] of this.#entries) if (endsAt <= now) this.#entries.delete(key);
  }

  #checkLimits(moduleId: string): void {
    const own = [...this.#entries.values()].filter(({ provider }) => provider.moduleId === moduleId).length;
    if (own >= PROVIDERS_OF_MODULE_LIMIT || this.#entries.size >= PROVIDERS_LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', 'Cannot register the provider: there are as many as there may be', {
        details: { limit: own >= PROVIDERS_OF_MODULE_LIMIT ? PROVIDERS_OF_MODULE_LIMIT : PROVIDERS_LIMIT },
      });
  }
}
