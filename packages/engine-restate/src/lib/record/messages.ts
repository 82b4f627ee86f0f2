import type { EarlyAnswer, Execution, ExecutionEvent, JournalEntry, StoredHumanTask } from '@loopwright/engine';
import { answererRoleSchema, jsonObjectSchema, jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';

// What goes through Restate and comes back: messages of this engine to its own handlers, and their state. The form is checked as far as
// the handlers rely on it; further fields are kept, so that a newer engine may write more.

const id = z.string().min(1).max(512);
const time = z.number();

const entrySchema = z.looseObject({
  key: z.string().max(10_000),
  kind: z.string(),
  state: z.enum(['running', 'waiting', 'done', 'failed', 'cancelled']),
  name: z.string(),
  value: jsonSchema,
  dueAt: time.nullable(),
  createdAt: time,
}) as unknown as z.ZodType<JournalEntry>;

const taskSchema = z.looseObject({
  id,
  executionId: id,
  key: z.string(),
  step: z.string(),
  kind: z.enum(['clarification', 'acceptance']),
  state: z.enum(['open', 'answered', 'expired', 'cancelled']),
}) as unknown as z.ZodType<StoredHumanTask>;

const eventSchema = z.looseObject({
  executionId: id,
  seq: z.int().positive(),
  type: z.string(),
  at: time,
  data: jsonObjectSchema,
}) as unknown as z.ZodType<ExecutionEvent>;

const earlySchema = z.looseObject({
  executionId: id,
  step: z.string(),
  answerId: z.string(),
}) as unknown as z.ZodType<EarlyAnswer>;

/** An execution; `input` and `output` are `null` where they stand elsewhere. */
const executionSchema = z.looseObject({
  id,
  workflow: z.string(),
  definitionDigest: z.string().regex(/^[0-9a-f]{64}$/),
  requestDigest: z.string(),
  status: z.string(),
  statusSince: time,
  input: jsonSchema,
  output: jsonSchema,
}) as unknown as z.ZodType<Execution>;

const listeningSchema = z.strictObject({ type: z.string(), key: z.string() });

/** How many entries one transition may change. */
const ENTRY_LIMIT = 20_000;

export const startSchema = z.strictObject({ execution: executionSchema, events: z.array(eventSchema).min(1).max(10) });

const changesSchema = z.strictObject({
  execution: executionSchema,
  entries: z.array(entrySchema).max(ENTRY_LIMIT),
  tasks: z.array(taskSchema).max(ENTRY_LIMIT),
  early: z.array(earlySchema).max(10_000),
  listening: z.array(listeningSchema).max(10_000),
  events: z.array(eventSchema).max(ENTRY_LIMIT),
  started: z.array(startSchema).max(ENTRY_LIMIT),
});

/** The part of the state that every transition reads: what is open, and who drives. */
export const headSchema = z.strictObject({
  /** Counts the transitions: a writer names the one it knows. */
  version: z.int().positive(),
  lastSeq: z.int().nonnegative(),
  execution: executionSchema,
  open: z.array(entrySchema),
  early: z.array(earlySchema),
  listening: z.array(listeningSchema),
  /** The attempt that drives the execution, and the awakeable that wakes it, until that is used. */
  driver: z.strictObject({ id, wake: z.string().nullable() }).nullable(),
  /** A drive was sent and has not begun. */
  isDriveSent: z.boolean(),
  /** The last commit of a driver: the same again was lost on the way back. */
  commitId: z.string().nullable(),
});
export type Head = z.infer<typeof headSchema>;

/** A part of an execution's record: the first one has all but the settled entries that have no place in it. */
export const pageSchema = z.strictObject({
  version: z.int().positive(),
  lastSeq: z.int().nonnegative(),
  execution: executionSchema,
  entries: z.array(entrySchema),
  tasks: z.array(taskSchema),
  early: z.array(earlySchema),
  listening: z.array(listeningSchema),
  /** What to ask the next part with; `null` in the last one. */
  next: z.string().nullable(),
});
export type Page = z.infer<typeof pageSchema>;
/** The whole of an execution, as a driver takes it up. */
export type Snapshot = Omit<Page, 'next'>;

export const pageRequestSchema = z.strictObject({ after: z.string().nullable() });
export const eventsRequestSchema = z.strictObject({ after: z.int().nonnegative() });
export const eventsSchema = z.array(eventSchema);

export const beginSchema = z.strictObject({ driver: id, wake: z.string().nullable() });
export const wakeSchema = z.strictObject({ driver: id, wake: z.string(), version: z.int() });
export const parkSchema = z.strictObject({ driver: id, version: z.int() });
export const commitSchema = z.strictObject({ driver: id, commitId: id, version: z.int(), changes: changesSchema });
/** What became of what a driver asked: `changed` when somebody else was first, `gone` when another attempt drives. */
export const verdictSchema = z.enum(['done', 'changed', 'gone']);
export type Verdict = z.infer<typeof verdictSchema>;

const who = z.string().max(1000);
const submittedSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('clarification'),
    answers: jsonObjectSchema,
    subjectDigest: z.string().optional(),
    role: answererRoleSchema.optional(),
    overrideReason: z.string().max(10_000).optional(),
  }),
  z.strictObject({
    kind: z.literal('acceptance'),
    accepted: z.boolean(),
    comment: z.string().optional(),
    subjectDigest: z.string().optional(),
    role: answererRoleSchema.optional(),
    overrideReason: z.string().max(10_000).optional(),
  }),
]);
/** What people ask of an execution. `at` is the time of the asking: a handler that is repeated decides the same. */
export const commandSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('answer'),
    at: time,
    target: z.strictObject({ taskId: z.string().optional(), step: z.string().optional() }),
    answer: submittedSchema,
    answerId: z.string().max(1000),
    answeredBy: who,
  }),
  z.strictObject({ do: z.literal('cancel'), at: time, who, reason: z.string().nullable() }),
  z.strictObject({ do: z.literal('pause'), at: time, who }),
  z.strictObject({ do: z.literal('resume'), at: time, who }),
]);
export type Command = z.infer<typeof commandSchema>;

/** A refusal is a value: Restate would take an error that is thrown for a failure of the handler and repeat it. */
export const replySchema = z.union([
  z.strictObject({ value: jsonSchema }),
  z.strictObject({ refused: z.strictObject({ code: z.string(), message: z.string(), details: jsonObjectSchema.optional() }) }),
]);
export type Reply = z.infer<typeof replySchema>;

export const timerSchema = z.strictObject({ key: z.string(), dueAt: time });
const cloudEventSchema = z.record(z.string(), jsonSchema).and(z.object({ id: z.string(), source: z.string(), type: z.string() }));
const projectScopeSchema = z.union([
  z.strictObject({ only: z.array(z.string()) }),
  z.strictObject({ except: z.array(z.string()) }),
]);
/** An event, and the projects that hear it; all of them in a message that was sent before they were told. */
export const offerSchema = z.strictObject({ event: cloudEventSchema, projects: projectScopeSchema.optional() });
export const publishSchema = z.strictObject({ ...offerSchema.shape, except: z.string().nullable() });
export const definitionSchema = z.strictObject({ name: z.string(), version: z.string(), source: jsonObjectSchema });
export const startedSchema = z.strictObject({ created: z.boolean(), requestDigest: z.string() });
export const answeredSchema = z.looseObject({ state: z.enum(['answered', 'buffered']), task: z.looseObject({ id }).optional() });

/** What an execution orders those that it waits for, when it is ordered the same itself. */
export const followSchema = z.strictObject({
  do: z.enum(['cancel', 'pause', 'resume']),
  at: time,
  who,
  reason: z.string().nullable(),
});
/** What became of an execution that another waits for. */
export const endedSchema = z.strictObject({
  key: z.string(),
  id,
  at: time,
  ending: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('completed'), output: jsonSchema }),
    z.strictObject({ status: z.literal('failed'), error: jsonSchema }),
    z.strictObject({ status: z.literal('cancelled'), by: z.strictObject({ who, reason: z.string().nullable() }) }),
  ]),
});
