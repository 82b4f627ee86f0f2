import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_WATCHING } from '@loopwright/edge';
import {
  type TaskExecuteResponse,
  batchExecuteResponseSchema,
  batchValidateResponseSchema,
  canarySchema,
  compareProgramsResponseSchema,
  improveResponseSchema,
  programVersionsSchema,
  recommendationsSchema,
  repairListSchema,
  taskExecuteResponseSchema,
  taskResponseSchema,
  validationStatisticsSchema,
} from '@loopwright/protocol';
import { type TestServer, errorIn, pointersIn } from '../http/app-fixture.ts';
import { type Served, openServed } from '../http/served-fixture.ts';
import { type Receiver, openReceiver } from '../webhooks/receiver-fixture.ts';
import { subscribe, waitFor } from '../webhooks/webhooks-fixture.ts';

/** As the bundled one, a workflow that ends with a person's decision. */
const MAKER = `
document: { dsl: '1.0.0', namespace: test, name: program-from-examples, version: '1.0.0' }
do:
  - review: { call: accept, with: { title: Serve it, doc_type: program_version, subject: { version: 2 } } }
`;
const source = (spam: string): string =>
  `export function run(text: string): string { if (text === 'fail') throw new Error('no'); if (text === 'loop') for (;;) {} return text.includes('${spam}') ? 'spam' : 'ham'; }`;
const V1 = '/api/v1';
const PROGRAMS = `${V1}/validation/programs`;

let served: Served;
/** Whatever is there is moved. */
const SEEN = { 'if-match': '*' };
let server: TestServer;
let receiver: Receiver;
before(async () => {
  const watching = { ...DEFAULT_WATCHING, sampling: { strategy: 'random', rate: 0 }, drift: null } as const;
  served = await openServed(
    async (programs) => {
      await programs.store('mail', { id: 'first-id', source: source('prize') });
      await programs.store('mail', { id: 'second/id', source: source('win') });
      await programs.store('other', { id: 'other-id', source: source('x') });
      await programs.setActive('mail', 1, { record: { id: 'p1' } });
    },
    { server: { definitions: { maker: MAKER } }, edge: { watching }, timeoutMs: 1000 },
  );
  ({ server } = served);
  receiver = await openReceiver();
  const types = ['program_*', 'validation_failed', 'canary_*', 'ab_test_completed'];
  await subscribe(server, receiver.url, { event_types: types });
});
after(async () => {
  await served[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const execute = async (body: object): Promise<TaskExecuteResponse> =>
  taskExecuteResponseSchema.parse((await server.post(`${V1}/tasks/mail/execute`, body)).body);
const told = (type: string): Record<string, unknown>[] =>
  receiver.received.filter(({ payload }) => payload.type === type).map(({ payload }) => payload.data);

describe('the later API of the source', () => {
  it('runs a task and tells all about it, also of a program that fails or takes longer than the caller allows', async () => {
    const good = await execute({ input: 'a prize' });
    assert.deepEqual(
      [good.status, good.output, good.program_id, good.version, good.sampled_for_validation, good.memory_usage_mb],
      ['success', 'spam', 'first-id', 1, false, null],
    );
    const second = await execute({ input: 'a win', version: 2, force_validation: true, task_id: 'mail' });
    assert.deepEqual([second.program_id, second.output, second.sampled_for_validation], ['second/id', 'spam', true]);
    const named = await server.post(`${V1}/tasks/mail/execute`, { input: 'a prize' });
    assert.deepEqual([named.headers.get('x-program-version'), named.headers.get('x-program-digest')?.length], ['1', 64]);
    const broken = await server.post(`${V1}/programs/mail/execute`, { input: 'fail' });
    assert.deepEqual([broken.status, broken.headers.get('x-program-version')], [422, '1']);
    const failed = await execute({ input: 'fail', force_validation: true });
    assert.deepEqual([failed.status, failed.sampled_for_validation, 'output' in failed], ['error', false, false]);
    assert.match(failed.error_message ?? '', /no/u);
    const late = await execute({ input: 'loop', timeout_ms: 30 });
    assert.deepEqual(
      [late.status, late.error_message],
      ['timeout', 'The program ran longer than the 30 ms that the request gave it'],
    );
    const wrong = await server.post(`${V1}/tasks/mail/execute`, { input: 1, task_id: 'other' });
    errorIn(wrong, 'VALIDATION_ERROR');
    const limits = [{ timeout_ms: 0 }, { timeout_ms: 60_001 }, { version: 0 }, { force_validation: 'yes' }];
    for (const limit of limits)
      assert.deepEqual(
        pointersIn(errorIn(await server.post(`${V1}/tasks/mail/execute`, { input: 1, ...limit }), 'VALIDATION_ERROR')),
        [`/body/${Object.keys(limit)[0]}`],
      );
    errorIn(await server.post(`${V1}/tasks/mail/execute`, { input: 1, version: 9 }), 'ARTIFACT_NOT_FOUND');
    errorIn(await server.post(`${V1}/tasks/nobody/execute`, { input: 1 }), 'PROGRAM_NOT_FOUND');
  });

  it('lists versions as artifacts', async () => {
    const { versions, next_cursor } = programVersionsSchema.parse((await server.get(`${V1}/tasks/mail/artifacts?limit=1`)).body);
    assert.deepEqual(
      versions.map(({ id }) => id),
      ['first-id'],
    );
    assert.ok(next_cursor !== null);
    assert.equal((await server.get(`${V1}/tasks/mail/artifacts/2`)).status, 200);
    errorIn(await server.get(`${V1}/tasks/mail/artifacts/9`), 'ARTIFACT_NOT_FOUND');
  });

  it('runs a batch, with what is sampled of it', async () => {
    const items = [
      { id: 'a', input: 'a prize', force_validation: true },
      { id: 'b', input: 'fail' },
      { id: 'c', input: 'x' },
    ];
    const answer = await server.post(`${V1}/batch/execute`, { task_id: 'mail', items, timeout_ms: 60_000 });
    const { results, success_count, failure_count } = batchExecuteResponseSchema.parse(answer.body);
    assert.deepEqual([success_count, failure_count, answer.headers.get('x-program-version')], [2, 1, '1']);
    assert.deepEqual(
      results.map(({ id, success, sampled_for_validation: sampled }) => [id, success, sampled]),
      [
        ['a', true, true],
        ['b', false, false],
        ['c', true, false],
      ],
    );
    errorIn(await server.post(`${V1}/batch/execute`, { task_id: 'mail', items, max_concurrency: 101 }), 'VALIDATION_ERROR');
  });

  it('compares outputs exactly, by likeness, member by member, and by meaning only with a model', async () => {
    const items = [
      { id: '1', input: 1, output: 'Spam ', expected_output: 'spam' },
      { id: '2', input: 1, output: 'colour', expected_output: 'color' },
      { id: '3', input: 1, output: { a: 1, b: [1] }, expected_output: { a: 1, b: [1, 2] } },
      { id: '4', input: 1, output: 1, expected_output: '1' },
      { id: '5', input: 1, output: {}, expected_output: { a: 1 } },
    ];
    const validate = async (comparison_method?: string): Promise<unknown[]> => {
      const body = { task_id: 'mail', items, ...(comparison_method === undefined ? {} : { comparison_method }) };
      const { results, valid_count, accuracy_rate } = batchValidateResponseSchema.parse(
        (await server.post(`${V1}/batch/validate`, body)).body,
      );
      assert.equal(accuracy_rate, valid_count / items.length);
      return results.map(({ is_valid, error_type }) => (is_valid ? 'right' : error_type));
    };
    const exact = ['right', 'value_mismatch', 'array_length_mismatch', 'type_mismatch', 'missing_property'];
    assert.deepEqual(await validate(), exact);
    assert.deepEqual(await validate('exact'), exact);
    assert.deepEqual((await validate('fuzzy')).slice(0, 2), ['right', 'value_mismatch']);
    assert.deepEqual((await validate('structured'))[2], 'array_length_mismatch');
    const refused = await server.post(`${V1}/batch/validate`, { task_id: 'mail', items, comparison_method: 'semantic' });
    assert.equal(errorIn(refused, 'PROVIDER_NOT_CONFIGURED').status, 503);
  });

  it('sums up validations of a version under each of its names, and says what to do', async () => {
    const none = validationStatisticsSchema.parse((await server.get(`${PROGRAMS}/mail@2/summary`)).body);
    assert.deepEqual([none.total_validations, none.validation_rate, none.average_score, none.interval], [0, null, null, null]);
    const early = recommendationsSchema.parse((await server.get(`${PROGRAMS}/mail/recommendations`)).body);
    assert.deepEqual([early.should_improve, early.confidence], [false, null]);
    assert.match(early.suggested_fixes[0] ?? '', /^Answer 5 more/u);
    const right = ['spam', 'spam', 'spam', 'spam', 'ham', 'ham'];
    for (const output of right) {
      const { execution_id: id } = await execute({ input: 'a win', force_validation: true });
      assert.equal((await server.post(`${V1}/programs/mail/samples/${id}/answer`, { output })).status, 200);
    }
    for (const name of ['mail', 'mail@1', 'first-id']) {
      const { program_id, task_id, version, ...rest } = validationStatisticsSchema.parse(
        (await server.get(`${PROGRAMS}/${name}/summary`)).body,
      );
      assert.deepEqual([program_id, task_id, version], ['first-id', 'mail', 1]);
      assert.deepEqual([rest.total_validations, rest.valid_count, rest.invalid_count], [6, 2, 4]);
      assert.ok(Math.abs((rest.average_score ?? 0) - 1 / 3) < 1e-9 && rest.estimated_rate === null);
    }
    assert.equal((await server.get(`${PROGRAMS}/${encodeURIComponent('second/id')}/summary`)).status, 200);
    const advice = recommendationsSchema.parse((await server.get(`${PROGRAMS}/first-id/recommendations`)).body);
    assert.deepEqual([advice.should_improve, advice.failed_validations_count], [true, 4]);
    assert.deepEqual(advice.common_errors, ['"ham" where "spam" is right (4 of 4)']);
    // Beta(3, 5) below 0.7.
    assert.ok(Math.abs((advice.confidence ?? 0) - 0.971) < 0.001, String(advice.confidence));
    for (const name of ['mail@9', 'nobody', 'other', 'a@b@c', '%F0%9F%8D%8E'])
      errorIn(await server.get(`${PROGRAMS}/${name}/summary`), 'PROGRAM_NOT_FOUND');
  });

  it('makes a program again when somebody asks, once at a time, and only from what is known', async () => {
    const path = `${PROGRAMS}/mail@1/improve`;
    assert.match(errorIn(await server.post(path, {}), 'INVALID_STATE').message, /not known from which examples/u);
    const lines = ['a prize', 'hello'].map((input, n) => JSON.stringify({ input, output: n === 0 ? 'spam' : 'ham' })).join('\n');
    const sent = await server.post(`${V1}/examples`, lines, { 'content-type': 'application/x-ndjson' });
    const { digest } = sent.body as { digest: string };
    const input = { program: 'mail', task_description: 'Sort mail', examples: digest };
    await server.engine.start({
      executionId: 'made-it',
      workflow: 'program-from-examples',
      projectId: 'default',
      input,
      startedBy: 'ann',
    });
    await server.programs.setActive('mail', 1, { record: { id: 'p2', execution_id: 'made-it' } });
    assert.match(errorIn(await server.post(`${PROGRAMS}/mail@2/improve`, {}), 'INVALID_STATE').message, /nothing to add/u);
    const begun = await server.post(path, { reason: 'too many complaints' });
    assert.equal(begun.status, 202);
    const { repair_id: id, success, new_version, changes_applied } = improveResponseSchema.parse(begun.body);
    assert.deepEqual([success, new_version], [true, null]);
    assert.match(changes_applied[0] ?? '', /^1 labelled/u);
    assert.equal(errorIn(await server.post(path, {}), 'REPAIR_IN_PROGRESS').details?.['repair_id'], id);
    assert.equal(server.engine.read.execution(id)?.startedBy, 'developer');
    const { repairs } = repairListSchema.parse((await server.get(`${V1}/programs/mail/repairs`)).body);
    assert.deepEqual([repairs[0]?.requested_by, repairs[0]?.comment], ['developer', 'too many complaints']);
    // Its workflow promotes; here the decision alone ends it.
    await waitFor(async () => server.engine.read.status(id) === 'waiting_acceptance');
    await server.post(`${V1}/executions/${id}/acceptance`, { accepted: true });
    await waitFor(async () => {
      await server.watching.watcher.round();
      return told('program_improved').length > 0;
    });
    assert.deepEqual(
      told('program_improved').map(({ repair_id }) => repair_id),
      [id],
    );
  });

  it('keeps what a program is to do, once, and makes one again from that which no execution has made', async () => {
    const examples = [
      { input: 'x marks', output: 'spam' },
      { input: 'plain', output: 'ham' },
    ];
    const made = await server.post(`${V1}/tasks`, { name: 'other', description: 'Sort letters', examples });
    const task = taskResponseSchema.parse(made.body);
    assert.deepEqual(
      [made.status, task.id, task.accuracy_target, task.latency_target_ms, task.sampling_rate, task.total_versions],
      [201, 'other', 0.9, 10, 0.1, 1],
    );
    assert.deepEqual([task.examples, task.active_version], [examples, null]);
    assert.deepEqual((await server.get(`${V1}/programs/other/task`)).body, made.body);
    errorIn(await server.post(`${V1}/tasks`, { name: 'other', description: 'Again' }), 'TASK_ALREADY_EXISTS');
    errorIn(await server.get(`${V1}/programs/mail/task`), 'PROGRAM_TASK_NOT_FOUND');
    const ran = await server.post(`${V1}/tasks/other/execute`, { input: 'x', version: 1, force_validation: true });
    const { execution_id: id } = taskExecuteResponseSchema.parse(ran.body);
    assert.equal((await server.post(`${V1}/programs/other/samples/${id}/answer`, { output: 'ham' })).status, 200);
    const begun = improveResponseSchema.parse((await server.post(`${PROGRAMS}/other@1/improve`, {})).body);
    const repair = server.engine.read.execution(begun.repair_id);
    assert.match(JSON.stringify(repair?.input), /"task_description":"Sort letters"/u);
  });

  it('tells once how many executions failed and how many outputs were wrong since the last look', async () => {
    await server.watching.watcher.round();
    await waitFor(() => told('program_execution_failed').length === 1 && told('validation_failed').length === 1);
    const [failed] = told('program_execution_failed');
    assert.deepEqual([failed?.['program'], failed?.['failures'], failed?.['project_id']], ['mail', 4, 'default']);
    assert.deepEqual([told('validation_failed')[0]?.['failures'], told('validation_failed')[0]?.['version']], [4, '1']);
    await execute({ input: 'fail' });
    await server.watching.watcher.round();
    await server.watching.watcher.round();
    await waitFor(() => told('program_execution_failed').length === 2);
    assert.deepEqual(
      told('program_execution_failed').map(({ failures, failures_in_all }) => [failures, failures_in_all]),
      [
        [4, 4],
        [1, 5],
      ],
    );
    assert.equal(told('validation_failed').length, 1);
  });

  it('compares versions by what each did, and by a canary of both where there was one', async () => {
    const body = { control_program_id: 'mail@1', treatment_program_id: 'second/id', configuration: { minimum_sample_size: 30 } };
    const compare = async (): Promise<ReturnType<typeof compareProgramsResponseSchema.parse>> =>
      compareProgramsResponseSchema.parse((await server.post(`${PROGRAMS}/compare`, body)).body);
    const alone = await compare();
    assert.deepEqual([alone.source, alone.recommendation, alone.is_significant], ['history', 'continue', false]);
    assert.deepEqual([alone.control_metrics.total_validations, alone.treatment_metrics.sample_size], [6, 1]);
    for (const treatment of ['other', 'mail@1', 'nobody'])
      assert.deepEqual(
        pointersIn(
          errorIn(await server.post(`${PROGRAMS}/compare`, { ...body, treatment_program_id: treatment }), 'VALIDATION_ERROR'),
        ),
        ['/body/treatment_program_id'],
      );
    errorIn(await server.post(`${PROGRAMS}/compare`, { ...body, control_program_id: 'nobody' }), 'PROGRAM_NOT_FOUND');

    const start = (more: object): ReturnType<typeof server.post> =>
      server.post(`${PROGRAMS}/canary/start`, { new_program_id: 'mail@2', stage_seconds: 600, ...more }, SEEN);
    const blind = await server.post(`${PROGRAMS}/canary/start`, { new_program_id: 'mail@2' });
    assert.equal(errorIn(blind, 'PRECONDITION_REQUIRED').status, 428);
    errorIn(await start({ current_program_id: 'mail@2' }), 'ALIAS_MOVED');
    const odd = await start({ current_program_id: 'other-id' });
    assert.deepEqual(pointersIn(errorIn(odd, 'VALIDATION_ERROR')), ['/body/current_program_id']);
    errorIn(await start({ new_program_id: 'nobody' }), 'PROGRAM_NOT_FOUND');
    errorIn(await server.get(`${V1}/validation/tasks/mail/canary`), 'ROLLOUT_NOT_FOUND');
    const begun = await start({ current_program_id: 'first-id', task_id: 'mail', stages: [40, 100], comment: 'Try it' });
    const canary = canarySchema.parse(begun.body);
    assert.deepEqual(
      [begun.status, canary.new_program_id, canary.current_program_id, canary.current_percentage, canary.status],
      [201, 'second/id', 'first-id', 40, 'in_progress'],
    );
    errorIn(await start({}), 'ROLLOUT_IN_PROGRESS');
    const stale = await server.post(`${PROGRAMS}/canary/${canary.id}/progress`, {}, { 'if-match': '"other"' });
    assert.equal(errorIn(stale, 'PRECONDITION_FAILED').status, 412);
    for (const move of ['progress', 'rollback'])
      errorIn(await server.post(`${PROGRAMS}/canary/${canary.id}/${move}`, {}), 'PRECONDITION_REQUIRED');
    const tag = { 'if-match': begun.headers.get('etag') ?? '' };
    const on = canarySchema.parse((await server.post(`${PROGRAMS}/canary/${canary.id}/progress`, {}, tag)).body);
    errorIn(await server.post(`${PROGRAMS}/canary/${canary.id}/progress`, {}, tag), 'PRECONDITION_FAILED');
    assert.deepEqual([on.current_stage, on.current_percentage], [2, 100]);
    // All of it fails: whoever looks knows within one look of the figures.
    for (let n = 0; n < 40; n += 1) await execute({ input: n < 4 ? 'a win' : 'fail' });
    await waitFor(async () => (await compare()).treatment_metrics.sample_size === 40);
    const { source: from, rollout_id: of, treatment_metrics: did } = await compare();
    assert.deepEqual([from, of, did.error_rate], ['rollout', canary.id, 0.9]);
    const there = { ...body, control_program_id: 'mail@2', treatment_program_id: 'mail@1' };
    const around = compareProgramsResponseSchema.parse((await server.post(`${PROGRAMS}/compare`, there)).body);
    assert.deepEqual([around.source, around.control_metrics.error_rate, around.rollout_id], ['rollout', 0.9, canary.id]);
    const back = await server.post(`${PROGRAMS}/canary/${canary.id}/rollback`, { reason: 'it fails' }, SEEN);
    const ended = canarySchema.parse(back.body);
    assert.deepEqual([ended.status, ended.status_reason, ended.current_percentage], ['rolled_back', 'it fails', 0]);
    assert.deepEqual(
      ended.history.map(({ action }) => action),
      ['start', 'advance', 'rollback'],
    );
    assert.deepEqual(canarySchema.parse((await server.get(`${V1}/validation/tasks/mail/canary`)).body), ended);
    errorIn(await server.post(`${PROGRAMS}/canary/${canary.id}/progress`, {}, SEEN), 'INVALID_STATE');
    errorIn(await server.post(`${PROGRAMS}/canary/nothing/progress`, {}, SEEN), 'ROLLOUT_NOT_FOUND');
    await waitFor(() => told('canary_rollback').length === 1 && told('ab_test_completed').length === 1);
    const { rollout_id, candidate, status, reason } = told('canary_rollback')[0] ?? {};
    assert.deepEqual([rollout_id, candidate, status, reason], [canary.id, 2, 'rolled_back', 'it fails']);

    const last = canarySchema.parse((await start({ stages: [100] })).body);
    const done = canarySchema.parse((await server.post(`${PROGRAMS}/canary/${last.id}/progress`, {}, SEEN)).body);
    assert.deepEqual([done.status, done.current_percentage], ['completed', 100]);
    assert.equal(await server.programs.getActive('mail'), 2);
    await waitFor(() => told('canary_completed').length === 1 && told('ab_test_completed').length === 2);
  });

  it('refuses a subscription to what is no event', async () => {
    const url = `${receiver.url}/none`;
    const types = ['completed', 'ProgramImproved', 'canary_*', 'nothing_*'];
    const error = errorIn(await server.post(`${V1}/webhooks`, { url, event_types: types }), 'UNKNOWN_EVENT_TYPE');
    assert.deepEqual([error.status, pointersIn(error)], [422, ['/body/event_types/1', '/body/event_types/3']]);
    const { webhook_id: id } = await subscribe(server, url, { event_types: ['completed'] });
    errorIn(await server.send('PATCH', `${V1}/webhooks/${id}`, { event_types: ['nothing'] }), 'UNKNOWN_EVENT_TYPE');
  });
});
