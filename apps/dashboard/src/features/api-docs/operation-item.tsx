import { type ReactElement, useEffect, useId, useRef } from 'react';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import type { Operation } from './openapi.ts';
import { OperationView } from './operation-view.tsx';
import type { JsonSchema } from './schema-rows.ts';

const TONES: Readonly<Record<string, Tone>> = { GET: 'info', POST: 'good', PUT: 'warn', PATCH: 'warn', DELETE: 'danger' };

/** An operation in the list: one line, and all about it when it is open. The link says which one is. */
export function OperationItem({
  operation,
  named,
  isOpen,
  onToggle,
}: {
  operation: Operation;
  named: Readonly<Record<string, JsonSchema>>;
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
}): ReactElement {
  const id = useId();
  const { method, path, summary } = operation;
  const item = useRef<HTMLLIElement>(null);
  const wasOpen = useRef(false);
  // A link to it leads to it; what is opened by hand is seen already.
  useEffect(() => {
    if (isOpen && !wasOpen.current) item.current?.scrollIntoView({ block: 'nearest' });
    wasOpen.current = isOpen;
  }, [isOpen]);
  return (
    <li ref={item} className="api-docs-item" data-open={isOpen}>
      <button
        type="button"
        className="api-docs-line"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => onToggle(!isOpen)}
      >
        <span className="api-docs-method">
          <Badge tone={TONES[method] ?? 'neutral'}>{method}</Badge>
        </span>
        <code className="api-docs-path">{path}</code>
        <span className="api-docs-summary">{summary}</span>
        <Icon name={isOpen ? 'up' : 'down'} />
      </button>
      {isOpen ? (
        <div id={id} className="api-docs-open">
          <OperationView operation={operation} named={named} />
        </div>
      ) : null}
    </li>
  );
}
