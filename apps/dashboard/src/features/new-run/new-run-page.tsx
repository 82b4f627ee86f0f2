import type { ProfileView } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import type { FormProps } from './form-props.ts';
import { GuidedForm } from './guided-form.tsx';
import { profilesQuery } from './new-run-queries.ts';
import type { NewRunSearch } from './new-run-search.ts';
import { QuickForm } from './quick-form.tsx';
import { useDraft } from './use-draft.ts';
import './new-run.css';

const route = getRouteApi('/new-run');

/** `/new-run`: from examples and a wish to a run; guided, or in one form. */
export function NewRunPage(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { me } = useSession();
  const [draft, onDraft] = useDraft(me.user_id);
  const { data: profiles, error, refetch } = useQuery(profilesQuery);
  const onSearch = (next: Partial<NewRunSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  return (
    <div className="page">
      <div className="page-head">
        <h1>New run</h1>
      </div>
      {profiles === undefined && error === null ? <Loading label="Loading the profiles" /> : null}
      {profiles === undefined && error !== null ? <ErrorState error={error} retry={() => void refetch()} /> : null}
      {profiles?.length === 0 ? (
        <EmptyState title="There are no profiles">
          A profile says which phases a run has. The server reads them from its profiles folder, and found none there.
        </EmptyState>
      ) : null}
      {profiles === undefined || profiles.length === 0 ? null : (
        <Forms {...{ search, onSearch, draft, onDraft, profiles }} profile={chosenOf(profiles, search.profile)} />
      )}
    </div>
  );
}

function Forms(props: FormProps): ReactElement {
  return (
    <Tabs
      label="Ways to make a run"
      selected={props.search.how ?? 'guided'}
      onSelect={(how) => props.onSearch({ how: how === 'quick' ? 'quick' : undefined })}
      tabs={[
        { id: 'guided', label: 'Guided', panel: <GuidedForm {...props} /> },
        { id: 'quick', label: 'Quick run', panel: <QuickForm {...props} /> },
      ]}
    />
  );
}

/** By name or alias; the only one there is needs no choice. */
function chosenOf(profiles: readonly ProfileView[], name: string | undefined): ProfileView | undefined {
  if (name === undefined) return profiles.length === 1 ? profiles[0] : undefined;
  return profiles.find(({ profile }) => profile === name) ?? profiles.find(({ aliases }) => aliases.includes(name));
}
