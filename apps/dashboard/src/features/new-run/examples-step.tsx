import { PlatformError, messageOf, systemRandom } from '@loopwright/protocol';
import { useMutation } from '@tanstack/react-query';
import { type DragEvent, type ReactElement, useId, useState } from 'react';
import { z } from 'zod';
import { api } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { sizeText } from '../../shared/time/format.ts';
import { DEFAULT_PROJECT, holdoutOf, problemsOf } from './draft.ts';
import { adviceFor, examplesFormat } from './examples-format.ts';
import { ExamplesFacts } from './examples-facts.tsx';
import type { FormProps } from './form-props.ts';

/** How much of a file is looked at before it is sent. */
const HEAD_BYTES = 512;

const faultSchema = z.object({ line: z.int(), reason: z.string(), excerpt: z.string() });

/** The examples: a file that is dropped or chosen, then what the server found in it. */
export function ExamplesStep({ search, onSearch, draft, profile }: FormProps): ReactElement {
  const { can } = useSession();
  const project = search.project ?? DEFAULT_PROJECT;
  const { mutate, isPending, error, reset, variables } = useMutation({
    meta: { quiet: true },
    mutationFn: async (file: File) => {
      const format = examplesFormat(file.name, new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
      if ('problem' in format) throw new Error(format.problem);
      return api.uploadExamples(file, format.contentType, { projectId: project, idempotencyKey: systemRandom.uuid() });
    },
    onSuccess: ({ digest }) => onSearch({ examples: digest }),
  });
  if (search.examples !== undefined)
    return (
      <ExamplesFacts
        digest={search.examples}
        holdout={holdoutOf(draft, profile)}
        onRemove={() => {
          reset();
          onSearch({ examples: undefined });
        }}
      />
    );
  const problem = problemsOf(draft, search, profile).project;
  const reason = problem ?? (can('examples:write', project) ? undefined : `You may not send examples to “${project}”`);
  return (
    <>
      <DropZone isOff={reason !== undefined || isPending} onFile={(file) => mutate(file)}>
        {isPending ? `Reading ${variables.name}, ${sizeText(variables.size)}…` : (reason ?? 'Drop a file of examples here')}
      </DropZone>
      {error === null ? null : <Refused error={error} name={variables?.name ?? 'the file'} />}
    </>
  );
}

function DropZone({ isOff, onFile, children }: { isOff: boolean; onFile: (file: File) => void; children: string }): ReactElement {
  const [isOver, setOver] = useState(false);
  const id = useId();
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined && !isOff) onFile(file);
  };
  return (
    <div
      className="new-run-drop"
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!isOff);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Icon name="file" size={20} />
      <span role="status">{children}</span>
      <label htmlFor={id} className="visually-hidden">
        File of examples
      </label>
      <input
        id={id}
        className="new-run-file"
        type="file"
        accept=".csv,.jsonl,.ndjson,.json,.txt,text/csv,application/x-ndjson"
        disabled={isOff}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file !== undefined) onFile(file);
          target.value = '';
        }}
      />
      <span className="muted">
        CSV with a column <code>label</code> or <code>output</code>, or JSON Lines with <code>input</code> and <code>output</code>
        . It is checked as a whole before any of it is kept.
      </span>
    </div>
  );
}

function Refused({ error, name }: { error: Error; name: string }): ReactElement {
  const fault = faultSchema.safeParse(error instanceof PlatformError ? error.details : undefined);
  return (
    <div className="notice notice-danger" role="alert">
      <Icon name="failed" />
      <div className="stack">
        <strong>{name} was not taken, and nothing of it is kept</strong>
        {fault.success ? (
          <span>
            Line {fault.data.line}: {fault.data.reason}. {adviceFor(fault.data.reason)}
          </span>
        ) : (
          <span>{messageOf(error)}</span>
        )}
        {fault.success && fault.data.excerpt !== '' ? <code className="new-run-excerpt">{fault.data.excerpt}</code> : null}
      </div>
    </div>
  );
}
