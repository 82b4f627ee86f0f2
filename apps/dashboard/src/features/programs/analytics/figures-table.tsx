import type { AnalyticsFigures } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { countText, latencyText, percentText } from '../../../shared/time/format.ts';
import { ScrollTable, endHeads } from '../../../shared/ui/scroll-table.tsx';

/** Figures of the parts of something beside each other. */
export function FiguresTable({
  title,
  first,
  rows,
}: {
  title: string;
  /** What the first column has. */
  first: string;
  rows: readonly (readonly [string, AnalyticsFigures])[];
}): ReactElement | null {
  if (rows.length === 0) return null;
  return (
    <section className="stack figures-part" aria-label={title}>
      <h2>{title}</h2>
      <ScrollTable
        label={`Figures ${title.toLowerCase()}`}
        heads={[first, ...endHeads('Requests', 'Answered', 'Failed', 'p50', 'p99', 'Sampled')]}
      >
        {rows.map(([name, figures]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="end numeric">{countText(figures.total_executions)}</td>
            <td className="end numeric">{percentText(figures.success_rate)}</td>
            <td className="end numeric">{countText(figures.failed_executions)}</td>
            <td className="end numeric">{latencyOf(figures, figures.p50_latency_ms)}</td>
            <td className="end numeric">{latencyOf(figures, figures.p99_latency_ms)}</td>
            <td className="end numeric">{countText(figures.sampled_count)}</td>
          </tr>
        ))}
      </ScrollTable>
    </section>
  );
}

function latencyOf({ successful_executions: answered }: AnalyticsFigures, ms: number): ReactElement | string {
  return answered === 0 ? <span title="Not measured: no request was answered">–</span> : latencyText(ms);
}
