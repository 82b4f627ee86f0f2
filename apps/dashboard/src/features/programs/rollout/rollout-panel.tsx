import type { Rollout } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { useSession } from '../../../shared/api/session.tsx';
import { Time } from '../../../shared/time/time.tsx';
import { StatusBadge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import type { SeenAlias } from '../overview/move-dialogs.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { aliasQuery, rolloutsQuery } from '../program-queries.ts';
import { RolloutCard } from './rollout-card.tsx';
import './rollout.css';

const StartDialog = lazy(async () => ({ default: (await import('./start-dialog.tsx')).StartDialog }));

/** Moving from one version to another step by step: what is under way, beginning one, and those that were. */
export function RolloutPanel({ program, search, select }: ProgramPanel): ReactElement {
  const { can } = useSession();
  const list = useInfiniteQuery(rolloutsQuery(program.name));
  const { data: seen } = useQuery(aliasQuery(program.name));
  const [starting, setStarting] = useState<SeenAlias>();
  if (list.data === undefined)
    return list.error === null ? (
      <Loading label="Loading the rollouts" />
    ) : (
      <ErrorState error={list.error} retry={() => void list.refetch()} />
    );
  const rollouts = list.data.pages.flatMap((page) => page.rollouts);
  const current = rollouts.find(({ completed_at: ended }) => ended === null);
  const past = rollouts.filter((rollout) => rollout !== current);
  const forbidden = can('programs:promote', program.project_id)
    ? undefined
    : 'Only administrators of the project move what is served';
  const reason =
    forbidden ??
    (program.active_version === null
      ? 'No version is active: there is nothing to move from'
      : program.versions.length < 2
        ? 'There is no other version'
        : current === undefined
          ? undefined
          : 'One rollout is under way');
  return (
    <div className="stack">
      <div className="row">
        <h2>{current === undefined ? 'No rollout is under way' : 'Under way'}</h2>
        <span className="grow" />
        <Button
          look={current === undefined ? 'primary' : 'normal'}
          icon="play"
          disabled={reason !== undefined || seen === undefined}
          reason={reason}
          onClick={() => setStarting(seen)}
        >
          Start a rollout…
        </Button>
      </div>
      {current === undefined ? null : <RolloutCard program={program} rolloutId={current.rollout_id} forbidden={forbidden} />}
      {rollouts.length === 0 ? (
        <EmptyState title="There was no rollout yet">
          A rollout gives a new version a small share of the requests, compares it with the one that is active, and goes on or
          back by itself.
        </EmptyState>
      ) : null}
      <Past past={past} open={search.rollout} onOpen={(rollout) => select({ rollout })}>
        {(rolloutId) => <RolloutCard program={program} rolloutId={rolloutId} forbidden={forbidden} />}
      </Past>
      {list.hasNextPage ? <Button onClick={() => void list.fetchNextPage()}>Load older ones</Button> : null}
      {starting === undefined ? null : (
        <Suspense>
          <StartDialog program={program} seen={starting} onClose={() => setStarting(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

/** Rollouts that have ended; one of them is open. */
function Past({
  past,
  open,
  onOpen,
  children,
}: {
  past: readonly Rollout[];
  open: string | undefined;
  onOpen: (rolloutId: string | undefined) => void;
  children: (rolloutId: string) => ReactElement;
}): ReactElement | null {
  if (past.length === 0) return null;
  return (
    <section className="stack" aria-label="Rollouts that have ended">
      <h2>Before</h2>
      {past.map((rollout) => {
        const isOpen = rollout.rollout_id === open;
        return (
          <div key={rollout.rollout_id} className="stack">
            <button
              type="button"
              className="rollout-row"
              aria-expanded={isOpen}
              onClick={() => onOpen(isOpen ? undefined : rollout.rollout_id)}
            >
              <strong>
                v{rollout.incumbent} → v{rollout.candidate}
              </strong>
              <StatusBadge status={rollout.status} />
              <span className="truncate grow muted">{rollout.status_reason}</span>
              <span className="muted">
                <Time at={rollout.completed_at} />
              </span>
            </button>
            {isOpen ? children(rollout.rollout_id) : null}
          </div>
        );
      })}
    </section>
  );
}
