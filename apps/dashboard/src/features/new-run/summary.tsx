import type { ProfileView, Projection } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { dollarText, durationText } from '../../shared/time/format.ts';
import { Icon } from '../../shared/ui/icon.tsx';
import { Stat } from '../../shared/ui/states.tsx';
import { DEFAULT_PROJECT, problemsOf, takes } from './draft.ts';
import type { FormProps } from './form-props.ts';
import { estimateQuery } from './new-run-queries.ts';
import { StartRow } from './start-row.tsx';

/** What is about to be started: the phases, what they are expected to take, and what will be asked. */
export function Summary(props: FormProps): ReactElement {
  const { profile, search } = props;
  return (
    <section className="card new-run-summary" aria-label="What is started">
      <h2>{profile === undefined ? 'No profile is chosen yet' : profile.title}</h2>
      {profile === undefined ? null : (
        <>
          <ol className="new-run-phases" aria-label="Phases">
            {profile.phases.map(({ phase, title, gates }) => (
              <li key={phase}>
                <span>{title}</span>
                <span className="muted">{gates.length === 0 ? 'no gate' : gates.join(', ').replaceAll('_', ' ')}</span>
              </li>
            ))}
          </ol>
          <Expected {...props} profile={profile} />
          {takes(profile, 'examples') && search.examples === undefined ? (
            <p className="muted">Without examples the run asks for them in its first phase.</p>
          ) : null}
        </>
      )}
      <StartRow {...props} />
    </section>
  );
}

/** Time and cost, from runs that were completed. */
export function Expected({
  profile,
  search,
  draft,
}: Pick<FormProps, 'search' | 'draft'> & { profile: ProfileView }): ReactElement {
  const project = search.project ?? DEFAULT_PROJECT;
  const isNamed = problemsOf(draft, search, profile).project === undefined;
  const { data, error } = useQuery({ ...estimateQuery(profile.profile, project), enabled: isNamed });
  const unknown = error === null ? 'it is asked for' : error.message;
  return (
    <>
      {profile.models_reason === null ? null : <NoModel reason={profile.models_reason} />}
      <dl className="stats" aria-busy={data === undefined && error === null && isNamed}>
        <Stat label="Expected time, with waiting" value={range(data?.time, durationText)} reason={data?.time.reason ?? unknown} />
        <Stat
          label="Expected cost"
          value={profile.asks_models ? range(data?.cost, dollarText) : 'No model is asked'}
          reason={data?.cost.reason ?? unknown}
        />
      </dl>
      {data === undefined || data.time.median === null ? null : (
        <p className="muted">
          From {data.time.runs} completed {data.time.runs === 1 ? 'run' : 'runs'}{' '}
          {data.time.from === 'project' ? 'of this project' : 'of other projects'}.
        </p>
      )}
    </>
  );
}

/** Said before the run is begun: its first phase that asks a model would fail. */
function NoModel({ reason }: { reason: string }): ReactElement {
  return (
    <div className="notice notice-warn">
      <Icon name="warning" />
      <p>
        <strong>A phase of it asks a model, and would fail as the server is set up.</strong> {reason}.{' '}
        <Link to="/settings" search={{ tab: 'providers' }} className="inline-link">
          Providers
        </Link>
      </p>
    </div>
  );
}

function range(projection: Projection | undefined, text: (value: number) => string): string | null {
  if (projection?.median == null) return null;
  const { median, low, high } = projection;
  const isSpread = low !== null && high !== null && text(low) !== text(high);
  return isSpread ? `${text(median)} (${text(low)} – ${text(high)})` : text(median);
}
