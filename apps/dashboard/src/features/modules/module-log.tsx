import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useEffect, useRef } from 'react';
import { Time } from '../../shared/time/time.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import { moduleLogQuery } from './modules-queries.ts';
import type { ModulesSearch } from './modules-search.ts';

const route = getRouteApi('/modules');
/** How far from its end a log may be and is still followed, in pixels. */
const NEAR_END = 40;

/** What a module wrote and what the supervisor says of it; follows as long as one looks at the end of it. */
export function ModuleLog({ name, level }: { name: string; level: ModulesSearch['level'] }): ReactElement {
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(moduleLogQuery(name));
  const { lines: all, missed } = data ?? { lines: [], missed: 0 };
  const lines = all.filter((line) => level === undefined || line.level === level || line.level === 'error');
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const isLoaded = data !== undefined;
  useEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.at(-1)?.seq]);
  return (
    <div className="stack">
      <div className="row">
        <h3>Log</h3>
        <span className="grow" />
        <SelectField
          label="Lines"
          hideLabel
          value={level ?? ''}
          onChange={({ target: { value } }) =>
            void navigate({
              search: (before) => ({ ...before, level: value === 'warn' || value === 'error' ? value : undefined }),
              replace: true,
            })
          }
        >
          <option value="">All lines</option>
          <option value="warn">Warnings and errors</option>
          <option value="error">Errors</option>
        </SelectField>
      </div>
      {error === null ? null : <ErrorState error={error} retry={() => void refetch()} />}
      {!isLoaded && error === null ? <Loading label="Loading the log" /> : null}
      {isLoaded ? (
        <div
          className="modules-log"
          tabIndex={0}
          role="region"
          aria-label={`Log of ${name}`}
          ref={box}
          onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
            isAtEnd.current = scrollTop + clientHeight >= scrollHeight - NEAR_END;
          }}
        >
          {missed === 0 ? null : <p className="muted">{missed} earlier lines are not kept any more.</p>}
          {lines.length === 0 ? (
            <p className="muted">{level === undefined ? 'It has written nothing yet.' : 'No line is of this kind.'}</p>
          ) : null}
          {lines.map(({ seq, at, source, level: weight, text }) => (
            <p key={`${at} ${seq}`} data-level={weight}>
              <Time at={at} /> <span className="muted">{source === 'supervisor' ? 'supervisor' : ''}</span>{' '}
              {weight === 'info' ? null : <strong>{weight}</strong>} <code>{text}</code>
            </p>
          ))}
        </div>
      ) : null}
    </div>
  );
}
