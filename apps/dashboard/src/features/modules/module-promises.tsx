import type { Module } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { durationText } from '../../shared/time/format.ts';
import { Time } from '../../shared/time/time.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { ScrollTable, endHeads } from '../../shared/ui/scroll-table.tsx';
import { alertText, percent, rounded } from './alert-text.ts';

/** What is wrong with a module as of the last look; nothing where nothing is. */
export function ModuleAlerts({ alerts }: Pick<Module, 'alerts'>): ReactElement {
  return (
    <>
      {alerts.map(({ type, value, threshold, since }) => (
        <p key={type} className="notice notice-warn">
          <Icon name="warning" />
          <span>
            {alertText({ type, value, threshold })}, since <Time at={since} />
          </span>
        </p>
      ))}
    </>
  );
}

/** What is promised of a module, what was measured, and whether it is kept. */
export function ModulePromises({ sla }: Pick<Module, 'sla'>): ReactElement {
  const rows = [
    ['Serves', sla.availability_percent, percent, sla.kept.availability],
    ['Answers in the mean in', sla.latency_ms, (value: number) => durationText(value / 1000), sla.kept.latency],
    ['Fails', sla.error_percent, percent, sla.kept.errors],
    ['Requests a second', sla.throughput_per_second, rounded, sla.kept.throughput],
  ] as const;
  return (
    <details>
      <summary>
        What is promised of it, and the last {durationText(sla.window_seconds)} ({sla.requests} requests)
      </summary>
      <ScrollTable label="Promises" heads={['Promise', ...endHeads('Measured', 'Promised'), 'Kept']}>
        {rows.map(([name, { measured, promised }, text, isKept]) => (
          <tr key={name}>
            <td>{name}</td>
            <td className="end numeric">{measured === null ? 'not measured' : text(measured)}</td>
            <td className="end numeric">{promised === null ? 'nothing' : text(promised)}</td>
            <td>{isKept === null ? <span className="muted">–</span> : <Kept isKept={isKept} />}</td>
          </tr>
        ))}
      </ScrollTable>
    </details>
  );
}

function Kept({ isKept }: { isKept: boolean }): ReactElement {
  return isKept ? (
    <Badge tone="good" icon="check">
      Kept
    </Badge>
  ) : (
    <Badge tone="warn" icon="warning">
      Not kept
    </Badge>
  );
}
