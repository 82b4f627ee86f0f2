import { type HumanTask, type JsonObject, PlatformError, humanTaskSchema, systemClock, systemRandom } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/api.ts';
import { holdPage } from '../ui/hold-page.ts';
import { showToast } from '../ui/toasts.tsx';
import { forgetDraft } from './drafts.ts';

/** What somebody decides: yes or no to what is shown, or answers by the ids of the questions. */
export type Decision = ({ readonly accepted: boolean; readonly comment?: string } | { readonly answers: JsonObject }) & {
  /** Why an administrator decides instead of the user whom it is for. */
  readonly override_reason?: string;
};

/** A decision on its way. */
export interface Deciding {
  readonly decide: (decision: Decision) => void;
  readonly isBusy: boolean;
  /** Whether the server was away at the last try: the decision is kept and sent again. */
  readonly isAway: boolean;
  readonly error: Error | null;
  /** Takes the error away. */
  readonly forgetError: () => void;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;

/**
 * Sends one decision about exactly what `task` shows, until the server is there: each time under the same key, so that it counts once even when an
 * answer was lost. Gives the task as it then is. Throws CONFLICT when it shows something else, or somebody was first.
 */
export async function sendDecision(
  { task_id: id, subject_digest }: Pick<HumanTask, 'task_id' | 'subject_digest'>,
  decision: Decision,
  onAway: () => void,
): Promise<HumanTask> {
  const path = `/api/v1/tasks/${encodeURIComponent(id)}/answer`;
  const request = { method: 'POST', path, json: { ...decision, subject_digest }, idempotencyKey: systemRandom.uuid() } as const;
  const release = holdPage();
  try {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        return await api.call({ ...request, answer: humanTaskSchema });
      } catch (error) {
        if (!(error instanceof PlatformError) || error.code !== 'SERVICE_UNAVAILABLE') throw error;
        onAway();
        const { promise, resolve } = Promise.withResolvers<void>();
        systemClock.schedule(wait, resolve);
        await promise;
      }
    }
  } finally {
    release();
  }
}

/** Decides about what `task` shows. */
export function useDecision(task: HumanTask): Deciding {
  const queries = useQueryClient();
  const [isAway, setAway] = useState(false);
  const { mutate, isPending, error, reset } = useMutation({
    meta: { quiet: true },
    mutationFn: (decision: Decision) => sendDecision(task, decision, () => setAway(true)),
    onSuccess: ({ title, task_id: id }) => {
      forgetDraft(id);
      showToast(`Decided: ${title}`);
    },
    onSettled: () => {
      setAway(false);
      return queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
    },
  });
  return { decide: mutate, isBusy: isPending, isAway, error, forgetError: reset };
}
