import { executionStatusSchema } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { CreatedFields, ListFilters, WaitingField } from '../../shared/list/list-filters.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { TypedField } from '../../shared/ui/typed-field.tsx';
import { type ExecutionsSearch, filterText, isFiltered } from './executions-search.ts';

/** Nothing of what the URL can say to narrow the list. */
const NOTHING: Partial<ExecutionsSearch> = {
  status: undefined,
  workflow: undefined,
  project: undefined,
  q: undefined,
  since: undefined,
  from: undefined,
  to: undefined,
  waiting: undefined,
};

/** What narrows the list; everything stands in the URL. */
export function ExecutionFilters({
  search,
  onChange,
}: {
  search: ExecutionsSearch;
  onChange: (next: Partial<ExecutionsSearch>, how?: { replace?: boolean }) => void;
}): ReactElement {
  return (
    <ListFilters
      label="Filter the executions"
      shown={isFiltered(search) ? filterText(search) : null}
      onClear={() => onChange(NOTHING)}
      main={
        <>
          <TypedField
            label="Text"
            type="search"
            placeholder="Id, workflow, project…  ( / )"
            value={search.q}
            onValue={(q) => onChange({ q }, { replace: true })}
          />
          <SelectField
            label="Status"
            value={search.status ?? ''}
            onChange={({ target }) => onChange({ status: executionStatusSchema.safeParse(target.value).data })}
          >
            <option value="">Any</option>
            {executionStatusSchema.options.map((status) => (
              <option key={status} value={status}>
                {status.replace('_', ' for ').replace(/^./, (letter) => letter.toUpperCase())}
              </option>
            ))}
          </SelectField>
        </>
      }
      further={
        <>
          <TypedField
            label="Workflow"
            value={search.workflow}
            onValue={(workflow) => onChange({ workflow }, { replace: true })}
          />
          <TypedField label="Project" value={search.project} onValue={(project) => onChange({ project }, { replace: true })} />
          <CreatedFields label="Started" span={search} onChange={onChange} />
          <WaitingField isOn={search.waiting === true} onChange={(waiting) => onChange({ waiting })} />
        </>
      }
    />
  );
}
