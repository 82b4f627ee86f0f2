export type { CatalogueReader } from './lib/catalogue/catalogue-reader.ts';
export { loadWithCatalogues } from './lib/catalogue/load-with-catalogues.ts';
export { type WorkflowDefinition, digestOf, everyTask, everyTaskOf } from './lib/definition/definition.ts';
export { loadDefinition, loadWovenDefinition } from './lib/definition/load-definition.ts';
export { type Examination, examineStore } from './lib/doctor/examine-store.ts';
export { type AcceptedLoss, acceptLoss } from './lib/store/accept-loss.ts';
export type { Finding } from './lib/doctor/finding.ts';
export { Engine } from './lib/embedded/engine.ts';
export type { EngineOptions } from './lib/embedded/engine-options.ts';
export type { EngineCaps, WorkflowEngine } from './lib/engine-port.ts';
export type { Retention } from './lib/embedded/history-retention.ts';
export { DEFAULT_PROJECT } from './lib/embedded/start-scheduled.ts';
export type { StartRequest } from './lib/embedded/start-execution.ts';
export type { AnswerOutcome, AnswerTarget } from './lib/embedded/answer-question.ts';
export {
  EXECUTION_STATUSES,
  type EarlyAnswer,
  type Execution,
  type ExecutionChange,
  type ExecutionEvent,
  type ExecutionPage,
  type ExecutionQuery,
  type ExecutionStatus,
  type JournalEntry,
  type ProjectScope,
  type StoredDefinition,
  type StoredHumanTask,
  isFinal,
} from './lib/execution/execution.ts';
export { mermaidOf } from './lib/diagram/mermaid.ts';
export { type Progress, TASK_STATUSES, type TaskStatus } from './lib/diagram/progress.ts';
export type { Compatibility } from './lib/embedded/move-execution.ts';
export type { Operations, RestartRequest, WorkflowVersion } from './lib/embedded/operations.ts';
export { type RestartRecord, restartRecordIn } from './lib/operation/restart-record.ts';
export { type Why, explain } from './lib/execution/why.ts';
export type { SubmittedAnswer } from './lib/human-task/answer.ts';
export type { HumanTaskRequest } from './lib/human-task/human-task-request.ts';
export {
  type CallFunction,
  type ExecutionInfo,
  type FunctionCatalogue,
  type Invocation,
  defineFunction,
} from './lib/interpreter/call-function.ts';
export { WorkflowError } from './lib/interpreter/workflow-error.ts';
export type { ExpectedCost } from './lib/limits/estimate.ts';
export type { EngineLimits, StartLimits } from './lib/limits/execution-limits.ts';
export { type RateLimits, parseRateLimits } from './lib/limits/rate-limit.ts';
export type { WaitingTurn } from './lib/limits/turnstile.ts';
export type { EventRoute } from './lib/event/event-routes.ts';
export type { CloudEvent } from './lib/event/listener.ts';
export type { StoredSchedule } from './lib/schedule/stored-schedule.ts';
export { takeDataLock } from './lib/store/data-lock.ts';
export { steadyLimits } from './lib/store/steady-limits.ts';
export { type Durability, SqliteStore, type SqliteStoreOptions } from './lib/store/sqlite-store.ts';
export type { EventFilter, EventGap, EventOwner, EventPage, PlacedEvent } from './lib/store/event-page.ts';
export { type Notice, noticeOwner } from './lib/store/notices.ts';
export type { CommitListener } from './lib/embedded/event-hub.ts';
export type { Store, StoreReader, StoreTransaction } from './lib/store/store.ts';
export type { ScriptResult, ScriptRun, ScriptRunner } from './lib/script/script-runner.ts';
export type { SecretReader } from './lib/secret/secrets.ts';
