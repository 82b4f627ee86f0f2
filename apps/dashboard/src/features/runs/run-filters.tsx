import type { ReactElement } from 'react';
import { CreatedFields, ListFilters, WaitingField } from '../../shared/list/list-filters.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { TypedField } from '../../shared/ui/typed-field.tsx';
import { type RunsSearch, filterText, isFiltered } from './runs-search.ts';

interface FilterProps {
  readonly search: RunsSearch;
  readonly onChange: (next: Partial<RunsSearch>, how?: { replace?: boolean }) => void;
}

/** Nothing of what the URL can say to narrow the list. */
const NOTHING: Partial<RunsSearch> = {
  status: undefined,
  profile: undefined,
  project: undefined,
  q: undefined,
  since: undefined,
  from: undefined,
  to: undefined,
  waiting: undefined,
};

/** What narrows the list; everything stands in the URL. */
export function RunFilters({ search, onChange }: FilterProps): ReactElement {
  return (
    <ListFilters
      label="Filter the runs"
      shown={isFiltered(search) ? filterText(search) : null}
      onClear={() => onChange(NOTHING)}
      main={
        <>
          <TypedField
            label="Text"
            type="search"
            placeholder="Id, name, intake…  ( / )"
            value={search.q}
            onValue={(q) => onChange({ q }, { replace: true })}
          />
          <SelectField
            label="Status"
            value={search.status ?? ''}
            onChange={({ target: { value } }) => onChange({ status: value === '' ? undefined : (value as RunsSearch['status']) })}
          >
            <option value="">Any</option>
            <option value="running">Running</option>
            <option value="paused">Paused</option>
            <option value="completed">Completed</option>
            <option value="failed">Failed</option>
            <option value="cancelled">Cancelled</option>
          </SelectField>
        </>
      }
      further={
        <>
          <TypedField label="Profile" value={search.profile} onValue={(profile) => onChange({ profile }, { replace: true })} />
          <TypedField label="Project" value={search.project} onValue={(project) => onChange({ project }, { replace: true })} />
          <CreatedFields label="Created" span={search} onChange={onChange} />
          <WaitingField isOn={search.waiting === true} onChange={(waiting) => onChange({ waiting })} />
        </>
      }
    />
  );
}
