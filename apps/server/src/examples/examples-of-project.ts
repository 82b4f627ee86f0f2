import type { ResourceProjects, Usage } from '../authorization/resource-projects.ts';
import type { ExampleStore } from './example-store.ts';

/** The part of the store that an execution reads from. */
export type ReadableExamples = Pick<ExampleStore, 'read' | 'describe'>;

/** The store as one execution sees it: sets that its project may not use are not there (EXAMPLES_NOT_FOUND). */
export function examplesOfProject(
  store: ReadableExamples,
  { resources, usage }: { resources: Pick<ResourceProjects, 'useExamples'>; usage: Usage },
): ReadableExamples {
  const used = async <T>(digest: string, read: (digest: string) => Promise<T>): Promise<T> => {
    await resources.useExamples(digest, usage);
    return read(digest);
  };
  return {
    read: (digest) => used(digest, (one) => store.read(one)),
    describe: (digest) => used(digest, (one) => store.describe(one)),
  };
}
