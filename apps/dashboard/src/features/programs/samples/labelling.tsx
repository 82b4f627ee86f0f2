import { type ProgramSummary, type Sample, type SampleAnswer, messageOf, sampleSchema, systemRandom } from '@loopwright/protocol';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { z } from 'zod';
import { api } from '../../../shared/api/api.ts';
import { useSession } from '../../../shared/api/session.tsx';
import { Badge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { programKey, programPath, versionsQuery } from '../program-queries.ts';
import { labelsOf } from './labels.ts';
import { SampleCard } from './sample-card.tsx';

const claimedSchema = z.object({ sample: sampleSchema.nullable() });

/** One thing to do with the sample that one has. */
export type SampleAct =
  | { readonly what: 'answer'; readonly answer: SampleAnswer }
  | { readonly what: 'skip' }
  | { readonly what: 'ask' };

/** Takes one sample after the other and says what would have been right. What one has taken is nobody else's for 15 minutes. */
export function Labelling({
  program,
  waiting,
  hasMore,
}: {
  program: ProgramSummary;
  /** Open samples that are loaded. */
  waiting: number | undefined;
  hasMore: boolean;
}): ReactElement {
  const { can } = useSession();
  const queries = useQueryClient();
  const { data: versions } = useQuery(versionsQuery(program.name));
  const [sample, setSample] = useState<Sample | null>();
  const [said, setSaid] = useState('');
  const [seen, setSeen] = useState<readonly Sample[]>([]);
  const refresh = (): void => void queries.invalidateQueries({ queryKey: programKey(program.name) });
  const claim = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.call({
        method: 'POST',
        path: programPath(program.name, '/samples/claim'),
        answer: claimedSchema,
        json: {},
        idempotencyKey: systemRandom.uuid(),
      }),
    onSuccess: ({ sample: next }) => {
      setSample(next);
      if (next !== null) setSeen((before) => [...before.slice(-50), next]);
    },
    onSettled: refresh,
  });
  const act = useMutation({
    meta: { quiet: true },
    mutationFn: (doing: SampleAct) => send(program.name, sample?.sample_id ?? '', doing),
    onSuccess: (answered) => {
      setSaid(wordsOf(answered));
      setSeen((before) => [...before.slice(-50), answered]);
      claim.mutate();
    },
  });
  const takeNext = (): void => {
    act.reset();
    claim.mutate();
  };
  const reason = can('tasks:decide', program.project_id) ? undefined : 'Your role does not let you answer samples';
  const error = act.error ?? claim.error;
  const version = versions?.find((one) => one.version === sample?.version);
  return (
    <section className="stack" aria-label="Label samples">
      <div className="row">
        <h2>What would have been right?</h2>
        {waiting === undefined ? null : (
          <Badge tone={waiting === 0 ? 'neutral' : 'wait'} icon="person">
            {waiting}
            {hasMore ? '+' : ''} open
          </Badge>
        )}
        <span className="muted" role="status">
          {said}
        </span>
      </div>
      {error === null ? null : (
        <p className="field-error" role="alert">
          {messageOf(error)}
        </p>
      )}
      {sample === undefined || sample === null ? (
        <Begin isEmpty={sample === null} isBusy={claim.isPending} reason={reason} onTake={takeNext} />
      ) : (
        <SampleCard
          key={sample.sample_id}
          sample={sample}
          labels={labelsOf(version, seen)}
          outputSchema={version?.output_schema ?? {}}
          isBusy={act.isPending || claim.isPending}
          onAct={act.mutate}
          onNext={error === null ? undefined : takeNext}
        />
      )}
    </section>
  );
}

function Begin({
  isEmpty,
  isBusy,
  reason,
  onTake,
}: {
  isEmpty: boolean;
  isBusy: boolean;
  reason: string | undefined;
  onTake: () => void;
}): ReactElement {
  return (
    <div className="card row sample-begin">
      <p className="grow">
        {isEmpty
          ? 'Nothing more waits. New requests are chosen as they come.'
          : 'You get one request at a time, with what the program answered. Nobody else gets it for 15 minutes.'}
      </p>
      <Button look="primary" icon="person" disabled={reason !== undefined || isBusy} reason={reason} onClick={onTake}>
        {isEmpty ? 'Look again' : 'Take the next one'}
      </Button>
    </div>
  );
}

function send(name: string, sampleId: string, doing: SampleAct): Promise<Sample> {
  return api.call({
    method: 'POST',
    path: programPath(name, `/samples/${encodeURIComponent(sampleId)}/${doing.what}`),
    answer: sampleSchema,
    idempotencyKey: systemRandom.uuid(),
    ...(doing.what === 'answer' ? { json: doing.answer } : {}),
  });
}

function wordsOf({ state, validation }: Sample): string {
  if (state === 'skipped') return 'Skipped.';
  if (validation === null) return 'Sent.';
  return validation.match ? 'Noted: it was right.' : `Noted: ${JSON.stringify(validation.oracle_output)} would have been right.`;
}
