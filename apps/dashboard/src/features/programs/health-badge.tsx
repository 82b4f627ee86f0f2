import type { ProgramSummary } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Badge } from '../../shared/ui/badge.tsx';
import { healthOf } from './health.ts';
import { driftQuery, todayQuery } from './program-queries.ts';

/** How a program does; the reason is its tooltip. */
export function HealthBadge({ program }: { program: ProgramSummary }): ReactElement {
  const isServed = program.active_version !== null && program.edge_url !== null;
  const today = useQuery({ ...todayQuery(program.name), enabled: isServed });
  const drift = useQuery({ ...driftQuery(program.name), enabled: isServed });
  if (isServed && (today.isPending || drift.isPending)) return <span className="skeleton" aria-busy="true" />;
  const { text, tone, icon, why } = healthOf(program, today.data, drift.data);
  return (
    <span title={why}>
      <Badge tone={tone} icon={icon}>
        {text}
      </Badge>
    </span>
  );
}
