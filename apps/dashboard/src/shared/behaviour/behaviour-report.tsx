import type { BehaviourDiff, DiffClass, DiffKind } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { latencyText } from '../time/format.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import '../ui/table.css';
import './behaviour.css';

const CLASSES: Readonly<Record<DiffClass, { readonly text: string; readonly tone: Tone }>> = {
  newly_failing: { text: 'Not answered any more', tone: 'danger' },
  changed: { text: 'Answered in another way', tone: 'warn' },
  unstable: { text: 'Answered differently each time', tone: 'warn' },
  newly_answered: { text: 'Answered for the first time', tone: 'good' },
  both_failing: { text: 'Answered by neither', tone: 'neutral' },
  identical: { text: 'As before', tone: 'neutral' },
};

/** How two versions answered the same inputs: how many in which way, how fast, and examples of each kind of change. */
export function BehaviourReport({ report }: { report: BehaviourDiff }): ReactElement {
  return (
    <>
      <Counts report={report} />
      <p className="muted">
        Latency p50 / p99: version {report.candidate.version} {latenciesText(report.candidate)}, version{' '}
        {report.incumbent.version} {latenciesText(report.incumbent)}
      </p>
      {report.kinds.length === 0 ? <p className="muted">Every input is answered as before.</p> : null}
      {report.kinds.map((kind) => (
        <Kind key={`${kind.class} ${kind.kind}`} kind={kind} report={report} />
      ))}
      {report.in_other_kinds > 0 ? (
        <p className="muted">{report.in_other_kinds.toLocaleString('en')} more inputs changed in further ways.</p>
      ) : null}
    </>
  );
}

function Counts({ report }: { report: BehaviourDiff }): ReactElement {
  const classes = Object.entries(CLASSES).filter(([name]) => name === 'identical' || report[name as DiffClass] > 0);
  return (
    <>
      <div className="behaviour-bar" aria-hidden="true">
        {classes.map(([name, { tone }]) => (
          <span key={name} className={`behaviour-part part-${tone}`} style={{ flexGrow: report[name as DiffClass] }} />
        ))}
      </div>
      <ul className="row">
        {classes.map(([name, { text, tone }]) => (
          <li key={name}>
            <Badge tone={tone}>
              {report[name as DiffClass].toLocaleString('en')} {text.toLowerCase()}
            </Badge>
          </li>
        ))}
      </ul>
    </>
  );
}

function Kind({ kind, report }: { kind: DiffKind; report: BehaviourDiff }): ReactElement {
  return (
    <details className="behaviour-kind" open={kind.class === 'newly_failing' || report.kinds.length <= 3}>
      <summary>
        <Badge tone={CLASSES[kind.class].tone}>{CLASSES[kind.class].text}</Badge> <code>{kind.kind}</code>{' '}
        <span className="muted numeric">{kind.count.toLocaleString('en')}</span>
      </summary>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={`Examples: ${kind.kind}`}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Input</th>
              <th scope="col">Version {report.incumbent.version}</th>
              <th scope="col">Version {report.candidate.version}</th>
            </tr>
          </thead>
          <tbody>
            {kind.examples.map(({ input, incumbent, candidate }, at) => (
              <tr key={at}>
                <td className="mono cell">{input}</td>
                <td className="mono cell">{incumbent}</td>
                <td className="mono cell">{candidate}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function latenciesText({ p50_latency_ms: p50, p99_latency_ms: p99 }: BehaviourDiff['candidate']): string {
  return p50 === null || p99 === null ? 'not measured' : `${latencyText(p50)} / ${latencyText(p99)}`;
}
