import type { HumanTask } from '@loopwright/protocol';
import type { Ref } from 'react';
import type { Deciding } from './use-decision.ts';
import type { MayDecide } from './who-decides.ts';

/** What a keyboard does with the form that is shown. */
export interface DecisionHandle {
  /** Goes to where one says yes: the button, or the first question. */
  readonly toAccept: () => void;
  /** Goes to where one says no, and why; nothing for questions. */
  readonly toReject: () => void;
}

/** What the form of each kind of task gets. */
export interface DecisionPart {
  /** What is on the screen, which is what is decided about. */
  readonly task: HumanTask;
  readonly may: MayDecide;
  readonly deciding: Deciding;
  readonly handle: Ref<DecisionHandle> | undefined;
}
