import type { ProgramStore } from '@loopwright/edge';
import { DEFAULT_PROJECT, type Engine } from '@loopwright/engine';
import type { ResourceProjects } from '../authorization/resource-projects.ts';

/**
 * Writes down the project of each program that was made before projects were: that of the execution which made its newest version, or `default` when
 * nobody knows any more. Programs that have a project keep it.
 */
export async function adoptPrograms(
  store: ProgramStore,
  { read }: Pick<Engine, 'read'>,
  resources: ResourceProjects,
): Promise<void> {
  const known = await resources.projectsOfPrograms();
  for (const name of await store.programs()) {
    if (known.has(name)) continue;
    const made = (await store.list(name)).at(-1)?.metadata['execution_id'];
    const projectId = typeof made === 'string' ? read.projectOf(made) : undefined;
    await resources.claimProgram(name, { projectId: projectId ?? DEFAULT_PROJECT });
  }
}
