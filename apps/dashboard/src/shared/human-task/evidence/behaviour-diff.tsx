import type { ReactElement } from 'react';
import { BehaviourReport } from '../../behaviour/behaviour-report.tsx';
import { Time } from '../../time/time.tsx';
import type { ProgramSubject } from './program-subject.ts';

/** What would be answered in another way than now, on the same inputs, with examples. */
export function BehaviourDiffView({ diff }: { diff: ProgramSubject['behaviour_diff'] }): ReactElement {
  if (diff?.report == null)
    return <p className="notice">Nothing was compared{diff?.reason === undefined ? '' : `: ${diff.reason}`}.</p>;
  const { report } = diff;
  return (
    <div className="stack">
      <p>
        {report.inputs.toLocaleString('en')} {report.source === 'log' ? 'logged inputs' : 'inputs of the hold-out'} were replayed
        through version {report.candidate.version} and version {report.incumbent.version}
        {report.logged_from === null ? null : (
          <>
            , logged between <Time at={report.logged_from} /> and <Time at={report.logged_to} />
          </>
        )}
        .
      </p>
      <BehaviourReport report={report} />
    </div>
  );
}
