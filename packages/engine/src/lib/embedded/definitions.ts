import { PlatformError, jsonObjectSchema } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { restoreDefinition } from '../definition/load-definition.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import type { Store } from '../store/store.ts';

/** Which definition `run: workflow` names. */
export interface WorkflowReference {
  readonly namespace: string;
  readonly name: string;
  /** A version, or `latest` for the one that a start by name would take. */
  readonly version: string;
}

/** The definitions of an engine: those that can be started, and those that executions pinned. */
export class Definitions {
  readonly #store: Store;
  readonly #functions: FunctionCatalogue;
  readonly #onTrouble: ((message: string, error: unknown) => void) | undefined;
  readonly #startable = new Map<string, WorkflowDefinition>();
  readonly #byDigest = new Map<string, WorkflowDefinition>();

  constructor(store: Store, functions: FunctionCatalogue, onTrouble?: (message: string, error: unknown) => void) {
    this.#store = store;
    this.#functions = functions;
    this.#onTrouble = onTrouble;
  }

  /** Those that can be started, by name. */
  get startable(): ReadonlyMap<string, WorkflowDefinition> {
    return this.#startable;
  }

  /** Makes a definition that is stored the one that is started under its name. */
  use(definition: WorkflowDefinition): void {
    this.#byDigest.set(definition.digest, definition);
    this.#startable.set(definition.name, definition);
  }

  /** The definition to start under a name. Throws WORKFLOW_NOT_FOUND. */
  require(name: string): WorkflowDefinition {
    const definition = this.#startable.get(name);
    if (definition !== undefined) return definition;
    throw new PlatformError('WORKFLOW_NOT_FOUND', `Cannot start "${name}": there is no such workflow`);
  }

  /** The definition of a digest, read from the store when this process has not seen it; a trouble when it does not load. */
  ofDigest(digest: string): WorkflowDefinition | undefined {
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    try {
      const definition = restoreDefinition(jsonObjectSchema.parse(this.#store.read.definition(digest)?.source), this.#functions);
      this.#byDigest.set(digest, definition);
      return definition;
    } catch (error) {
      this.#onTrouble?.(`Cannot load the definition ${digest} of an execution`, error);
      return undefined;
    }
  }

  /** The definition that a reference names: the startable one, or one of an earlier version. */
  find({ namespace, name, version }: WorkflowReference): WorkflowDefinition | undefined {
    const startable = this.#startable.get(name);
    const isWanted = version === 'latest' || startable?.version === version;
    const digest = isWanted ? undefined : this.#store.read.digestOf(name, version);
    const found = digest === undefined ? (isWanted ? startable : undefined) : this.ofDigest(digest);
    return found?.document.document.namespace === namespace ? found : undefined;
  }
}
