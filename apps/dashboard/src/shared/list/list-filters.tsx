import type { ReactElement, ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { useIsNarrow } from '../ui/use-is-narrow.ts';
import type { CreatedSpan } from './created-span.ts';
import './list.css';

/** What narrows a list: what is used most, and the rest, which a phone folds away. */
export function ListFilters({
  label,
  main,
  further,
  shown,
  onClear,
}: {
  label: string;
  main: ReactNode;
  further: ReactNode;
  /** What is shown, in words; `null` when nothing narrows the list. */
  shown: string | null;
  onClear: () => void;
}): ReactElement {
  return (
    <search className="filters" aria-label={label}>
      {main}
      {useIsNarrow() ? (
        <details className="filters-more">
          <summary>More filters</summary>
          <div className="filters">{further}</div>
        </details>
      ) : (
        further
      )}
      {shown === null ? null : (
        <Button look="quiet" icon="close" title={`Shown: ${shown}`} onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  );
}

/** When the entries of a list began: within a span, or between two days. */
export function CreatedFields({
  label,
  span,
  onChange,
}: {
  label: string;
  span: CreatedSpan;
  onChange: (next: Partial<CreatedSpan>) => void;
}): ReactElement {
  return (
    <>
      <SelectField
        label={label}
        value={span.since ?? ''}
        onChange={({ target: { value } }) =>
          onChange({ since: value === '' ? undefined : (value as CreatedSpan['since']), from: undefined, to: undefined })
        }
      >
        <option value="">At any time</option>
        <option value="1h">In the last hour</option>
        <option value="24h">In the last day</option>
        <option value="7d">In the last week</option>
        <option value="30d">In the last month</option>
        <option value="days">Between two days</option>
      </SelectField>
      {span.since === 'days' ? (
        <>
          <DayField label="From" value={span.from} onDay={(from) => onChange({ from })} />
          <DayField label="To, that day included" value={span.to} onDay={(to) => onChange({ to })} />
        </>
      ) : null}
    </>
  );
}

/** Only what waits for whoever looks. */
export function WaitingField({ isOn, onChange }: { isOn: boolean; onChange: (waiting: true | undefined) => void }): ReactElement {
  return (
    <label className="filter-check">
      <input type="checkbox" checked={isOn} onChange={({ target }) => onChange(target.checked ? true : undefined)} />
      Waiting for me
    </label>
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
