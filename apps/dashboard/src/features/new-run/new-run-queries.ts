import {
  type ProfileView,
  exampleFactsSchema,
  examplesDescriptionSchema,
  profileListSchema,
  projectListSchema,
  runEstimateSchema,
} from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';
import { api } from '../../shared/api/api.ts';

const pathOf = (digest: string): string => `/api/v1/examples/${encodeURIComponent(digest)}`;

/** All profiles. */
export const profilesQuery = queryOptions({
  queryKey: ['new-run', 'profiles'],
  queryFn: async (): Promise<ProfileView[]> => {
    const profiles: ProfileView[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/api/v1/profiles?limit=500${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: z.infer<typeof profileListSchema> = await api.call({ method: 'GET', path, answer: profileListSchema });
      profiles.push(...page.profiles);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return profiles;
  },
});

/** What a run is to be expected to take. */
export const estimateQuery = (profile: string, project: string) =>
  queryOptions({
    queryKey: ['new-run', 'estimate', profile, project],
    queryFn: ({ signal }) =>
      api.call({
        method: 'GET',
        path: `/api/v1/profiles/${encodeURIComponent(profile)}/estimate?project_id=${encodeURIComponent(project)}`,
        answer: runEstimateSchema,
        signal,
      }),
  });

/** What an uploaded set is. */
export const examplesQuery = (digest: string) =>
  queryOptions({
    queryKey: ['new-run', 'examples', digest],
    queryFn: () => api.call({ method: 'GET', path: pathOf(digest), answer: examplesDescriptionSchema }),
  });

/**
 * What the data phase of a run would find in it, with this share held out. Never gets old: a set does not change. What was found with another share is shown
 * until the answer is there.
 */
export const factsQuery = (digest: string, holdout: number) =>
  queryOptions({
    queryKey: ['new-run', 'facts', digest, holdout],
    queryFn: ({ signal }) =>
      api.call({ method: 'GET', path: `${pathOf(digest)}/facts?holdout=${holdout}`, answer: exampleFactsSchema, signal }),
    placeholderData: (before, query) => (query?.queryKey[2] === digest ? before : undefined),
    staleTime: Infinity,
  });

/** The projects that there are, for being proposed. */
export const knownProjectsQuery = queryOptions({
  queryKey: ['new-run', 'projects'],
  queryFn: () => api.call({ method: 'GET', path: '/api/v1/projects?limit=100', answer: projectListSchema }),
});
