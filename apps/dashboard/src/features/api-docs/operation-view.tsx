import type { ReactElement } from 'react';
import { BASE_URL } from '../../shared/api/api.ts';
import { Button } from '../../shared/ui/button.tsx';
import { ScrollTable } from '../../shared/ui/scroll-table.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { type Answer, type Content, type Operation, codesOf } from './openapi.ts';
import { curlText } from './request-text.ts';
import { type JsonSchema, schemaRows, typeOf } from './schema-rows.ts';

type Named = Readonly<Record<string, JsonSchema>>;

/** What an operation needs, takes and answers. */
export function OperationView({ operation, named }: { operation: Operation; named: Named }): ReactElement {
  const { description, permission, body, answers } = operation;
  return (
    <>
      {description === '' ? null : <p className="measure">{description}</p>}
      <p>
        <Needs permission={permission} />
      </p>
      <Parameters operation={operation} named={named} />
      {body === null ? null : (
        <Contents title={`Body${body.required ? '' : ' (optional)'}`} content={body.content} named={named} />
      )}
      {answers
        .filter(({ status }) => /^[123]/.test(status))
        .map(({ status, content }) => (
          <Contents key={status} title={`Answer ${status}`} content={content} named={named} />
        ))}
      <Errors answers={answers} />
      <Curl text={curlText(operation, BASE_URL.replace(/\/$/, ''), named)} />
    </>
  );
}

function Needs({ permission }: { permission: string | null }): ReactElement {
  if (permission === null) return <>What it needs is not said.</>;
  if (permission === 'nothing') return <>Answers anybody.</>;
  if (permission === 'identity') return <>Answers whoever says who they are.</>;
  return (
    <>
      Needs the permission <code>{permission}</code>.
    </>
  );
}

function Parameters({ operation: { parameters, path }, named }: { operation: Operation; named: Named }): ReactElement | null {
  if (parameters.length === 0) return null;
  return (
    <div>
      <h3>Parameters</h3>
      <ScrollTable label={`Parameters of ${path}`} heads={['Name', 'Where', 'Type', 'Notes']}>
        {parameters.map(({ name, in: where, required, schema }) => {
          const notes = schemaRows(schema, named)[0]?.notes ?? '';
          return (
            <tr key={`${where} ${name}`}>
              <td>
                <code>{name}</code>
              </td>
              <td className="nowrap">
                {where}
                {required ? '' : ', optional'}
              </td>
              <td className="wrap">{typeOf(schema, named)}</td>
              <td className="wrap">{notes}</td>
            </tr>
          );
        })}
      </ScrollTable>
    </div>
  );
}

function Contents({ title, content, named }: { title: string; content: Content; named: Named }): ReactElement {
  const types = Object.entries(content);
  return (
    <div>
      <h3>{title}</h3>
      {types.length === 0 ? <p className="muted">Nothing is sent.</p> : null}
      {types.map(([type, { schema }]) => (
        <div key={type} className="stack">
          <p className="muted">{type}</p>
          {schema === undefined || type !== 'application/json' ? null : <Fields label={title} schema={schema} named={named} />}
        </div>
      ))}
    </div>
  );
}

function Fields({ label, schema, named }: { label: string; schema: JsonSchema; named: Named }): ReactElement {
  const rows = schemaRows(schema, named);
  return (
    <ScrollTable label={`Fields of ${label}`} heads={['Field', 'Type', 'Notes']}>
      {rows.map(({ name, type, required, notes }, at) => (
        // Names repeat where a value has several forms.
        <tr key={at}>
          <td>
            {name === '' ? <span className="muted">the value itself</span> : <code>{name}</code>}
            {required ? '' : <span className="muted"> optional</span>}
          </td>
          <td className="wrap">{type}</td>
          <td className="wrap">{notes}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function Errors({ answers }: { answers: readonly Answer[] }): ReactElement | null {
  const statuses = answers.map(({ status }) => status).filter((status) => /^[45]/.test(status));
  if (statuses.length === 0) return null;
  return (
    <details>
      <summary>Errors ({statuses.join(', ')}, and those of every request)</summary>
      <dl className="facts">
        {statuses.map((status) => (
          <div key={status} className="api-docs-errors">
            <dt>{status}</dt>
            <dd>
              {codesOf(status).map((code) => (
                <code key={code}>{code}</code>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Curl({ text }: { text: string }): ReactElement {
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => showToast('Copied the request'),
      () => showToast('Cannot copy the request: the browser does not allow it here', { tone: 'danger' }),
    );
  };
  return (
    <div>
      <div className="row">
        <h3>From a shell</h3>
        <Button small look="quiet" icon="copy" onClick={copy}>
          Copy
        </Button>
      </div>
      <pre className="api-docs-curl" tabIndex={0} role="region" aria-label="Request from a shell">
        {text}
      </pre>
    </div>
  );
}
