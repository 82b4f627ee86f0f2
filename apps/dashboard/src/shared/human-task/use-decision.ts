import { type HumanTask, type JsonObject, PlatformError, humanTaskSchema, systemRandom } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
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
  /** Whether the server was away at the last try: the decision is kept and sent again, under the same name, so that it counts once. */
  readonly isAway: boolean;
  readonly error: Error | null;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;

function isAway(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE';
}

/** Sends one decision about exactly what `task` shows. Gives the task as it then is. Throws CONFLICT when it shows something else, or somebody was first. */
export function sendDecision(
  { task_id: id, subject_digest }: Pick<HumanTask, 'task_id' | 'subject_digest'>,
  decision: Decision,
  idempotencyKey: string,
): Promise<HumanTask> {
  return api.call({
    method: 'POST',
    path: `/api/v1/tasks/${encodeURIComponent(id)}/answer`,
    answer: humanTaskSchema,
    json: { ...decision, subject_digest },
    idempotencyKey,
  });
}

/** Decides about what `task` shows, as often as it takes to reach the server. */
export function useDecision(task: HumanTask): Deciding {
  const queries = useQueryClient();
  const { mutate, isPending, failureReason, error } = useMutation({
    meta: { quiet: true },
    mutationFn: ({ decision, key }: { decision: Decision; key: string }) => sendDecision(task, decision, key),
    retry: (_failures, failure) => isAway(failure),
    retryDelay: (failures) => Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS),
    onSuccess: ({ title, task_id: id }) => {
      forgetDraft(id);
      showToast(`Decided: ${title}`);
    },
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }),
  });
  return {
    decide: (decision) => mutate({ decision, key: systemRandom.uuid() }),
    isBusy: isPending,
    isAway: isPending && isAway(failureReason),
    error,
  };
}
