import type { RunDetail, whySchema } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { z } from 'zod';
import { Time } from '../../shared/time/time.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { CancelledNotice } from './cancelled-notice.tsx';
import { whyQuery } from './run-queries.ts';

/** Why the run does not move, in one sentence, since when, and what would let it go on; who cancelled it and why. */
export function WhyNotice({ run }: { run: RunDetail }): ReactElement | null {
  const { data: why } = useQuery({ ...whyQuery(run.run_id), enabled: run.status !== 'completed' && run.status !== 'cancelled' });
  if (run.status === 'cancelled') return <CancelledNotice of={run} />;
  if (run.status === 'completed') return null;
  if (why === undefined)
    return run.error_message === null ? null : (
      <div className="notice notice-danger">
        <Icon name="failed" />
        <p>{run.error_message}</p>
      </div>
    );
  return <Why why={why} isFailed={run.status === 'failed'} />;
}

/** One sentence, since when it holds, and what would let it go on. */
export function Why({ why, isFailed }: { why: z.infer<typeof whySchema>; isFailed: boolean }): ReactElement {
  const tone = isFailed ? 'notice-danger' : why.waiting_for.length > 0 ? 'notice-wait' : '';
  return (
    <section className={`notice ${tone}`} aria-label="Why it does not move">
      <Icon name={isFailed ? 'failed' : 'clock'} />
      <div>
        <p>
          <strong>{why.sentence}</strong>
        </p>
        <p className="muted">
          Since <Time at={why.since} />
          {why.next_wakeup === null ? null : (
            <>
              , goes on by itself <Time at={why.next_wakeup} />
            </>
          )}
          {/* What a program would send is no help here: the controls of the page do it. */}
          {why.unblock === null || why.unblock.includes('/api/') ? null : <>. {why.unblock}</>}
        </p>
      </div>
    </section>
  );
}
