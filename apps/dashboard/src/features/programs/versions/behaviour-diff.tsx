import { type BehaviourDiff as Report, type ProgramSummary, storedDiffSchema, systemRandom } from '@loopwright/protocol';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { useSession } from '../../../shared/api/session.tsx';
import { BehaviourReport } from '../../../shared/behaviour/behaviour-report.tsx';
import { countText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { SelectField } from '../../../shared/ui/field.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { diffsQuery, programKey, programPath } from '../program-queries.ts';

/** How two versions answer the same logged inputs: the newest comparison, and making a new one. */
export function BehaviourDiff({
  program,
  candidate,
  incumbent,
}: {
  program: ProgramSummary;
  candidate: number;
  incumbent: number;
}): ReactElement {
  const { can } = useSession();
  const queries = useQueryClient();
  const [last, setLast] = useState(1000);
  const { data, error, refetch } = useQuery(diffsQuery(program.name, candidate));
  const compare = useMutation({
    mutationFn: () =>
      api.call({
        method: 'POST',
        path: programPath(program.name, '/diffs'),
        answer: storedDiffSchema,
        json: { candidate, incumbent, last },
        idempotencyKey: systemRandom.uuid(),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: [...programKey(program.name), 'diffs'] }),
  });
  if (data === undefined)
    return error === null ? (
      <Loading label="Loading the comparisons" />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  const newest = data.diffs.find(({ report }) => report.incumbent.version === incumbent);
  const reason = can('programs:execute', program.project_id) ? undefined : 'Your role does not let you run the program';
  return (
    <div className="stack">
      <div className="row">
        <SelectField label="Inputs" hideLabel value={String(last)} onChange={({ target }) => setLast(Number(target.value))}>
          {[100, 1000, 10_000].map((count) => (
            <option key={count} value={count}>
              the newest {count.toLocaleString('en')} inputs
            </option>
          ))}
        </SelectField>
        <Button disabled={reason !== undefined || compare.isPending} reason={reason} onClick={() => compare.mutate()}>
          {compare.isPending ? 'Replaying…' : `Replay through v${incumbent} and v${candidate}`}
        </Button>
      </div>
      {newest === undefined ? (
        <EmptyState title="Not compared yet">
          The logged inputs are run through both versions in the sandbox; nobody who uses the program notices.
        </EmptyState>
      ) : (
        <Comparison report={newest.report} at={newest.created_at} by={newest.requested_by} digest={newest.digest} />
      )}
    </div>
  );
}

function Comparison({ report, at, by, digest }: { report: Report; at: string; by: string | null; digest: string }): ReactElement {
  return (
    <>
      <p className="muted">
        {countText(report.inputs)} inputs, compared <Time at={at} />
        {by === null ? '' : ` by ${by}`}, <code title={digest}>sha256:{digest.slice(0, 12)}…</code>
      </p>
      <BehaviourReport report={report} />
    </>
  );
}
