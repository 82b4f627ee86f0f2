// What a package needs to carry the interpreter on another engine: the parts, not a promise of stability.
export { Definitions } from './lib/embedded/definitions.ts';
export { EventHub } from './lib/embedded/event-hub.ts';
export { Instance } from './lib/embedded/instance.ts';
<<<<<<< HEAD
export { Life, type LifeHost } from './lib/embedded/life.ts';
export { type EventRoute, audienceOf } from './lib/event/event-routes.ts';
=======
export { Life } from './lib/embedded/life.ts';
export type { LifeHost } from './lib/embedded/life-host.ts';
>>>>>>> main
export { checkedText } from './lib/check-value.ts';
export { builtInFunctions } from './lib/embedded/built-in-functions.ts';
export { checkInput } from './lib/embedded/check-input.ts';
export { cancelExecution, pauseExecution, pauseTree, resumeExecution } from './lib/embedded/control.ts';
export { type Ending, endExecution, receiveEnding } from './lib/embedded/end-execution.ts';
export { fireTimer } from './lib/embedded/timers.ts';
export { insertExecution, requestDigestOf } from './lib/embedded/start-execution.ts';
export { cancelTree } from './lib/embedded/give-up.ts';
export { publishEvent } from './lib/embedded/publish-event.ts';
export { VALUE_LIMIT_CHARACTERS } from './lib/limits.ts';
export { takeAnswer } from './lib/embedded/answer-question.ts';
export { childOf } from './lib/execution/child-entry.ts';
export { isFinal } from './lib/execution/execution.ts';
export { ExpressionEvaluator } from './lib/expression/expression.ts';
export type { HttpCallOptions } from './lib/http-call/http-client.ts';
export type { FunctionCatalogue } from './lib/interpreter/call-function.ts';
export { Interpreter } from './lib/interpreter/interpreter.ts';
export { SchemaValidator } from './lib/interpreter/schema-validator.ts';
export { WorkflowError } from './lib/interpreter/workflow-error.ts';
