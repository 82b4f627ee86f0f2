import type { Json } from '@loopwright/protocol';
import type { EventIterator, TaskOf } from '../definition/task.ts';
import { beginListener } from '../event/begin-listener.ts';
import type { Listener } from '../event/listener.ts';
import type { FlowResult, TaskFrame, TaskRunner } from './frame.ts';
import { Scope } from './scope.ts';

/**
 * Runs `listen`: waits until the events have come; its output is the array of them, or of what `foreach` made of each. Attributes and
 * expectations of the filters are evaluated when it begins.
 */
export async function runListen(interpreter: TaskRunner, task: TaskOf<'listen'>, frame: TaskFrame): Promise<FlowResult> {
  const { expressions, durable } = interpreter.parts;
  const { foreach, listen } = task;
  const at = { expressions, input: frame.input, variables: frame.variables };
  const listener = beginListener(listen.to, { read: listen.read, each: foreach !== undefined }, at);
  if (foreach !== undefined) return listenEach(interpreter, { frame, listener, foreach });
  return { output: await durable.listen({ key: frame.key, name: frame.name }, listener), flow: 'continue' };
}

/** Works on the events one after the other, in the order in which they came; those that come meanwhile wait in the journal. */
async function listenEach(
  interpreter: TaskRunner,
  { frame, listener, foreach }: { frame: TaskFrame; listener: Listener; foreach: EventIterator },
): Promise<FlowResult> {
  const { durable, expressions } = interpreter.parts;
  const address = { key: frame.key, name: frame.name };
  const events: Json[] = [];
  const outputs: Json[] = [];
  const condition = listener.until?.kind === 'condition' ? listener.until.condition.expression : undefined;
  const isOver = (): boolean =>
    condition !== undefined && expressions.holds(condition, events, interpreter.variablesAt(frame, { output: outputs }));
  try {
    for (let index = 0; ; index += 1) {
      const consumed = await durable.consume(address, listener, index);
      if (consumed === undefined) return { output: outputs, flow: 'continue' };
      events.push(consumed.event);
      const round = await runRound(interpreter, { frame, foreach, event: consumed.event, index });
      outputs.push(round.output);
      if (round.flow === 'continue' && !isOver()) continue;
      await durable.endConsumption(address);
      return round.flow === 'end' ? round : { output: outputs, flow: 'continue' };
    }
  } catch (error) {
    // Whoever catches it listens anew: this listener must not go on taking events.
    await durable.endConsumption(address);
    throw error;
  }
}

/** The tasks of one event, whose input is the event; without tasks the event itself goes through `output` and `export`. */
async function runRound(
  interpreter: TaskRunner,
  { frame, foreach, event, index }: { frame: TaskFrame; foreach: EventIterator; event: Json; index: number },
): Promise<FlowResult> {
  const { schemas } = interpreter.parts;
  const extra = { ...frame.extra, [foreach.item]: event, [foreach.at]: index };
  const raw: FlowResult =
    foreach.do === undefined
      ? { output: event, flow: 'continue' }
      : await interpreter.runList(foreach.do, {
          input: event,
          scope: new Scope(`${frame.key}@each-${index}`),
          reference: `${frame.reference}/foreach/do`,
          extra,
          state: frame.state,
        });
  const seen = (output: Json): Record<string, Json> => interpreter.variablesAt(frame, { ...extra, input: event, output });
  const output = interpreter.transform(foreach.output?.as, raw.output, seen(raw.output));
  schemas.check(foreach.output?.schema, output, `output of an event of the task "${frame.name}"`);
  if (foreach.export?.as !== undefined) {
    const exported = interpreter.transform(foreach.export.as, output, seen(output));
    schemas.check(foreach.export.schema, exported, `export of an event of the task "${frame.name}"`);
    frame.state.context = exported;
  }
  return { output, flow: raw.flow };
}
