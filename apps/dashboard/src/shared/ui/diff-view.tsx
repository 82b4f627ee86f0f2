import { structuredPatch } from 'diff';
import { type ReactElement, useMemo } from 'react';
import './diff-view.css';
import './table.css';

/** The work that is put into finding the least difference; beyond it the files count as too different. */
const EDITS = 20_000;
const CONTEXT = 3;

/** What differs between two texts, line by line: a table for eyes and ears, in which a sign and a word say what a colour says. */
export function DiffView({ before, after, label }: { before: string; after: string; label: string }): ReactElement {
  const hunks = useMemo(
    () => structuredPatch('', '', before, after, '', '', { context: CONTEXT, maxEditLength: EDITS })?.hunks,
    [before, after],
  );
  if (hunks === undefined) return <p className="notice">The two are too different to be compared line by line.</p>;
  if (hunks.length === 0) return <p className="notice">The two are the same.</p>;
  return <Hunks hunks={hunks} label={label} />;
}

/** A part of a difference. */
export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

/** Parts of a difference as a table with the numbers of both lines. */
export function Hunks({ hunks, label }: { hunks: readonly Hunk[]; label: string }): ReactElement {
  return (
    <div className="table-scroll diff" tabIndex={0} role="region" aria-label={label}>
      <table>
        <caption className="visually-hidden">{label}</caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Before</th>
            <th scope="col">After</th>
            <th scope="col">Line</th>
          </tr>
        </thead>
        {hunks.map((hunk) => (
          <tbody key={`${hunk.oldStart}-${hunk.newStart}`}>
            {numbered(hunk).map(({ before, after, sign, text }) => (
              <tr key={`${before ?? ''}-${after ?? ''}`} className={CLASSES[sign] ?? ''}>
                <td className="diff-number">{before}</td>
                <td className="diff-number">{after}</td>
                <td>
                  <span className="visually-hidden">{WORDS[sign]}</span>
                  <span aria-hidden="true">{sign}</span>
                  {text}
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

const CLASSES: Readonly<Record<string, string>> = { '+': 'diff-added', '-': 'diff-removed' };
const WORDS: Readonly<Record<string, string>> = { '+': 'added: ', '-': 'removed: ' };

function numbered({
  oldStart,
  newStart,
  lines,
}: Hunk): { before: number | null; after: number | null; sign: string; text: string }[] {
  let before = oldStart;
  let after = newStart;
  return lines
    .filter((line) => !line.startsWith('\\'))
    .map((line) => {
      const sign = line.charAt(0);
      return {
        before: sign === '+' ? null : before++,
        after: sign === '-' ? null : after++,
        sign,
        text: line.slice(1),
      };
    });
}
