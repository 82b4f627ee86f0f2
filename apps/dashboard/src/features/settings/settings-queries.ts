import {
  apiKeyListSchema,
  auditListSchema,
  auditVerificationSchema,
  grantListSchema,
  modelProvidersSchema,
  permissionTableSchema,
  projectListSchema,
  readinessSchema,
  serverHealthSchema,
  sessionListSchema,
  settingListSchema,
  userListSchema,
  webhookDeliveryListSchema,
  webhookListSchema,
} from '@loopwright/protocol';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';
import { api } from '../../shared/api/api.ts';
import type { SettingsSearch } from './settings-search.ts';

const PAGE = 100;

type Listed = { readonly next_cursor: string | null };

/** A list behind a cursor, page by page. */
function listQuery<Answer extends Listed>(
  key: readonly unknown[],
  path: string,
  { answer, ...filter }: { answer: z.ZodType<Answer> } & Record<string, unknown>,
) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: async ({ pageParam }): Promise<Answer> => {
      const query = new URLSearchParams({ limit: String(PAGE) });
      for (const [name, value] of Object.entries(filter)) if (typeof value === 'string' && value !== '') query.set(name, value);
      if (pageParam !== null) query.set('cursor', pageParam);
      return api.call({ method: 'GET', path: `${path}?${query.toString()}`, answer });
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
}

export const apiKeysQuery = listQuery(['settings', 'keys'], '/api/v1/api-keys', { answer: apiKeyListSchema });
export const sessionsQuery = listQuery(['settings', 'sessions'], '/api/v1/sessions', { answer: sessionListSchema });
export const usersQuery = listQuery(['settings', 'users'], '/api/v1/users', { answer: userListSchema });
export const projectsQuery = listQuery(['settings', 'projects'], '/api/v1/projects', { answer: projectListSchema });
export const webhooksQuery = listQuery(['settings', 'webhooks'], '/api/v1/webhooks', { answer: webhookListSchema });

export const grantsQuery = (projectId: string) =>
  listQuery(['settings', 'grants', projectId], `/api/v1/projects/${encodeURIComponent(projectId)}/grants`, {
    answer: grantListSchema,
  });

export const deliveriesQuery = (webhookId: string) =>
  listQuery(['settings', 'deliveries', webhookId], `/api/v1/webhooks/${encodeURIComponent(webhookId)}/deliveries`, {
    answer: webhookDeliveryListSchema,
  });

export const auditQuery = ({ user, operation, kind }: SettingsSearch) =>
  listQuery(['settings', 'audit', user, operation, kind], '/api/v1/audit', {
    answer: auditListSchema,
    user_id: user,
    operation,
    kind,
  });

/** Reads the whole log, so it is asked for by a button. */
export const verificationQuery = queryOptions({
  queryKey: ['settings', 'verification'],
  queryFn: () => api.call({ method: 'GET', path: '/api/v1/audit/verify', answer: auditVerificationSchema }),
  enabled: false,
  gcTime: 0,
});

export const serverSettingsQuery = queryOptions({
  queryKey: ['settings', 'server'],
  queryFn: () => api.call({ method: 'GET', path: '/api/v1/settings?limit=500', answer: settingListSchema }),
});

export const providersQuery = queryOptions({
  queryKey: ['settings', 'providers'],
  queryFn: () => api.call({ method: 'GET', path: '/api/v1/model-providers', answer: modelProvidersSchema }),
});

export const healthQuery = queryOptions({
  queryKey: ['settings', 'health'],
  queryFn: () => api.call({ method: 'GET', path: '/health', answer: serverHealthSchema }),
  refetchInterval: 10_000,
});

export const readinessQuery = queryOptions({
  queryKey: ['settings', 'readiness'],
  queryFn: () => api.call({ method: 'GET', path: '/ready', answer: readinessSchema }),
  refetchInterval: 10_000,
  retry: false,
});

/** The permissions there are, and which of them a role has. They do not change as long as the server runs. */
export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: () => api.call({ method: 'GET', path: '/api/v1/permissions', answer: permissionTableSchema }),
  staleTime: Infinity,
});
