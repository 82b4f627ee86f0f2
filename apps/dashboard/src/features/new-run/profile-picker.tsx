import type { ProfileView } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Badge } from '../../shared/ui/badge.tsx';
import { takes } from './draft.ts';
import type { FormProps } from './form-props.ts';

/** One of the profiles; those that take the examples come first when there are some. */
export function ProfilePicker({ profiles, profile, search, onSearch }: FormProps): ReactElement {
  const hasExamples = search.examples !== undefined;
  const fits = (one: ProfileView): boolean => hasExamples && takes(one, 'examples');
  const inOrder = profiles.toSorted((one, other) => Number(fits(other)) - Number(fits(one)));
  return (
    <>
      {search.profile !== undefined && profile === undefined ? (
        <p className="field-error" role="alert">
          There is no profile “{search.profile}”. Choose one of these.
        </p>
      ) : null}
      <div className="new-run-profiles" role="radiogroup" aria-label="Profile">
        {inOrder.map((one) => (
          <label key={one.profile} className="new-run-profile" data-chosen={one === profile}>
            <input
              type="radio"
              name="profile"
              value={one.profile}
              checked={one === profile}
              onChange={() => onSearch({ profile: one.profile })}
            />
            <span className="stack">
              <span className="row">
                <strong>{one.title}</strong>
                {fits(one) ? (
                  <Badge tone="good" icon="check">
                    Takes the examples
                  </Badge>
                ) : null}
                {one.asks_models ? <AsksModels profile={one} /> : null}
              </span>
              <span className="muted">
                {one.summary ?? `${one.phases.length} ${one.phases.length === 1 ? 'phase' : 'phases'}`}
              </span>
            </span>
          </label>
        ))}
      </div>
      {hasExamples && profile !== undefined && !takes(profile, 'examples') ? (
        <p className="notice notice-warn">This profile takes no examples: those above are kept by the server and not used.</p>
      ) : null}
    </>
  );
}

function AsksModels({ profile: { models_reason: reason } }: { profile: ProfileView }): ReactElement {
  if (reason === null) return <Badge>Asks models</Badge>;
  return (
    <Badge tone="warn" icon="warning">
      Asks a model that is not set up
    </Badge>
  );
}
