import type { ReactElement } from 'react';
import { percentText } from '../../time/format.ts';
import { Badge } from '../../ui/badge.tsx';
import '../../ui/table.css';
import type { ShownVerdict } from './program-subject.ts';

/** The criteria that were set before, and what became of each. */
export function Criteria({ verdicts }: { verdicts: readonly ShownVerdict[] }): ReactElement {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Criteria">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Criterion</th>
            <th scope="col" className="end">
              Measured
            </th>
            <th scope="col" className="end">
              Interval
            </th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {verdicts.map((one, at) => (
            <tr key={at}>
              <th scope="row" className="cell">
                {one.criterion.title}
              </th>
              <td className="end numeric">{valueText(one, one.measured)}</td>
              <td className="end numeric">
                {one.interval === null ? '–' : `${percentText(one.interval.low)} to ${percentText(one.interval.high)}`}
              </td>
              <td>
                <Verdict verdict={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Verdict({ verdict: { verdict, certain, reason } }: { verdict: ShownVerdict }): ReactElement {
  if (verdict === 'not_measured') return <span className="muted">Not measured{reason === null ? '' : `: ${reason}`}</span>;
  const isMet = verdict === 'met';
  return (
    <Badge tone={isMet ? (certain === false ? 'warn' : 'good') : 'danger'} icon={isMet ? 'check' : 'failed'}>
      {isMet ? 'Met' : 'Missed'}
      {certain === false ? ', not for certain' : ''}
    </Badge>
  );
}

function valueText({ criterion: { metric } }: ShownVerdict, value: number | null): string {
  if (value === null) return 'Not measured';
  if (metric === 'latency_ms') return `${value.toFixed(1)} ms`;
  if (metric === 'size_bytes') return `${value.toLocaleString('en')} B`;
  return percentText(value);
}
