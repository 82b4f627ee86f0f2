import type { ReactElement } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { TypedField } from '../../shared/ui/typed-field.tsx';
import { useIsNarrow } from '../../shared/ui/use-is-narrow.ts';
import { type RunsSearch, filterText, isFiltered } from './runs-search.ts';

interface FilterProps {
  readonly search: RunsSearch;
  readonly onChange: (next: Partial<RunsSearch>, how?: { replace?: boolean }) => void;
}

/** What narrows the list; everything stands in the URL. */
export function RunFilters({ search, onChange }: FilterProps): ReactElement {
  return (
    <search className="filters" aria-label="Filter the runs">
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
      {useIsNarrow() ? (
        <details className="filters-more">
          <summary>More filters</summary>
          <div className="filters">
            <FurtherFilters search={search} onChange={onChange} />
          </div>
        </details>
      ) : (
        <FurtherFilters search={search} onChange={onChange} />
      )}
      {isFiltered(search) ? (
        <Button
          look="quiet"
          icon="close"
          title={`Shown: ${filterText(search)}`}
          onClick={() =>
            onChange({
              status: undefined,
              profile: undefined,
              project: undefined,
              q: undefined,
              since: undefined,
              from: undefined,
              to: undefined,
              waiting: undefined,
            })
          }
        >
          Clear
        </Button>
      ) : null}
    </search>
  );
}

function FurtherFilters({ search, onChange }: FilterProps): ReactElement {
  return (
    <>
      <TypedField label="Profile" value={search.profile} onValue={(profile) => onChange({ profile }, { replace: true })} />
      <TypedField label="Project" value={search.project} onValue={(project) => onChange({ project }, { replace: true })} />
      <SelectField
        label="Created"
        value={search.since ?? ''}
        onChange={({ target: { value } }) =>
          onChange({ since: value === '' ? undefined : (value as RunsSearch['since']), from: undefined, to: undefined })
        }
      >
        <option value="">At any time</option>
        <option value="1h">In the last hour</option>
        <option value="24h">In the last day</option>
        <option value="7d">In the last week</option>
        <option value="30d">In the last month</option>
        <option value="days">Between two days</option>
      </SelectField>
      {search.since === 'days' ? (
        <>
          <DayField label="From" value={search.from} onDay={(from) => onChange({ from })} />
          <DayField label="To, that day included" value={search.to} onDay={(to) => onChange({ to })} />
        </>
      ) : null}
      <label className="filter-check">
        <input
          type="checkbox"
          checked={search.waiting === true}
          onChange={({ target }) => onChange({ waiting: target.checked ? true : undefined })}
        />
        Waiting for me
      </label>
    </>
  );
}

/** A day of the calendar; empty for none. */
function DayField({
  label,
  value,
  onDay,
}: {
  label: string;
  value: string | undefined;
  onDay: (day: string | undefined) => void;
}): ReactElement {
  return (
    <TextField
      label={label}
      type="date"
      value={value ?? ''}
      onChange={({ target }) => onDay(target.value === '' ? undefined : target.value)}
    />
  );
}
