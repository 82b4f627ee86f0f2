import { wait } from '@loopwright/generation';
import { type Clock, PlatformError, type Random, messageOf } from '@loopwright/protocol';
import { type CallFailure, readFailure } from './call-failure.ts';
import type { Conversation, ConversationReply } from './conversation.ts';
import { streamModel } from './stream-model.ts';
import { type ModelReply, type ModelRequest, callModel } from './model-call.ts';
import { type ModelName, parseModelName } from './model-name.ts';
import { type OpenModelParts, checkProvider, openModel } from './open-model.ts';

/** How models are asked. */
export interface ModelClientOptions extends OpenModelParts {
  /** `provider/name` of the model that is asked; `null` when none is set. */
  readonly model: string | null;
  /** Asked when the first one's provider fails. */
  readonly fallback: string | null;
  /** Time limit of one call. */
  readonly timeoutMs: number;
  /** Calls of one provider in all, when it is busy. */
  readonly attempts: number;
  /** Wait before the second attempt; it doubles with each further one. */
  readonly retryDelayMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Whom a conversation is gone on with. */
export interface ConversationCall {
  readonly models: readonly ModelName[];
  readonly signal: AbortSignal;
  /** Told how many characters of the answer are there, of the attempt under way. */
  readonly onPart?: (characters: number) => void;
}

/** Longest wait that a provider may ask for; past it the fallback is asked, or the call fails and says when to come again. */
const RETRY_AFTER_LIMIT_MS = 120_000;

/** Asks the configured model, again when it is busy, and its fallback when the provider fails. */
export class ModelClient {
  readonly #options: ModelClientOptions;

  constructor(options: ModelClientOptions) {
    this.#options = options;
  }

  /** The model that would be asked first. Throws PROVIDER_NOT_CONFIGURED when none is set. */
  modelFor(override: string | null): ModelName {
    const name = override ?? this.#options.model;
    if (name !== null) return parseModelName(name);
    throw new PlatformError(
      'PROVIDER_NOT_CONFIGURED',
      'Cannot ask a model: no model is set; set `model` as "provider/name" (LOOPWRIGHT_MODEL) and ANTHROPIC_API_KEY, OPENAI_API_KEY or model_base_url, then retry',
      { details: { settings: ['model', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'model_base_url'] } },
    );
  }

  /** A text without the keys of the providers. */
  redact(text: string): string {
    return this.#options.keys.redact(text);
  }

  /** Why a model cannot be asked; `undefined` when it can. */
  whyNot(name: ModelName): PlatformError | undefined {
    try {
      checkProvider(name, this.#options);
      return undefined;
    } catch (error) {
      if (error instanceof PlatformError) return error;
      throw error;
    }
  }

  /**
   * Asks and gives the answer, with no key in it.
   *
   * @throws the reason of `signal`; PROVIDER_NOT_CONFIGURED; PROVIDER_UNAVAILABLE with what each provider said
   */
  async ask(request: ModelRequest, signal: AbortSignal, override: string | null = null): Promise<ModelReply> {
    const first = this.modelFor(override);
    const { fallback } = this.#options;
    const names =
      fallback === null || fallback === `${first.provider}/${first.model}` ? [first] : [first, parseModelName(fallback)];
    const { reply } = await this.#firstOf(names, signal, async (name, watch) =>
      callModel(name, await openModel(name, this.#options), request, watch.signal),
    );
    return { ...reply, text: this.redact(reply.text) };
  }

  /**
   * Goes on with a conversation: the first of `models` is asked, the next when its provider fails. The answer is read as it comes; the time limit is for each silence in it. What the providers
   * before the one that answered said stands in `failures`.
   *
   * @throws the reason of `signal`; PROVIDER_NOT_CONFIGURED; PROVIDER_UNAVAILABLE with what each provider said
   */
  async converse(
    conversation: Conversation,
    asked: ConversationCall,
  ): Promise<ConversationReply & { failures: readonly string[] }> {
    const { models, signal, onPart } = asked;
    const { reply, failures } = await this.#firstOf(models, signal, async (name, watch) => {
      const heard = (characters: number): void => {
        watch.extend();
        onPart?.(characters);
      };
      return streamModel(name, await openModel(name, this.#options), conversation, { signal: watch.signal, onPart: heard });
    });
    const toolCalls = reply.toolCalls.map((call) => ({ ...call, input: this.redact(call.input) }));
    return { ...reply, text: this.redact(reply.text), toolCalls, failures };
  }

  async #firstOf<R extends ModelReply>(
    names: readonly ModelName[],
    signal: AbortSignal,
    call: ModelCall<R>,
  ): Promise<{ reply: R; failures: readonly string[] }> {
    const failures: string[] = [];
    let retryAfterMs: number | undefined;
    for (const [index, name] of names.entries()) {
      const outcome = index === 0 ? await this.#askOne(name, signal, call) : await this.#askFallback(name, signal, call);
      if ('text' in outcome) return { reply: outcome, failures };
      failures.push(`${name.provider}/${name.model}: ${outcome.reason}`);
      retryAfterMs ??= outcome.retryAfterMs;
      // A mistake of the configuration must be seen, not hidden by the fallback's own.
      if (outcome.status === 401 || outcome.status === 403) failures.push('the provider refuses the key that is set for it');
    }
    throw new PlatformError('PROVIDER_UNAVAILABLE', `Cannot ask a model: ${failures.join('; ')}`, {
      details: { models: names.map(({ provider, model }) => `${provider}/${model}`), retry_after_ms: retryAfterMs ?? null },
    });
  }

  /** The fallback that is not configured must not hide why the first provider failed. */
  async #askFallback<R extends ModelReply>(name: ModelName, signal: AbortSignal, call: ModelCall<R>): Promise<R | CallFailure> {
    try {
      return await this.#askOne(name, signal, call);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return { kind: 'failed', reason: error.message, status: undefined, retryAfterMs: undefined };
    }
  }

  async #askOne<R extends ModelReply>(name: ModelName, signal: AbortSignal, call: ModelCall<R>): Promise<R | CallFailure> {
    const { attempts, retryDelayMs, clock, random } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#callInTime(name, signal, call);
      if ('text' in outcome || outcome.kind === 'failed' || attempt >= attempts) return outcome;
      if ((outcome.retryAfterMs ?? 0) > RETRY_AFTER_LIMIT_MS) return outcome;
      const backOff = retryDelayMs * 2 ** (attempt - 1) * (1 + random.next() / 4);
      await wait(clock, Math.max(backOff, outcome.retryAfterMs ?? 0), signal);
    }
  }

  async #callInTime<R extends ModelReply>(name: ModelName, signal: AbortSignal, call: ModelCall<R>): Promise<R | CallFailure> {
    const { clock, timeoutMs } = this.#options;
    signal.throwIfAborted();
    // A model that cannot be opened is a matter of the configuration, not of its provider.
    checkProvider(name, this.#options);
    const limit = new AbortController();
    const start = (): (() => void) =>
      clock.schedule(timeoutMs, () => limit.abort(new Error(`it did not answer within ${timeoutMs / 1000} s`)));
    let cancel = start();
    const extend = (): void => {
      cancel();
      cancel = start();
    };
    try {
      return await call(name, { signal: AbortSignal.any([signal, limit.signal]), extend });
    } catch (error) {
      signal.throwIfAborted();
      if (limit.signal.aborted)
        return { kind: 'failed', reason: messageOf(limit.signal.reason), status: undefined, retryAfterMs: undefined };
      return readFailure(error, (text) => this.redact(text), clock);
    } finally {
      cancel();
    }
  }
}

/** One call of a model: `extend` begins its time limit anew. */
type ModelCall<R> = (name: ModelName, watch: { readonly signal: AbortSignal; readonly extend: () => void }) => Promise<R>;
