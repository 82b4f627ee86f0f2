import { watch } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '@loopwright/engine';
import { type Clock, type Json, PlatformError, isoTime, messageOf, toJson } from '@loopwright/protocol';
import type { PolicyDocument } from './policy-document.ts';
import { type EffectivePolicy, mergePolicies } from './merge-policies.ts';
import { type PolicyLayers, lookOfLayers, readLayers } from './read-layers.ts';
import type { PolicySource } from './read-policy.ts';

/** Files that did not change for this long are taken to be whole, in milliseconds. */
const QUIET_MS = 250;
/** How often a folder that keeps changing is looked at before the layers that hold are kept for now. */
const LOOKS = 8;

/** Why what is in the folder does not hold. */
export interface PolicyFault {
  /** Names the file and, for what is wrong in it, the line. */
  readonly message: string;
  /** What is wrong, place by place. */
  readonly details: Json;
  /** In milliseconds since 1970 UTC. */
  readonly since: number;
}

/** What a folder tells its owner; a `fault` once for each state of the files. */
export type PolicyChange =
  | { readonly kind: 'changed'; readonly before: string; readonly after: string }
  | { readonly kind: 'refused'; readonly fault: PolicyFault; readonly digest: string };

/**
 * The policy layers of a server: `universal.yaml` of the folder in place of the bundled one, and `projects/{project_id}.yaml`.
 *
 * P1. What holds was read whole and fits together; what does not leaves the layers before it in force, all of them.
 * P2. Files are read when they did not change for {@link QUIET_MS}, and are the same behind the reading: nothing half-written is taken.
 * P3. {@link refresh} resolves when what the folder had at the call holds, is known to be wrong, or keeps changing.
 */
export class PolicyFolder {
  readonly #folder: string | null;
  readonly #clock: Clock;
  #layers: PolicyLayers;
  /** How the folder looked when it was read last, rightly or in vain. */
  #look: string;
  #fault: PolicyFault | undefined;
  #refreshing: Promise<void> | undefined;
  readonly #listeners = new Set<(change: PolicyChange) => void>();

  /** Reads the layers; `null` for the bundled one alone. Throws as {@link readLayers} does. */
  constructor(folder: string | null, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    this.#look = folder === null ? '' : lookOfLayers(folder);
    this.#layers = readLayers(folder);
  }

  /** Why what is in the folder does not hold; `undefined` when it does. */
  get fault(): PolicyFault | undefined {
    return this.#fault;
  }

  /** Digest of all layers that hold. */
  get digest(): string {
    return digestOf(toJson(this.list().map(({ layer, projectId, digest }) => ({ layer, projectId, digest }))));
  }

  /** Tells of every change from now on. */
  listen(listener: (change: PolicyChange) => void): void {
    this.#listeners.add(listener);
  }

  /** All layers that hold. */
  list(): readonly (PolicySource & { readonly digest: string })[] {
    const sources = [this.#layers.universal, ...this.#layers.projects.values()];
    return sources.map((source) => Object.assign({ digest: digestOf(toJson(source.document)) }, source));
  }

  /** The policy of a project, with a layer of a run below it. Throws INVALID_POLICY for a gate that there is not. */
  effective(projectId: string, run?: PolicyDocument): EffectivePolicy {
    const { universal, projects } = this.#layers;
    const project = projects.get(projectId);
    return mergePolicies([
      universal,
      ...(project === undefined ? [] : [project]),
      ...(run === undefined ? [] : [{ layer: 'run', projectId: null, source: 'run', document: run } as const]),
    ]);
  }

  /** Takes what has changed in the folder. Never rejects: what is wrong is {@link fault}. */
  async refresh(): Promise<void> {
    // A reading that began before this call may not have seen what was written just before it.
    await this.#refreshing;
    if (this.#folder === null || this.#lookNow() === this.#look) return;
    this.#refreshing ??= this.#takeWhenQuiet().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  /** Refreshes whenever the folder changes, until the result is called. Where a folder cannot be watched, gates look for themselves all the same. */
  watch(): () => void {
    const folder = this.#folder;
    if (folder === null) return () => undefined;
    const watching = new Map<string, () => void>();
    const begin = (path: string): void => {
      if (watching.has(path)) return;
      try {
        const watcher = watch(path, { persistent: false }, () => {
          begin(join(folder, 'projects'));
          void this.refresh();
        });
        const end = (): void => {
          watcher.close();
          watching.delete(path);
        };
        watcher.on('error', end);
        watching.set(path, end);
      } catch {
        // There is no such folder, or too many are watched on this machine.
      }
    };
    for (const path of [folder, join(folder, 'projects')]) begin(path);
    return () => {
      for (const end of watching.values()) end();
    };
  }

  async #takeWhenQuiet(): Promise<void> {
    for (let count = 0; count < LOOKS; count += 1) {
      const look = this.#lookNow();
      await new Promise<void>((resolve) => void this.#clock.schedule(QUIET_MS, resolve));
      if (this.#lookNow() !== look) continue;
      const outcome = this.#read();
      if (this.#lookNow() !== look) continue;
      this.#look = look;
      return this.#settle(outcome);
    }
    return this.#refuse(`Cannot use the policies of "${this.#folder}": their files keep changing`, null);
  }

  #lookNow(): string {
    try {
      return this.#folder === null ? '' : lookOfLayers(this.#folder);
    } catch (error) {
      return messageOf(error);
    }
  }

  #read(): PolicyLayers | Error {
    try {
      return readLayers(this.#folder);
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  #settle(outcome: PolicyLayers | Error): void {
    const before = this.digest;
    if (outcome instanceof Error) {
      const details = outcome instanceof PlatformError ? toJson(outcome.details ?? null) : null;
      return this.#refuse(outcome.message, details);
    }
    this.#fault = undefined;
    this.#layers = outcome;
    if (this.digest !== before) this.#tell({ kind: 'changed', before, after: this.digest });
  }

  #refuse(message: string, details: Json): void {
    if (this.#fault?.message === message) return;
    this.#fault = { message, details, since: this.#clock.now() };
    this.#tell({ kind: 'refused', fault: this.#fault, digest: this.digest });
  }

  #tell(change: PolicyChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** What is wrong with the folder, in one line for people. */
export function faultText({ message, since }: PolicyFault): string {
  return `${message}; since ${isoTime(since)} the layers before hold`;
}
