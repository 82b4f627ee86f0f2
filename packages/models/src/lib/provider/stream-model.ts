import type {
  LanguageModelV4,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import { type Conversation, type ConversationReply, type ModelToolCall, messagesOf, toolsOf } from './conversation.ts';
import { PROVIDER_OPTIONS, finishOf, usageOf } from './model-call.ts';
import type { ModelName } from './model-name.ts';

/** Characters of one answer, text and calls together. */
const ANSWER_CHARACTERS = 4 * 1024 * 1024;
/** Calls in one answer. */
const CALLS = 64;

/** What is told of an answer while it comes in. */
export interface StreamWatch {
  readonly signal: AbortSignal;
  /** Called with each part of the answer: how many characters there are by now. */
  readonly onPart: (characters: number) => void;
}

interface Collected {
  text: string;
  calls: ModelToolCall[];
  characters: number;
  finish: { reason: LanguageModelV4FinishReason; usage: LanguageModelV4Usage } | undefined;
}

/** Asks a model once and reads its answer as it comes. Throws what the provider's library throws, and for an answer that was cut off or is too large. */
export async function streamModel(
  name: ModelName,
  model: LanguageModelV4,
  conversation: Conversation,
  { signal, onPart }: StreamWatch,
): Promise<ConversationReply> {
  const { stream } = await model.doStream({
    prompt: messagesOf(conversation),
    ...(conversation.tools.length === 0 ? {} : { tools: toolsOf(conversation), toolChoice: { type: 'auto' } }),
    maxOutputTokens: conversation.maxOutputTokens,
    abortSignal: signal,
    providerOptions: PROVIDER_OPTIONS,
  });
  const collected: Collected = { text: '', calls: [], characters: 0, finish: undefined };
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      take(next.value, collected);
      if (collected.characters > ANSWER_CHARACTERS)
        throw new RangeError(`the answer has more than ${ANSWER_CHARACTERS} characters`);
      onPart(collected.characters);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (collected.finish === undefined) throw new Error('the answer was cut off');
  const { reason, usage } = collected.finish;
  return {
    ...name,
    text: collected.text,
    toolCalls: withSafeNames(collected.calls, conversation),
    finish: finishOf(reason),
    usage: usageOf(usage),
  };
}

function take(part: LanguageModelV4StreamPart, collected: Collected): void {
  if (part.type === 'error') throw errorOf(part.error);
  if (part.type === 'finish') collected.finish = { reason: part.finishReason, usage: part.usage };
  else if (part.type === 'text-delta') {
    collected.text += part.delta;
    collected.characters += part.delta.length;
  } else if (part.type === 'tool-input-delta' || part.type === 'reasoning-delta') collected.characters += part.delta.length;
  else if (part.type === 'tool-call') {
    if (collected.calls.length >= CALLS) throw new RangeError(`the answer has more than ${CALLS} calls`);
    collected.calls.push({ id: part.toolCallId, name: part.toolName, input: part.input });
  }
}

/** A provider may say what went wrong inside of the stream, as text or as an object. */
function errorOf(error: unknown): Error {
  if (error instanceof Error) return error;
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return new Error(error.message);
  return new Error(typeof error === 'string' ? error : `the answer broke off with an error: ${JSON.stringify(error)}`);
}

/** The ids that a provider gave, where they can be sent back to any provider, and ours where they cannot; names of tools that there are. */
function withSafeNames(calls: readonly ModelToolCall[], { turns, tools }: Conversation): ModelToolCall[] {
  const taken = new Set(turns.flatMap((turn) => (turn.role === 'assistant' ? turn.toolCalls.map(({ id }) => id) : [])));
  return calls.map((call) => {
    let { id } = call;
    for (let number = taken.size + 1; !/^[\w-]{1,64}$/.test(id) || taken.has(id); number += 1) id = `call_${number}`;
    taken.add(id);
    return { ...call, id, name: tools.some(({ name }) => name === call.name) ? call.name : 'unknown_tool' };
  });
}
