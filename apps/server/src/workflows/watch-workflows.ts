import { watch } from 'node:fs';
import type { CatalogueReader, Engine, WorkflowDefinition } from '@loopwright/engine';
import { type Clock, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { profileOf } from '../runs/profile/profile.ts';
import { loadWorkflows } from './load-workflows.ts';

/** Editors write a file in several steps; this long after the last one it is read, in milliseconds. */
const SETTLE_MS = 200;

/** What reads definitions, and hears of what is wrong with them. */
interface WorkflowParts {
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  readonly readCatalogue: CatalogueReader;
  /** The folder of the operator's own profiles: what is none there is most likely a mistake. */
  readonly profilesDir: string | null;
}

/** Registers the definitions of folders, and again whenever they change; the result ends that. Throws as {@link loadWorkflows} does. */
export async function useWorkflows(folders: readonly string[], engine: Engine, parts: WorkflowParts): Promise<() => void> {
  const stops: (() => void)[] = [];
  for (const folder of folders) {
    const loaded = await loadWorkflows(folder, engine.functions, parts.readCatalogue);
    for (const definition of loaded) await engine.register(definition);
    if (folder === parts.profilesDir) warnOfOthers(loaded, parts.log);
    stops.push(watchWorkflows(folder, engine, parts));
  }
  return () => {
    for (const stop of stops) stop();
  };
}

/** Registers definitions again when a file of the folder changes. A folder with a wrong file changes nothing; executions under way keep theirs. */
function watchWorkflows(folder: string, engine: Engine, { clock, log, readCatalogue, profilesDir }: WorkflowParts): () => void {
  let cancel: () => void = () => undefined;
  const reload = async (): Promise<void> => {
    try {
      const loaded = await loadWorkflows(folder, engine.functions, readCatalogue);
      const changed = loaded.filter(({ name, digest }) => engine.definitions.get(name)?.digest !== digest);
      for (const definition of changed) await engine.register(definition);
      if (folder === profilesDir) warnOfOthers(changed, log);
      if (changed.length > 0)
        log.info({ workflows: changed.map(({ name, version }) => `${name} ${version}`) }, 'Workflows are loaded again');
    } catch (error) {
      log.error({ err: error }, `Cannot load the workflows again: ${messageOf(error)}`);
    }
  };
  const watcher = watch(folder, { persistent: false }, () => {
    cancel();
    cancel = clock.schedule(SETTLE_MS, () => void reload());
  });
  watcher.on('error', (error) => log.warn({ err: error }, 'Cannot watch the folder of workflows any more'));
  return () => {
    cancel();
    watcher.close();
  };
}

/** A profile may call a workflow beside it, so that is allowed; but nobody can create a run of it. */
function warnOfOthers(definitions: readonly WorkflowDefinition[], log: FastifyBaseLogger): void {
  for (const definition of definitions.filter((one) => profileOf(one) === undefined))
    log.warn(
      { workflow: definition.name },
      `"${definition.name}" in profiles_dir is no profile: it has no document.metadata.profile`,
    );
}
