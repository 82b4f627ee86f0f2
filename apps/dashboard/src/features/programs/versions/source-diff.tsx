import type { ProgramMetadata } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useMemo, useState } from 'react';
import { Button } from '../../../shared/ui/button.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { bundleQuery } from '../program-queries.ts';
import { type DiffLine, diffLines, foldSame } from './line-diff.ts';
import { sourceOf } from './version-files.ts';

/** How the code of two versions differs, line by line. */
export function SourceDiff({ name, from, to }: { name: string; from: ProgramMetadata; to: ProgramMetadata }): ReactElement {
  const before = useQuery(bundleQuery(name, from));
  const after = useQuery(bundleQuery(name, to));
  const [isWhole, setWhole] = useState(false);
  const lines = useMemo(
    () =>
      before.data === undefined || after.data === undefined
        ? undefined
        : diffLines(sourceOf(before.data)?.text ?? '', sourceOf(after.data)?.text ?? ''),
    [before.data, after.data],
  );
  const error = before.error ?? after.error;
  if (lines === undefined) return error === null ? <Loading label="Loading the code" /> : <ErrorState error={error} />;
  const added = lines.filter(({ kind }) => kind === 'added').length;
  const removed = lines.filter(({ kind }) => kind === 'removed').length;
  if (added + removed === 0) return <EmptyState title="The code is the same">Both versions have the same source.</EmptyState>;
  const shown = isWhole ? lines : foldSame(lines);
  return (
    <div className="stack">
      <p className="row">
        <span>
          From v{from.version} to v{to.version}: <strong className="diff-count-added">{added} added</strong>,{' '}
          <strong className="diff-count-removed">{removed} removed</strong>
        </span>
        <Button small look="quiet" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Only what changed' : 'Show all lines'}
        </Button>
      </p>
      {/* Keyboards scroll what has the focus. */}
      <div className="code-diff" tabIndex={0} role="region" aria-label={`Code of v${from.version} and v${to.version} compared`}>
        <table>
          <caption className="visually-hidden">
            Lines of v{from.version} and v{to.version}
          </caption>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">Old line</th>
              <th scope="col">New line</th>
              <th scope="col">Change</th>
              <th scope="col">Text</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((line, at) =>
              line.kind === 'fold' ? (
                <tr key={`fold-${at}`} className="diff-fold">
                  <td colSpan={4}>{line.count} lines are the same</td>
                </tr>
              ) : (
                <Line key={`${line.oldNumber ?? ''}-${line.newNumber ?? ''}`} line={line} />
              ),
            )}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

function Line({ line: { kind, text, oldNumber, newNumber } }: { line: DiffLine }): ReactElement {
  return (
    <tr className={`diff-${kind}`}>
      <td className="diff-number">{oldNumber}</td>
      <td className="diff-number">{newNumber}</td>
      <td className="diff-sign">
        <span aria-hidden="true">{SIGNS[kind]}</span>
        <span className="visually-hidden">{kind}</span>
      </td>
      <td className="diff-text">{text}</td>
    </tr>
  );
}
