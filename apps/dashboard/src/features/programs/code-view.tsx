import type { ReactElement } from 'react';

/** A source with the numbers of its lines. */
export function CodeView({ text, label }: { text: string; label: string }): ReactElement {
  const lines = text.replace(/\n$/, '').split('\n');
  return (
    <div className="code" tabIndex={0} role="region" aria-label={label}>
      <pre className="code-numbers" aria-hidden="true">
        {lines.map((_, at) => at + 1).join('\n')}
      </pre>
      <pre className="code-text">{lines.join('\n')}</pre>
    </div>
  );
}
