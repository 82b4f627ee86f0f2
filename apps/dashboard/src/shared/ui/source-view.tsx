import { type ReactElement, useMemo } from 'react';
import { highlightedLines } from './highlight.ts';
import './source-view.css';

/** How many lines are shown; the rest is there to download. */
const LINES = 5000;

/** Source with its line numbers, coloured where its language is known. */
export function SourceView({ name, text }: { name: string; text: string }): ReactElement {
  const lines = useMemo(() => highlightedLines(name, text.replace(/\n$/, '')), [name, text]);
  return (
    <>
      <pre className="source" tabIndex={0} role="region" aria-label={`Content of ${name}`}>
        {lines.slice(0, LINES).map((line, at) => (
          // Lines have no other identity than their place.
          <code key={at} className="source-line">
            {line.map(({ text: piece, classes }, part) => (
              <span key={part} className={classes}>
                {piece}
              </span>
            ))}
            {'\n'}
          </code>
        ))}
      </pre>
      {lines.length > LINES ? (
        <p className="muted">
          The first {LINES} of {lines.length} lines.
        </p>
      ) : null}
    </>
  );
}
