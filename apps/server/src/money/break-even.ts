import type { BreakEven, Clock, ProgramMetadata } from '@loopwright/protocol';
import { quantile } from './estimate-call.ts';
import type { ModelUsage } from './model-usage.ts';
import { NANOS, type PriceTable, usdText } from '@loopwright/models';

/** What break-even is reckoned with. */
export interface BreakEvenParts {
  readonly usage: ModelUsage;
  readonly prices: PriceTable;
  /** The executions of the run that an execution belongs to, itself among them. */
  readonly executionsOf: (executionId: string) => Promise<readonly string[]>;
  /** The project of a program, whose calls of models tell how many tokens a text has. */
  readonly projectOf: (program: string) => Promise<string>;
  readonly clock: Clock;
}

/** The comparison that is asked for. */
export interface BreakEvenRequest {
  readonly metadata: ProgramMetadata;
  readonly provider: string;
  readonly model: string;
  readonly requestsPerDay: number;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** Tells after how many requests a version has paid for itself, compared with asking a model at each of them. Serving the program itself is reckoned as nothing: it runs on a machine that is there. */
export async function breakEven(parts: BreakEvenParts, request: BreakEvenRequest): Promise<BreakEven> {
  const { metadata, provider, model, requestsPerDay } = request;
  const reasons: string[] = [];
  const making = await costOfMaking(parts, metadata, reasons);
  const tokens = await tokensPerRequest(parts, request, reasons);
  const cost = parts.prices.costOf({
    provider,
    model,
    at: parts.clock.now(),
    inputTokens: tokens.input,
    outputTokens: tokens.output,
  });
  if (cost.reason !== null && tokens.input !== null && tokens.output !== null) reasons.push(cost.reason);
  const perRequest = cost.nanos;
  if (perRequest === 0) reasons.push('a request to the model costs nothing: the program never pays for itself in money');
  const until = making === null || perRequest === null || perRequest === 0 ? null : Math.ceil(making / perRequest);
  return {
    program: metadata.task_id,
    version: metadata.version,
    model: `${provider}/${model}`,
    requests_per_day: requestsPerDay,
    cost_of_making_usd: making === null ? null : usdText(making),
    cost_per_request_usd: cost.usd,
    tokens_per_request: tokens,
    requests_until_even: until,
    days_until_even: until === null ? null : until / requestsPerDay,
    saved_per_day_usd: perRequest === null ? null : usdText(Math.round(perRequest * requestsPerDay)),
    reasons,
  };
}

/** What models were paid in the executions that made the version, and by the generation service for it. */
async function costOfMaking(
  { usage, executionsOf }: BreakEvenParts,
  { metadata, generation_cost }: ProgramMetadata,
  reasons: string[],
): Promise<number | null> {
  const execution = metadata['execution_id'];
  if (typeof execution !== 'string') {
    reasons.push('the version does not say which execution made it');
    return null;
  }
  const { costNanos } = await usage.totalOf(await executionsOf(execution));
  if (costNanos === null) reasons.push('a call of a model while it was made has no known cost');
  return costNanos === null ? null : costNanos + Math.ceil(generation_cost * NANOS - 1e-6);
}

async function tokensPerRequest(
  { usage, projectOf }: BreakEvenParts,
  { metadata, provider, model, inputTokens, outputTokens }: BreakEvenRequest,
  reasons: string[],
): Promise<BreakEven['tokens_per_request']> {
  if (inputTokens !== undefined && outputTokens !== undefined) return { input: inputTokens, output: outputTokens };
  const characters = metadata.metadata['input_characters_p50'];
  const shares = await usage.tokensPerCharacter({ projectId: await projectOf(metadata.task_id), provider, model });
  if (shares.length === 0)
    reasons.push(
      `the model "${provider}/${model}" was never asked in its project, so nobody knows how many tokens a text has: give input_tokens and output_tokens`,
    );
  if (typeof characters !== 'number') reasons.push('the version does not say how long its inputs are: give input_tokens');
  const share = shares.length === 0 ? null : quantile(shares, 0.5);
  const measured = share === null || typeof characters !== 'number' ? null : Math.ceil(characters * share);
  if (outputTokens === undefined) reasons.push('give output_tokens: no answer of the model to such a request was measured');
  if (inputTokens === undefined && measured !== null)
    reasons.push(
      'input_tokens is reckoned from the median input alone, without any instructions to the model: the model would cost more',
    );
  return { input: inputTokens ?? measured, output: outputTokens ?? null };
}
