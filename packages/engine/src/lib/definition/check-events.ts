import { type JsonObject, messageOf } from '@loopwright/protocol';
import { beginListener } from '../event/begin-listener.ts';
import { isPattern } from '../event/match-event.ts';
import { ExpressionEvaluator } from '../expression/expression.ts';
import { SchemaValidator } from '../interpreter/schema-validator.ts';
import { type WorkflowDocument, everyTask } from './definition.ts';
import { type EventConsumption, everyFilter } from './event-consumption.ts';
import { pathOf } from './json-pointer.ts';
import type { Issue } from './read-source.ts';

/** What is wrong with the events that tasks and the schedule listen to, and with a schedule whose executions could not begin. */
export function* checkEvents(document: WorkflowDocument): Generator<Issue> {
  const { schedule } = document;
  if (schedule?.kind === 'on') {
    yield* checkPatterns(schedule.on, ['schedule', 'on']);
    yield* checkBeginning(schedule.on);
  } else if (schedule !== undefined && document.input?.schema !== undefined) yield* checkEmptyInput(document.input.schema);
  for (const { named, pointer } of everyTask(document.do)) {
    if ('listen' in named.task) yield* checkPatterns(named.task.listen.to, [...pathOf(pointer), 'listen', 'to']);
  }
}

/** A schedule listens from the moment it is registered: what it evaluates then must not fail. What is no expression is reported where it stands. */
function* checkBeginning(strategy: EventConsumption): Generator<Issue> {
  try {
    beginListener(strategy, { read: 'envelope' }, { expressions: new ExpressionEvaluator(), input: null, variables: {} });
  } catch (error) {
    yield { path: ['schedule', 'on'], message: messageOf(error) };
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

function* checkPatterns(strategy: EventConsumption, at: readonly string[]): Generator<Issue> {
  for (const { filter, path } of everyFilter(strategy, at)) {
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
