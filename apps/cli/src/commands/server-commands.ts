import { Client } from '@loopwright/client';
import type { Json } from '@loopwright/protocol';
import type { Command } from 'commander';

/** What every command that asks a running server takes. */
export interface ServerFlags {
  readonly server: string;
  readonly user: string;
  readonly json?: boolean;
}

/** Prints a result: as JSON when that is wanted, else its lines for people. */
export type Print = (value: Json, lines: readonly string[]) => void;

/** Makes commands below `parent` that ask a running server, and gives them what they work with. `write` takes what they print. */
export function serverCommands(
  parent: Command,
  write: (text: string) => void,
): {
  readonly add: (name: string, description: string) => Command;
  readonly at: (flags: ServerFlags) => { readonly client: Client; readonly print: Print };
} {
  return {
    add: (name, description) =>
      parent
        .command(name)
        .description(description)
        .option('--server <url>', 'the server', 'http://127.0.0.1:8080')
        .option('--user <name>', 'who asks', 'developer')
        .option('--json', 'print the answer as JSON'),
    at: ({ server, user, json }) => ({
      client: new Client({ baseUrl: server, userId: user }),
      print: (value, lines) =>
        write(
          json === true
            ? `${JSON.stringify(value)}\n`
            : lines.map((line) => `${line.replaceAll(/[^\P{Cc}\n]/gu, '?')}\n`).join(''),
        ),
    }),
  };
}
