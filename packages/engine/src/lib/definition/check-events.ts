import { type JsonObject, messageOf } from '@loopwright/protocol';
import { isPattern } from '../event/match-event.ts';
import { explainInvalidExpression } from '../expression/expression.ts';
import { VARIABLE_NAMES } from '../interpreter/frame.ts';
import { SchemaValidator } from '../interpreter/schema-validator.ts';
import { type WorkflowDocument, everyTask } from './definition.ts';
import { type EventConsumption, everyFilter } from './event-consumption.ts';
import type { Issue } from './read-source.ts';

/**
 * What is wrong with the events that tasks and the schedule listen to: correlations whose expressions, and attributes whose patterns cannot
 * be used; and with a schedule whose executions could not begin.
 */
export function* checkEvents(document: WorkflowDocument): Generator<Issue> {
  const { schedule } = document;
  if (schedule?.kind === 'on') yield* checkConsumption(schedule.on, ['schedule', 'on'], []);
  else if (schedule !== undefined && document.input?.schema !== undefined) yield* checkEmptyInput(document.input.schema);
  for (const { named, pointer } of everyTask(document.do)) {
    if ('listen' in named.task) {
      yield* checkConsumption(named.task.listen.to, [...pointer.slice(1).split('/'), 'listen', 'to'], VARIABLE_NAMES);
    }
  }
}

/** Times start executions with an empty object. A schema that cannot be used is reported where it stands. */
function* checkEmptyInput(schema: JsonObject): Generator<Issue> {
  try {
    const issues = new SchemaValidator().issues(schema, {});
    const summary = issues.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ');
    if (issues.length > 0) yield { path: ['schedule'], message: `Cannot start by time, without input: ${summary}` };
  } catch {}
}

/** What is wrong with one strategy, whose expressions can use these variables. */
function* checkConsumption(strategy: EventConsumption, at: readonly string[], names: readonly string[]): Generator<Issue> {
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
