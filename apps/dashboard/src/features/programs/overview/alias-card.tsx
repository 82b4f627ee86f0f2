import type { ProgramSummary } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { useSession } from '../../../shared/api/session.tsx';
import { Time } from '../../../shared/time/time.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { aliasQuery, timelineQuery } from '../program-queries.ts';
import type { SeenAlias } from './move-dialogs.tsx';
import { WeightsBar } from './weights-bar.tsx';

const MoveDialog = lazy(async () => ({ default: (await import('./move-dialogs.tsx')).MoveDialog }));
const BackDialog = lazy(async () => ({ default: (await import('./move-dialogs.tsx')).BackDialog }));

/** Where the alias `active` points, since when, and moving it by hand. */
export function AliasCard({ program, onRollout }: { program: ProgramSummary; onRollout: () => void }): ReactElement {
  const { can } = useSession();
  const { data: seen, error } = useQuery(aliasQuery(program.name));
  const timeline = useInfiniteQuery(timelineQuery(program.name, undefined, seen?.alias.moved_at));
  // What was seen when the dialog was opened is what is changed.
  const [open, setOpen] = useState<{ what: 'move' | 'back'; seen: SeenAlias; before: number | null }>();
  if (seen === undefined) return error === null ? <Loading label="Loading the alias" lines={2} /> : <ErrorState error={error} />;
  const { alias } = seen;
  const forbidden = can('programs:promote', program.project_id)
    ? undefined
    : 'Only administrators of the project move what is served';
  const [newest] = timeline.data?.pages ?? [];
  const isBehind = newest === undefined || (newest.entries[0]?.version ?? null) !== alias.version;
  const before = isBehind ? undefined : newest.rollback_to;
  const noBack =
    forbidden ?? (isBehind ? 'The history is being loaded' : before === null ? 'No version was active before' : undefined);
  const noMove = forbidden ?? (program.versions.length < 2 && alias.version !== null ? 'There is no other version' : undefined);
  return (
    <section className="card stack" aria-label="What answers">
      <div className="row">
        <h2>
          <code>active</code> → {alias.version === null ? 'nothing yet' : `v${alias.version}`}
        </h2>
        {alias.moved_at === null ? null : (
          <span className="muted">
            since <Time at={alias.moved_at} />
          </span>
        )}
        <span className="grow" />
        <Button
          disabled={noBack !== undefined}
          reason={noBack}
          onClick={() => setOpen({ what: 'back', seen, before: before ?? null })}
        >
          Roll back{before === undefined || before === null ? '' : ` to v${before}`}
        </Button>
        <Button disabled={noMove !== undefined} reason={noMove} onClick={() => setOpen({ what: 'move', seen, before: null })}>
          Serve another version…
        </Button>
      </div>
      {alias.weights.length === 0 ? null : <WeightsBar weights={alias.weights} />}
      {alias.rollout_id === null ? null : (
        <p>
          A rollout is under way.{' '}
          <Button small onClick={onRollout}>
            Show it
          </Button>
        </p>
      )}
      {alias.digest === null ? null : (
        <p className="muted">
          Digest <code title={alias.digest}>sha256:{alias.digest.slice(0, 16)}…</code>
        </p>
      )}
      {open === undefined ? null : (
        <Suspense>
          {open.what === 'back' ? (
            <BackDialog program={program} seen={open.seen} before={open.before} onClose={() => setOpen(undefined)} />
          ) : (
            <MoveDialog program={program} seen={open.seen} onClose={() => setOpen(undefined)} />
          )}
        </Suspense>
      )}
    </section>
  );
}
