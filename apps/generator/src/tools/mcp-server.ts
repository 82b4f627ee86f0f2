import type { CallToolResult, Client, Tool, Transport } from '@modelcontextprotocol/client';
import { type Json, PlatformError, jsonObjectSchema, messageOf, toJson } from '@loopwright/protocol';
import { plainText } from '../loop/finding.ts';
import type { HostTool, ToolServer } from './host-tool.ts';
import { TOOL_LIMITS } from './limits.ts';
import type { McpServerGrant } from './tool-grants.ts';

/** What is needed to reach tool servers. */
export interface McpParts {
  readonly fetch: typeof globalThis.fetch;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Connection {
  readonly client: Client;
  readonly tools: readonly HostTool[];
}

/** A server of the Model Context Protocol, by stdio or HTTP. It is connected when its tools are first asked for, and again after it was lost. */
export class McpServer implements ToolServer {
  readonly name: string;
  readonly #grant: McpServerGrant;
  readonly #parts: McpParts;
  #connection: Promise<Connection> | undefined;

  constructor(grant: McpServerGrant, parts: McpParts) {
    this.name = grant.name;
    this.#grant = grant;
    this.#parts = parts;
  }

  readonly tools = async (signal: AbortSignal): Promise<readonly HostTool[]> => {
    signal.throwIfAborted();
    this.#connection ??= this.#connect().catch((error: unknown) => {
      this.#connection = undefined;
      const message = `Cannot reach the tool server "${this.name}": ${plainText(messageOf(error))}`;
      throw new PlatformError('SERVICE_UNAVAILABLE', message, { cause: error });
    });
    return (await this.#connection).tools;
  };

  async #connect(): Promise<Connection> {
    // Read with the first connection: the library is large, and most services have no such server.
    const { Client } = await import('@modelcontextprotocol/client');
    const client = new Client({ name: 'loopwright-generator', version: '0.1.0' });
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the client has no other way
    client.onclose = () => (this.#connection = undefined);
    try {
      await client.connect(await this.#transport(), { timeout: TOOL_LIMITS.connectMs });
      const { tools } = await client.listTools(undefined, { timeout: TOOL_LIMITS.connectMs });
      const allowed = this.#grant.tools;
      const granted = tools.filter(({ name }) => allowed === null || allowed.includes(name)).slice(0, TOOL_LIMITS.tools);
      return { client, tools: granted.flatMap((tool) => this.#hostTool(client, tool)) };
    } catch (error) {
      await client.close().catch(() => undefined);
      throw error;
    }
  }

  async #transport(): Promise<Transport> {
    const { transport } = this.#grant;
    if (transport.type === 'http') {
      const headers = { ...transport.headers, ...valuesOf(transport.headers_from, this.#parts.environment) };
      const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
      return new StreamableHTTPClientTransport(new URL(transport.url), { fetch: this.#parts.fetch, requestInit: { headers } });
    }
    const { command, args, env, env_from: from, cwd } = transport;
    // Its own variables and those that a program needs to start at all; no key of a model is among them unless it is named.
    const inherited = valuesOf(INHERITED, this.#parts.environment);
    const variables = { ...inherited, ...env, ...valuesOf(from, this.#parts.environment) };
    const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
    return new StdioClientTransport({
      command,
      args: [...args],
      env: variables,
      stderr: 'ignore',
      ...(cwd === null ? {} : { cwd }),
    });
  }

  #hostTool(client: Client, { name, description = '', inputSchema, outputSchema }: Tool): HostTool[] {
    const input = jsonObjectSchema.safeParse(toJson(inputSchema));
    if (!input.success || JSON.stringify(inputSchema).length > TOOL_LIMITS.schemaCharacters) return [];
    const output = jsonObjectSchema.safeParse(toJson(outputSchema ?? null));
    return [
      {
        name,
        description,
        inputSchema: input.data,
        outputSchema: output.success ? output.data : null,
        call: async (argument, signal) =>
          valueOf(await client.callTool({ name, arguments: argument }, { signal, timeout: TOOL_LIMITS.callMs })),
      },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.client.close().catch(() => undefined);
  }
}

/** Variables that programs need to find themselves and their files. */
const INHERITED = { PATH: 'PATH', HOME: 'HOME', TMPDIR: 'TMPDIR', SystemRoot: 'SystemRoot' };

/** Values of variables of the environment, by what they are wanted as. */
function valuesOf(names: Readonly<Record<string, string>>, environment: McpParts['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([as, variable]) => {
      const value = environment[variable];
      return value === undefined ? [] : [[as, value]];
    }),
  );
}

/** What a tool gave: its structure where it has one, else its texts. Throws what it says when it failed. */
function valueOf({ structuredContent, content, isError }: CallToolResult): Json {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (isError === true) throw new Error(texts.join('\n') || 'the tool failed');
  return structuredContent === undefined ? texts.join('\n') : toJson(structuredContent);
}
