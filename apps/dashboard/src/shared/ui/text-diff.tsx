import { structuredPatch } from 'diff';
import type { ReactElement } from 'react';
import './text-diff.css';

/** How many edits are looked for, and how many lines are shown: two large texts that share nothing must not stop the page. */
const EDITS_MAX = 5000;
const LINES_SHOWN = 4000;
const CONTEXT = 4;

type Look = 'added' | 'removed' | 'same' | 'hunk';
interface Line {
  readonly look: Look;
  readonly text: string;
}

const SIGNS: Readonly<Record<Look, string>> = { added: '+', removed: '−', same: ' ', hunk: '…' };

/** How two texts differ, line by line, with some lines around each change. */
export function TextDiff({ label, before, after }: { label: string; before: string; after: string }): ReactElement {
  if (before === after && before !== '') return <p className="muted">“{label}” is the same in both.</p>;
  const lines = linesOf(before, after);
  if (lines === undefined) return <p className="notice">The two differ too much to be compared line by line.</p>;
  return (
    <div className="text-diff" tabIndex={0} role="region" aria-label={`Changes of ${label}`}>
      <table>
        <tbody>
          {lines.slice(0, LINES_SHOWN).map(({ look, text }, at) => (
            <tr key={at} className={`line-${look}`}>
              <td className="line-sign">
                <span aria-hidden="true">{SIGNS[look]}</span>
                {look === 'same' ? null : <span className="visually-hidden">{look}: </span>}
              </td>
              <td className="line-text">{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > LINES_SHOWN ? <p className="muted">and {lines.length - LINES_SHOWN} more lines</p> : null}
    </div>
  );
}

function linesOf(before: string, after: string): Line[] | undefined {
  const patch = structuredPatch('', '', before, after, '', '', { context: CONTEXT, maxEditLength: EDITS_MAX });
  return patch?.hunks.flatMap(({ lines, newStart }, at): Line[] => [
    ...(at === 0 && newStart <= 1 ? [] : [{ look: 'hunk' as const, text: `from line ${newStart}` }]),
    ...lines
      .filter((line) => !line.startsWith('\\'))
      .map((line): Line => ({
        look: line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same',
        text: line.slice(1),
      })),
  ]);
}
