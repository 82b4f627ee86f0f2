import type { Json } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { percentText } from '../../time/format.ts';
import '../../ui/table.css';
import type { ProgramSubject, ShownEvaluation } from './program-subject.ts';

/** More labels than this are not shown as a square. */
const LABELS_SHOWN = 20;
const TEXT_SHOWN = 300;

/** What was answered wrongly: by label, and the first inputs themselves. */
export function Mistakes({
  evaluation,
  classes,
}: {
  evaluation: ShownEvaluation | null;
  classes: ProgramSubject['classes'];
}): ReactElement {
  if (evaluation === null && classes.length === 0)
    return <p className="notice">Mistakes were not measured: the workflow does not show its evaluation.</p>;
  return (
    <div className="stack">
      {classes.length === 0 ? null : <Classes classes={classes} />}
      {evaluation === null ? null : <Confusion confusion={evaluation.confusion} />}
      {evaluation === null ? null : <Failures failures={evaluation.failures} wrong={evaluation.examples - evaluation.correct} />}
    </div>
  );
}

function Classes({ classes }: { classes: ProgramSubject['classes'] }): ReactElement {
  const share = (value: number | null): string => (value === null ? 'not measured' : percentText(value));
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Scores by label">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Label</th>
            {['Inputs', 'Precision', 'Recall', 'F1'].map((name) => (
              <th key={name} scope="col" className="end">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map(({ label, n, precision, recall, f1 }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td className="end numeric">{n}</td>
              <td className="end numeric">{share(precision)}</td>
              <td className="end numeric">{share(recall)}</td>
              <td className="end numeric">{share(f1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Confusion({ confusion }: { confusion: ShownEvaluation['confusion'] }): ReactElement | null {
  const expected = Object.keys(confusion);
  const given = [...new Set([...expected, ...Object.values(confusion).flatMap((row) => Object.keys(row))])];
  if (given.length > LABELS_SHOWN)
    return <p className="muted">There are {given.length} different answers: too many for a table of what was taken for what.</p>;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="What was taken for what">
      <table className="table confusion">
        <caption className="visually-hidden">Rows: what it is; columns: what the program answered</caption>
        <thead>
          <tr>
            <th scope="col">Is ↓ answered →</th>
            {given.map((label) => (
              <th key={label} scope="col" className="end">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {expected.map((label) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {given.map((answer) => {
                const count = confusion[label]?.[answer] ?? 0;
                const look = count === 0 ? 'muted' : answer === label ? 'right' : 'wrong';
                return (
                  <td key={answer} className={`end numeric ${look}`}>
                    {count}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Failures({ failures, wrong }: { failures: ShownEvaluation['failures']; wrong: number }): ReactElement {
  if (failures.length === 0) return <p className="muted">Every unseen input was answered correctly.</p>;
  return (
    <>
      <p className="muted">
        {failures.length} of {wrong} wrong answers:
      </p>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Wrong answers">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Input</th>
              <th scope="col">Expected</th>
              <th scope="col">Answered</th>
            </tr>
          </thead>
          <tbody>
            {failures.map(({ input, expected, given }, at) => (
              <tr key={at}>
                <td className="mono cell">{shortText(input)}</td>
                <td className="mono cell">{shortText(expected)}</td>
                <td className="mono cell">{shortText(given)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function shortText(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= TEXT_SHOWN ? text : `${text.slice(0, TEXT_SHOWN)}…`;
}
