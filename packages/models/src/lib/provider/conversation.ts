import type { LanguageModelV4FunctionTool, LanguageModelV4Message } from '@ai-sdk/provider';
import { type Json, type JsonObject, jsonObjectSchema } from '@loopwright/protocol';
import type { ModelReply } from './model-call.ts';

/** What a model may call in its answer. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly schema: JsonObject;
}

/** A call that a model asked for. */
export interface ModelToolCall {
  /** Unique in its conversation, at most 64 characters. */
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: nobody has looked whether they are JSON. */
  readonly input: string;
}

/** What was said: by the caller, by the model, or by what the model called. */
export type ConversationTurn =
  | { readonly role: 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly results: readonly { readonly id: string; readonly name: string; readonly text: string }[] };

/** A conversation that a model is asked to go on with. */
export interface Conversation {
  /** Who the model is and what its rules are. */
  readonly system: string;
  readonly turns: readonly ConversationTurn[];
  readonly tools: readonly ModelTool[];
  /** Most tokens of the answer. */
  readonly maxOutputTokens: number;
}

/** What a model said next. */
export interface ConversationReply extends ModelReply {
  readonly toolCalls: readonly ModelToolCall[];
}

/** The conversation in the form of the provider's library. */
export function messagesOf({ system, turns }: Conversation): LanguageModelV4Message[] {
  return [{ role: 'system', content: system }, ...turns.map(messageOfTurn)];
}

/** The tools in the form of the provider's library. */
export function toolsOf({ tools }: Conversation): LanguageModelV4FunctionTool[] {
  return tools.map(({ name, description, schema }) => ({ type: 'function', name, description, inputSchema: schema }));
}

function messageOfTurn(turn: ConversationTurn): LanguageModelV4Message {
  if (turn.role === 'user') return { role: 'user', content: [{ type: 'text', text: turn.text }] };
  if (turn.role === 'assistant') {
    const text = turn.text === '' ? [] : [{ type: 'text' as const, text: turn.text }];
    const calls = turn.toolCalls.map(({ id, name, input }) => ({
      type: 'tool-call' as const,
      toolCallId: id,
      toolName: name,
      input: argumentsIn(input),
    }));
    return { role: 'assistant', content: [...text, ...calls] };
  }
  const results = turn.results.map(({ id, name, text }) => ({
    type: 'tool-result' as const,
    toolCallId: id,
    toolName: name,
    output: { type: 'text' as const, value: text },
  }));
  return { role: 'tool', content: results };
}

/** What a call is shown with when the model is asked again: providers refuse arguments that are no object. */
function argumentsIn(input: string): JsonObject {
  try {
    const parsed = jsonObjectSchema.safeParse(JSON.parse(input) as Json);
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}
