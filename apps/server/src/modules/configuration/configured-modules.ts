import type { ModuleSpec } from '../module-spec.ts';
import { HostServices } from '../services/host-services.ts';
import type { ServiceParts } from '../services/open-connectors.ts';
import { readModules } from './read-modules.ts';

/** Where the configuration of modules comes from. */
export interface ConfiguredModulesOptions {
  /** `modules.yaml` or its folder; `null` for none. */
  readonly file: string | null;
  readonly secretsDir: string | null;
  /** Those that come with Loopwright, whatever the file says. */
  readonly bundled: readonly ModuleSpec[];
  readonly clock: ServiceParts['clock'];
}

/** What `modules.yaml` says, read at the start and again when it is asked for: the modules, and the services that the host has for them. */
export class ConfiguredModules {
  readonly #options: ConfiguredModulesOptions;
  /** What the host has for its modules; to be disposed when they have ended. */
  readonly services: HostServices;

  constructor(options: ConfiguredModulesOptions) {
    this.#options = options;
    this.services = new HostServices({ clock: options.clock });
  }

  /** Reads the file and opens the services. Gives the modules. @throws `INVALID_CONFIGURATION` with line and place of what is wrong; then nothing has changed. */
  async read(): Promise<readonly ModuleSpec[]> {
    const { file, secretsDir, bundled } = this.#options;
    if (file === null) return bundled;
    const { modules, services, secrets } = await readModules(file, secretsDir);
    this.services.configure(services, secrets);
    return [...bundled, ...modules];
  }
}
