import { queryOptions } from '@tanstack/react-query';
import { api } from '../../shared/api/api.ts';
import { openapiSchema } from './openapi.ts';

/** The OpenAPI document of the server. It does not change as long as the server runs. */
export const openapiQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: ({ signal }) => api.call({ method: 'GET', path: '/openapi.json', answer: openapiSchema, signal }),
  staleTime: Infinity,
});
