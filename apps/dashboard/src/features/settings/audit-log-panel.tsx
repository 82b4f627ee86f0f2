import type { AuditEntry } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { AuditTable } from '../../shared/audit/audit-table.tsx';
import { countText } from '../../shared/time/format.ts';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import { TypedField } from '../../shared/ui/typed-field.tsx';
import type { PanelProps } from './settings-page.tsx';
import { auditQuery, verificationQuery } from './settings-queries.ts';

/** Who changed or decided what, and whether the log is whole. */
export function AuditLogPanel({ search, onSearch }: PanelProps): ReactElement {
  const { can } = useSession();
  const query = useInfiniteQuery(auditQuery(search));
  return (
    <div className="stack">
      <search className="settings-filters" aria-label="Filter the audit log">
        <TypedField type="search" label="Person" value={search.user} onValue={(user) => onSearch({ user })} />
        <TypedField
          type="search"
          label="Operation"
          value={search.operation}
          placeholder="POST /api/v1/runs"
          onValue={(operation) => onSearch({ operation })}
        />
        <SelectField
          label="What"
          value={search.kind ?? ''}
          onChange={({ target: { value } }) => onSearch({ kind: value === '' ? undefined : (value as AuditEntry['kind']) })}
        >
          <option value="">Everything</option>
          <option value="intent">Intents</option>
          <option value="outcome">Outcomes</option>
          <option value="refused">Refused</option>
          <option value="refusals">Refusals, counted</option>
          <option value="pruned">Pruned</option>
        </SelectField>
        {can('users:admin') ? <Verification /> : null}
      </search>
      <AuditTable
        label="Audit log"
        query={query}
        className="settings-audit"
        empty={
          <EmptyState title="Nothing fits">
            No entry of the log that you may see is like that. Names are compared as a whole.
          </EmptyState>
        }
      />
    </div>
  );
}

function Verification(): ReactElement {
  const { data, isFetching, error, refetch } = useQuery(verificationQuery);
  const told =
    data === undefined
      ? ''
      : data.valid
        ? `Whole and unchanged: ${countText(data.checked)} entries, the newest has the digest ${data.head_digest.slice(0, 12)}…`
        : `Broken at entry ${data.broken_at?.seq ?? '?'}: ${data.broken_at?.reason ?? 'nobody knows why'}`;
  return (
    <>
      <Button disabled={isFetching} onClick={() => void refetch()}>
        {isFetching ? 'Checking…' : 'Check the chain'}
      </Button>
      <span role="status" className={data?.valid === false ? 'field-error' : 'muted'}>
        {error === null ? told : 'The chain cannot be checked now'}
      </span>
    </>
  );
}
