import type { ReactElement } from 'react';
import { percentText } from '../../time/format.ts';
import { Badge } from '../../ui/badge.tsx';
import type { ProgramSubject } from './program-subject.ts';

/** The share of unseen inputs that were answered correctly, between the ends of its interval, beside the target. */
export function Score({ subject: { accuracy, interval, target, evaluation } }: { subject: ProgramSubject }): ReactElement {
  if (accuracy === null) return <p className="notice">The score was not measured: the workflow does not show one.</p>;
  return (
    <section className="score" aria-label="Score on unseen inputs">
      <p className="row">
        <strong className="score-value numeric">{percentText(accuracy)}</strong>
        <span>
          correct
          {evaluation === null
            ? null
            : ` (${evaluation.correct} of ${evaluation.examples} unseen inputs${evaluation.errors === 0 ? '' : `; it failed on ${evaluation.errors}`})`}
        </span>
        {target === null ? null : <TargetBadge accuracy={accuracy} low={interval?.low ?? null} target={target} />}
      </p>
      {interval === null ? (
        <p className="muted">The interval was not measured.</p>
      ) : (
        <>
          <svg className="score-bar" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect className="score-all" x="0" y="9" width="1000" height="6" rx="3" />
            <rect
              className="score-interval"
              x={interval.low * 1000}
              y="6"
              width={Math.max(2, (interval.high - interval.low) * 1000)}
              height="12"
            />
            <rect className="score-mark" x={accuracy * 1000 - 2} y="2" width="4" height="20" />
            {target === null ? null : <rect className="score-target" x={target * 1000 - 1.5} y="0" width="3" height="24" />}
          </svg>
          <p className="muted numeric">
            95 % interval {percentText(interval.low)} to {percentText(interval.high)}
            {target === null ? null : `; target ${percentText(target)}`}
          </p>
        </>
      )}
    </section>
  );
}

function TargetBadge({ accuracy, low, target }: { accuracy: number; low: number | null; target: number }): ReactElement {
  if (accuracy < target)
    return (
      <Badge tone="danger" icon="failed">
        Below the target
      </Badge>
    );
  if (low !== null && low >= target)
    return (
      <Badge tone="good" icon="check">
        Target met
      </Badge>
    );
  return (
    <Badge tone="warn" icon="warning">
      Target met, but not for certain
    </Badge>
  );
}
