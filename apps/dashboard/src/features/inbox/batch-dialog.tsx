import { type HumanTask, type InboxEntry, PlatformError, messageOf } from '@loopwright/protocol';
import { useQueries, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { sendDecision } from '../../shared/human-task/use-decision.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { TextArea } from '../../shared/ui/field.tsx';
import { BatchRow, type RowOutcome } from './batch-row.tsx';
import { taskQuery } from './inbox-queries.ts';

/**
 * Decides several acceptances in one go: each on its own, about the digest of what this dialog shows of it. What changed meanwhile, or was decided by
 * somebody else, is refused and said so; the others are not held back by it.
 */
export function BatchDialog({
  entries,
  onClose,
}: {
  entries: readonly InboxEntry[];
  onClose: (isDecided: boolean) => void;
}): ReactElement {
  const [chosen] = useState(entries);
  const found = useQueries({ queries: chosen.map(({ task_id: id }) => taskQuery(id)) });
  const shown = useShown(found.map(({ data }) => data));
  const [comment, setComment] = useState('');
  const [isTried, setTried] = useState(false);
  const batch = useBatch();
  const open = shown.filter((task) => task?.state === 'open').filter((task) => task !== undefined);
  const isLoading = found.some(({ isPending }) => isPending);
  const decide = (accepted: boolean): void => {
    setTried(!accepted);
    const said = comment.trim();
    if (accepted || said !== '') void batch.decide(open, { accepted, ...(said === '' ? {} : { comment: said }) });
  };
  const isOver = batch.state === 'over';
  // What is under way goes on: nobody is to think that it was taken back.
  const close = (): void => (batch.state === 'busy' ? undefined : onClose(isOver));
  return (
    <Dialog
      title={
        isOver
          ? doneText(batch.outcomes)
          : chosen.length === 1
            ? 'Decide the one that is chosen'
            : `Decide ${chosen.length} together`
      }
      isOpen
      onClose={close}
      actions={
        isOver ? (
          <Button look="primary" onClick={close}>
            Close
          </Button>
        ) : (
          <>
            <Button disabled={batch.state === 'busy'} onClick={close}>
              Cancel
            </Button>
            <Button icon="close" disabled={isLoading || batch.state === 'busy'} onClick={() => decide(false)}>
              Reject {open.length}
            </Button>
            <Button look="primary" icon="check" disabled={isLoading || batch.state === 'busy'} onClick={() => decide(true)}>
              Accept {open.length}
            </Button>
          </>
        )
      }
    >
      <ul className="batch-rows">
        {chosen.map((entry, at) => (
          <BatchRow key={entry.task_id} entry={entry} task={shown[at]} outcome={batch.outcomes.get(entry.task_id)} />
        ))}
      </ul>
      {isOver ? null : (
        <TextArea
          label="Comment for all of them"
          hint="Needed to reject"
          maxLength={10_000}
          rows={2}
          error={isTried && comment.trim() === '' ? 'Say why they are rejected' : undefined}
          value={comment}
          onText={setComment}
        />
      )}
    </Dialog>
  );
}

/** Each task as it was first seen here: that is what is decided about. */
function useShown(tasks: readonly (HumanTask | undefined)[]): readonly (HumanTask | undefined)[] {
  const [first, setFirst] = useState<ReadonlyMap<string, HumanTask>>(new Map());
  const news = tasks.filter((task) => task !== undefined).filter(({ task_id: id }) => !first.has(id));
  if (news.length > 0) setFirst(new Map([...first, ...news.map((task) => [task.task_id, task] as const)]));
  return tasks.map((task) => (task === undefined ? undefined : (first.get(task.task_id) ?? task)));
}

interface Batch {
  readonly state: 'ready' | 'busy' | 'over';
  readonly outcomes: ReadonlyMap<string, RowOutcome>;
  readonly decide: (tasks: readonly HumanTask[], decision: { accepted: boolean; comment?: string }) => Promise<void>;
}

/** Sends the decisions one after the other, and keeps what became of each. */
function useBatch(): Batch {
  const queries = useQueryClient();
  const [state, setState] = useState<Batch['state']>('ready');
  const [outcomes, setOutcomes] = useState<Batch['outcomes']>(new Map());
  const note = (id: string, outcome: RowOutcome): void => setOutcomes((before) => new Map([...before, [id, outcome]]));
  return {
    state,
    outcomes,
    decide: async (tasks, decision) => {
      setState('busy');
      for (const task of tasks) {
        note(task.task_id, { kind: 'sending' });
        try {
          await sendDecision(task, decision, () => note(task.task_id, { kind: 'away' }));
          note(task.task_id, { kind: decision.accepted ? 'accepted' : 'rejected' });
        } catch (error) {
          const isFirst = error instanceof PlatformError && error.status === 409;
          note(task.task_id, { kind: isFirst ? 'late' : 'failed', reason: messageOf(error) });
        }
      }
      setState('over');
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
    },
  };
}

function doneText(outcomes: Batch['outcomes']): string {
  const all = [...outcomes.values()];
  const done = all.filter(({ kind }) => kind === 'accepted' || kind === 'rejected').length;
  return done === all.length ? `Decided ${done}` : `Decided ${done} of ${all.length}`;
}
