import type { Json } from '@loopwright/protocol';
import type { TaskOf } from '../definition/task.ts';
import type { EventFilter, Listener } from '../event/listener.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';

/** Runs `listen`: waits until the events have come; its output is the array of them. Expressions of the filters are evaluated when it begins. */
export function runListen(interpreter: TaskRunner, task: TaskOf<'listen'>, frame: TaskFrame): Promise<Json> {
  const { expressions, durable } = interpreter.parts;
  const { to, read } = task.listen;
  const resolve = (value: Json): Json => expressions.resolve(value, frame.input, frame.variables);
  const filters = ('one' in to ? [to.one] : 'any' in to ? to.any : to.all).map((filter): EventFilter => {
    const correlations = Object.entries(filter.correlate ?? {}).map(([name, { from, expect }]) => [
      name,
      expect === undefined ? { from } : { from, expect: resolve(expect) },
    ]);
    return {
      with: Object.fromEntries(Object.entries(filter.with).map(([name, value]) => [name, resolve(value)])),
      correlate: Object.fromEntries(correlations) as EventFilter['correlate'],
    };
  });
  const listener: Listener = {
    mode: 'all' in to ? 'all' : 'any',
    filters,
    read: read === 'data' ? 'data' : 'envelope',
    taken: [],
    expected: {},
  };
  return durable.listen({ key: frame.key, name: frame.name }, listener);
}
