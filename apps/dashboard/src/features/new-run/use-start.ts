import { systemRandom } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { api } from '../../shared/api/api.ts';
import { showToast } from '../../shared/ui/toasts.tsx';
import { requestOf } from './draft.ts';
import type { FormProps } from './form-props.ts';

/** Starting the run, and how far that is. */
export interface Start {
  readonly start: () => void;
  readonly isPending: boolean;
  readonly error: Error | null;
}

/** Makes the run once, however often it is tried, and goes to it. The key of the request is new as soon as something else is asked for. */
export function useStart({ draft, search, profile, onDraft }: FormProps): Start {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const tried = useRef({ text: '', key: '' });
  const { mutate, isPending, error } = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      if (profile === undefined) throw new Error('Cannot start the run: no profile is chosen');
      const request = requestOf(draft, search, profile);
      const text = JSON.stringify(request);
      if (tried.current.text !== text) tried.current = { text, key: systemRandom.uuid() };
      return api.runs.create(request, { idempotencyKey: tried.current.key });
    },
    onSuccess: async ({ run_id: runId }) => {
      onDraft(undefined);
      showToast(draft.mode === 'auto' ? 'The run has started' : 'The run is made: advance it to its first phase');
      await queries.invalidateQueries({ queryKey: ['runs', 'list'] });
      await navigate({ to: '/orchestrator/runs/$runId', params: { runId } });
    },
  });
  return { start: () => mutate(), isPending, error };
}
