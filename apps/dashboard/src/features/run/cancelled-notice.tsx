import { executionEventPageSchema } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { z } from 'zod';
import { api } from '../../shared/api/api.ts';
import { Time } from '../../shared/time/time.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { type Executed, runKey } from './run-queries.ts';

const cancelledSchema = z.object({ cancelled_by: z.string().nullish(), reason: z.string().nullish() });

/** Who cancelled it and why; nothing when its events are gone. */
export function CancelledNotice({ of: { run_id: runId, execution_id: id } }: { of: Executed }): ReactElement | null {
  const { data } = useQuery({
    queryKey: [...runKey(runId), 'cancelled', id],
    queryFn: () =>
      api.call({
        method: 'GET',
        path: `/api/v1/executions/${encodeURIComponent(id)}/events?event_type=cancelled&limit=1000`,
        answer: executionEventPageSchema,
      }),
  });
  const event = data?.events.at(-1);
  const said = cancelledSchema.safeParse(event?.data).data;
  if (event === undefined || said === undefined) return null;
  return (
    <section className="notice" aria-label="Why it was cancelled">
      <Icon name="stop" />
      <p>
        <strong>
          Cancelled{said.cancelled_by == null ? '' : ` by ${said.cancelled_by}`}
          {said.reason == null ? '.' : `: ${said.reason}`}
        </strong>{' '}
        <span className="muted">
          <Time at={event.timestamp} />
        </span>
      </p>
    </section>
  );
}
