import type { DriftVerdict } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { countText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { JsonView } from '../../../shared/ui/json-view.tsx';
import { EmptyState, ErrorState, Loading, Stat } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { driftQuery } from '../program-queries.ts';
import { DriftBadge } from './drift-badge.tsx';
import { Repairs } from './repairs.tsx';
import { ValidationSection } from './validation-section.tsx';
import { ScrollTable } from '../../../shared/ui/scroll-table.tsx';

/** Whether the traffic or the quality of the program is not what it was, how that is known, and what was done about it. */
export function DriftPanel({ program }: ProgramPanel): ReactElement {
  const { data, error, refetch } = useQuery({ ...driftQuery(program.name), enabled: program.edge_url !== null });
  if (program.edge_url === null)
    return <EmptyState title="Not measured now">The edge runtime, which watches the program, is not running.</EmptyState>;
  return (
    <div className="stack">
      {data === undefined ? (
        error === null ? (
          <Loading label="Loading the verdict" />
        ) : (
          <ErrorState error={error} retry={() => void refetch()} />
        )
      ) : (
        <Verdict verdict={data} />
      )}
      <ValidationSection name={program.name} />
      <Repairs name={program.name} />
    </div>
  );
}

const KINDS = { input: 'Input', output: 'Output', quality: 'Quality' } as const;

function Verdict({ verdict }: { verdict: DriftVerdict }): ReactElement {
  const { findings, examples, windows } = verdict;
  return (
    <section className="stack" aria-label="Drift">
      <div className="row">
        <h2>Drift</h2>
        <DriftBadge state={verdict.state} />
        {verdict.since === null ? null : (
          <span className="muted">
            since <Time at={verdict.since} />
          </span>
        )}
      </div>
      <p>{verdict.why}</p>
      <dl className="stats">
        <Stat
          label="Version watched"
          value={verdict.version === null ? null : `v${verdict.version}`}
          reason="nothing was asked yet"
        />
        <Stat label="Requests that are normal" value={countText(verdict.reference_records)} />
        <Stat label="Requests in this window" value={countText(verdict.window_records)} />
        <Stat label="Windows compared" value={countText(windows.compared)} />
        <Stat label="Over the threshold in a row" value={countText(windows.over)} />
        <Stat label="Tests in the last window" value={countText(verdict.tests)} />
      </dl>
      {findings.length === 0 ? null : <Findings verdict={verdict} />}
      {examples.length === 0 ? null : (
        <section className="stack" aria-label="Inputs that show it">
          <h3>Inputs that show it best</h3>
          <ul className="drift-examples">
            {examples.map(({ input, executed_at: at }, index) => (
              <li key={index} className="card">
                <JsonView value={input} />
                <span className="muted">
                  <Time at={at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}

function Findings({ verdict: { findings } }: { verdict: DriftVerdict }): ReactElement {
  return (
    <ScrollTable label="What is not as it was" heads={['What', 'Was', 'Is', 'How sure', 'Size (PSI)', 'Since']}>
      {findings.map((finding) => (
        <tr key={`${finding.field}-${finding.aspect}-${finding.test}`}>
          <th scope="row" className="wrap">
            {KINDS[finding.kind]}: <code>{finding.field}</code>, {finding.aspect}
          </th>
          <td className="wrap">{finding.reference}</td>
          <td className="wrap">{finding.current}</td>
          <td className="nowrap" title={`${finding.test}: ${finding.statistic.toPrecision(3)}`}>
            p {finding.p_value < 0.0001 ? '< 0.0001' : `= ${finding.p_value.toPrecision(2)}`}
          </td>
          <td className="numeric">
            {finding.psi === null ? <span title="Not measured: quality has no distribution">–</span> : finding.psi.toFixed(2)}
          </td>
          <td>
            <Time at={finding.since} />
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}
