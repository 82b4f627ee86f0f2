import type { Json } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import './json-view.css';

/** How many entries of one value are shown at once. */
const SHOWN = 200;

/** A JSON value that can be opened and closed, the first levels open. */
export function JsonView({ value, name, level = 0 }: { value: Json; name?: string; level?: number }): ReactElement {
  const key = name === undefined ? null : <span className="json-key">{name}: </span>;
  if (typeof value !== 'object' || value === null)
    return (
      <div className="json-line">
        {key}
        <span className={`json-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    );
  const entries = Array.isArray(value) ? value.map((item, at): [string, Json] => [String(at), item]) : Object.entries(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0)
    return (
      <div className="json-line">
        {key}
        {open + close}
      </div>
    );
  return (
    <details className="json" open={level < 2}>
      <summary>
        {key}
        {open} <span className="muted">{entries.length}</span> {close}
      </summary>
      <div className="json-inside">
        {entries.slice(0, SHOWN).map(([inner, item]) => (
          <JsonView key={inner} name={inner} value={item} level={level + 1} />
        ))}
        {entries.length > SHOWN ? <div className="muted">and {entries.length - SHOWN} more</div> : null}
      </div>
    </details>
  );
}
