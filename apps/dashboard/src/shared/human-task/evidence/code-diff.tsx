import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { SelectField } from '../../ui/field.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Icon } from '../../ui/icon.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';

import type { ProgramSubject } from './program-subject.ts';
import { filesQuery } from './version-queries.ts';

/** What is compiled from the source, which is shown itself. */
const COMPILED = new Set(['program.js', 'metadata.json']);

/** The files of the version, as they differ from those of the one that is active. */
export function CodeDiff({ subject }: { subject: ProgramSubject }): ReactElement {
  const { program, version, active_version: active, digest } = subject;
  const next = useQuery(filesQuery(program, version));
  const before = useQuery({ ...filesQuery(program, active ?? 0), enabled: active !== null });
  const [chosen, choose] = useState<string>();
  const error = next.error ?? before.error;
  if (error !== null) return <ErrorState error={error} retry={() => void Promise.all([next.refetch(), before.refetch()])} />;
  if (next.data === undefined || (active !== null && before.data === undefined)) return <Loading label="Loading the code" />;
  const old = before.data?.files ?? new Map<string, string>();
  const names = [...new Set([...next.data.files.keys(), ...old.keys()])].filter((name) => !COMPILED.has(name)).toSorted();
  const changed = names.filter((name) => next.data.files.get(name) !== old.get(name));
  const first = changed.find((name) => name === 'program.ts' || name === 'program.py') ?? changed[0] ?? names[0] ?? '';
  const name = chosen ?? first;
  return (
    <div className="stack">
      {next.data.digest === digest ? null : (
        <div className="notice notice-danger" role="alert">
          <Icon name="warning" />
          <p>The stored source is not the one that is to be decided: its digest is {next.data.digest.slice(0, 12)}….</p>
        </div>
      )}
      <p className="muted">
        {active === null
          ? `${names.length} files; nothing is active that they could be compared with.`
          : `${changed.length} of ${names.length} files differ from version ${active}.`}
      </p>
      <SelectField label="File" value={name} onText={choose}>
        {names.map((one) => (
          <option key={one} value={one}>
            {one}
            {changed.includes(one) ? (old.has(one) ? ' (changed)' : ' (new)') : ' (as before)'}
          </option>
        ))}
      </SelectField>
      <DiffView label={`Changes of ${name}`} before={old.get(name) ?? ''} after={next.data.files.get(name) ?? ''} />
    </div>
  );
}
