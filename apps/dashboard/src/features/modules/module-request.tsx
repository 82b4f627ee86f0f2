import { type Json, type Module, messageOf, moduleAnswerSchema, systemRandom } from '@loopwright/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useId, useState } from 'react';
import type { z } from 'zod';
import { api } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { JsonView } from '../../shared/ui/json-view.tsx';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Answer = z.infer<typeof moduleAnswerSchema>;

/** Asks a route of a module and shows what it answers. The parts of the server are asked by the server alone. */
export function ModuleRequest({ module }: { module: Module }): ReactElement | null {
  const { can } = useSession();
  const list = useId();
  const first = module.endpoints[0];
  const [method, setMethod] = useState<string>(first?.methods[0] ?? 'GET');
  const [path, setPath] = useState(first?.path ?? '/');
  const [body, setBody] = useState('');
  const sent = method === 'GET' ? '' : body.trim();
  const { mutate, isPending, error, data } = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.call({
        method: 'POST',
        path: `/api/v1/modules/${encodeURIComponent(module.name)}/request`,
        answer: moduleAnswerSchema,
        json: { method, path: path.trim(), ...(sent === '' ? {} : { body: JSON.parse(sent) as Json }) },
        idempotencyKey: systemRandom.uuid(),
      }),
  });
  if (module.internal) return null;
  const noPath = /^\/(?!\/)[\x21-\x7e]*$/.test(path.trim()) ? undefined : 'Begins with one / and has no spaces';
  const noBody = sent === '' || isJson(sent) ? undefined : 'This is no JSON';
  const reason = can('modules:call') ? (noPath ?? noBody) : 'You may not ask modules';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason === undefined && !isPending) mutate();
  };
  return (
    <details>
      <summary>Ask a route of it</summary>
      <form className="modules-request" aria-label={`Ask ${module.name}`} onSubmit={submit}>
        <SelectField label="Method" value={method} onText={setMethod}>
          {METHODS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </SelectField>
        <TextField label="Path" list={list} maxLength={4096} value={path} error={noPath} onText={setPath} />
        <datalist id={list}>
          {module.endpoints.map((endpoint) => (
            <option key={endpoint.path} value={endpoint.path} />
          ))}
        </datalist>
        {method === 'GET' ? null : (
          <TextArea
            label="Body as JSON (optional)"
            className="input mono"
            rows={3}
            spellCheck={false}
            value={body}
            error={noBody}
            onText={setBody}
          />
        )}
        <div className="row">
          <Button type="submit" icon="play" disabled={reason !== undefined || isPending} reason={reason}>
            {isPending ? 'Asking…' : 'Ask'}
          </Button>
          <span className="muted">A real request; it stands in the audit log.</span>
        </div>
        {error === null ? null : (
          <p className="field-error" role="alert">
            {messageOf(error)}
          </p>
        )}
        {data === undefined ? null : <Answered answer={data} />}
      </form>
    </details>
  );
}

function Answered({ answer: { status, content_type: type, body, text } }: { answer: Answer }): ReactElement {
  return (
    <section className="stack" aria-label="Answer of the module" aria-live="polite">
      <div className="row">
        <Badge tone={status < 400 ? 'good' : 'danger'}>{String(status)}</Badge>
        <span className="muted">{type ?? 'no type is said'}</span>
      </div>
      {body === null ? <pre className="modules-answer">{text ?? 'null'}</pre> : <JsonView value={body} />}
    </section>
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
