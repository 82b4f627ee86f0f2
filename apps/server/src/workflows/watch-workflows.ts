import { watch } from 'node:fs';
import type { CatalogueReader, Engine } from '@loopwright/engine';
import { type Clock, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { loadWorkflows } from './load-workflows.ts';

/** Editors write a file in several steps; this long after the last one it is read, in milliseconds. */
const SETTLE_MS = 200;

/** Registers the definitions of folders, and again whenever they change; the result ends that. Throws as {@link loadWorkflows} does. */
export async function useWorkflows(
  folders: readonly string[],
  engine: Engine,
  parts: { clock: Clock; log: FastifyBaseLogger; readCatalogue: CatalogueReader },
): Promise<() => void> {
  const stops: (() => void)[] = [];
  for (const folder of folders) {
    for (const definition of await loadWorkflows(folder, engine.functions, parts.readCatalogue))
      await engine.register(definition);
    stops.push(watchWorkflows(folder, engine, parts));
  }
  return () => {
    for (const stop of stops) stop();
  };
}

/** Registers definitions again when a file of the folder changes. A folder with a wrong file changes nothing; executions under way keep theirs. */
function watchWorkflows(
  folder: string,
  engine: Engine,
  { clock, log, readCatalogue }: { clock: Clock; log: FastifyBaseLogger; readCatalogue: CatalogueReader },
): () => void {
  let cancel: () => void = () => undefined;
  const reload = async (): Promise<void> => {
    try {
      const loaded = await loadWorkflows(folder, engine.functions, readCatalogue);
      const changed = loaded.filter(({ name, digest }) => engine.definitions.get(name)?.digest !== digest);
      for (const definition of changed) await engine.register(definition);
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
