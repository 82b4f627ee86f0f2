import type { Rollout, RolloutAction } from '@loopwright/protocol';

/** What is asked, done and said of an action. */
export interface ActionWords {
  readonly title: string;
  readonly verb: string;
  readonly done: string;
  /** Exactly what will happen. */
  readonly consequences: readonly string[];
  readonly isDanger: boolean;
}

/** What an action would do to a rollout as it was seen. */
export function wordsOf(action: RolloutAction, rollout: Rollout): ActionWords {
  const { incumbent, candidate, current_percentage: share, current_stage: stage, stages, mode } = rollout;
  const copies = mode === 'shadow';
  const gets = copies ? `copies of ${share} % of the requests` : `${share} % of the requests`;
  const next = stages[stage];
  switch (action) {
    case 'pause':
      return {
        title: 'Pause the rollout?',
        verb: 'Pause',
        done: 'The rollout is paused',
        consequences: [
          `v${candidate} keeps getting ${gets}.`,
          'It goes no further until somebody resumes it.',
          'It is still rolled back by itself when it does harm.',
        ],
        isDanger: false,
      };
    case 'resume':
      return {
        title: 'Let the rollout go on?',
        verb: 'Go on',
        done: 'The rollout goes on',
        consequences: [`v${candidate} keeps getting ${gets}.`, 'The rules move it on when its time and its requests are enough.'],
        isDanger: false,
      };
    case 'advance':
      if (next === undefined) return wordsOf('promote', rollout);
      return {
        title: `Go to ${next} % now?`,
        verb: `Go to ${next} %`,
        done: `v${candidate} gets ${next} %`,
        consequences: [
          `v${candidate} answers ${next} % of the requests instead of ${share} %, from now on.`,
          `Stage ${stage + 1} of ${stages.length} begins; what is left of this one is skipped.`,
        ],
        isDanger: true,
      };
    case 'promote':
      return {
        title: `Make v${candidate} active now?`,
        verb: `Serve v${candidate}`,
        done: `v${candidate} is active`,
        consequences: [
          `v${candidate} answers every request instead of v${incumbent}, from now on.`,
          'The rollout ends; what is left of its stages is skipped.',
          'It stands in the history with your name and the reason.',
        ],
        isDanger: true,
      };
    case 'rollback':
      return {
        title: 'Take the candidate back?',
        verb: `Take v${candidate} back`,
        done: `v${candidate} gets nothing more`,
        consequences: [
          copies
            ? `v${candidate} gets no more copies of requests.`
            : `v${incumbent} answers every request again, from now on; v${candidate} gets nothing more.`,
          'The rollout ends for good. A new one can be started.',
        ],
        isDanger: true,
      };
  }
}
