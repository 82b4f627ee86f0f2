import { messageOf } from '@loopwright/protocol';
import { isPattern } from '../event/match-event.ts';
import { explainInvalidExpression } from '../expression/expression.ts';
import { VARIABLE_NAMES } from '../interpreter/frame.ts';
import { type WorkflowDocument, everyTask } from './definition.ts';
import { type EventConsumption, everyFilter } from './event-consumption.ts';
import type { Issue } from './read-source.ts';

/** What is wrong with the events that tasks listen to: correlations whose expressions, and attributes whose patterns cannot be used. */
export function* checkEvents(document: WorkflowDocument): Generator<Issue> {
  for (const { named, pointer } of everyTask(document.do)) {
    if ('listen' in named.task) {
      yield* checkConsumption(named.task.listen.to, [...pointer.slice(1).split('/'), 'listen', 'to'], VARIABLE_NAMES);
    }
  }
}

/** What is wrong with one strategy, whose expressions can use these variables. */
export function* checkConsumption(strategy: EventConsumption, at: readonly string[], names: readonly string[]): Generator<Issue> {
  for (const { filter, path } of everyFilter(strategy, at)) {
    for (const [name, { from }] of Object.entries(filter.correlate ?? {})) {
      const reason = explainInvalidExpression(from, names);
      const message = `Cannot use the expression "${from}": ${reason ?? ''}`;
      if (reason !== undefined) yield { path: [...path, 'correlate', name, 'from'], message };
    }
    for (const [name, wanted] of Object.entries(filter.with)) {
      if (typeof wanted !== 'string' || !isPattern(wanted)) continue;
      const reason = explainInvalidPattern(wanted);
      if (reason !== undefined) yield { path: [...path, 'with', name], message: `Cannot use the pattern "${wanted}": ${reason}` };
    }
  }
}

function explainInvalidPattern(pattern: string): string | undefined {
  try {
    RegExp(pattern, 'u');
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
