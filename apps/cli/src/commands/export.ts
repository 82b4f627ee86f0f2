import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from '@loopwright/client';
import { exportFileName, exportKindSchema, exportQuerySchema, programNameSchema } from '@loopwright/protocol';
import { Command, Option } from 'commander';

interface Flags {
  readonly server: string;
  readonly user: string;
  readonly kind: string;
  readonly format: string;
  readonly from?: string;
  readonly to?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `loopwright export PROGRAM`: takes what was recorded of a program from a running server into a file. `write` tells where it is. */
export function exportCommand(write: (text: string) => void): Command {
  return new Command('export')
    .description('Write the recorded executions of a program, or its figures by day, to a CSV or Parquet file')
    .argument('<program>', 'name of the program')
    .addOption(new Option('--kind <kind>', 'what is exported').choices(exportKindSchema.options).default('executions'))
    .addOption(new Option('--format <format>', 'how').choices(['csv', 'parquet']).default('csv'))
    .option('--from <date>', 'first day, YYYY-MM-DD')
    .option('--to <date>', 'last day')
    .option('--output <file>', 'where to; `-` for standard output (default: a name made of the program and the days)')
    .option('--force', 'replace a file that is there')
    .option('--server <url>', 'the server', 'http://127.0.0.1:8080')
    .option('--user <name>', 'who asks', 'developer')
    .option('--json', 'print what was written as JSON')
    .action(async (program: string, flags: Flags) => {
      const name = programNameSchema.parse(program);
      const kind = exportKindSchema.parse(flags.kind);
      const { format, from, to } = flags;
      const query = exportQuerySchema.parse({
        format,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      const path = flags.output ?? exportFileName(name, kind, query);
      if (path !== '-' && flags.force !== true && (await exists(path)))
        throw new Error(`Cannot export to "${path}": it is there; --force replaces it`);
      const client = new Client({ baseUrl: flags.server, userId: flags.user });
      const body = Readable.fromWeb(await client.exportProgram(name, { kind, ...query }));
      if (path === '-') {
        await pipeline(body, process.stdout, { end: false });
        return;
      }
      const bytes = await writeWhole(body, path);
      write(flags.json === true ? `${JSON.stringify({ file: path, bytes })}\n` : `${path}  ${bytes} bytes\n`);
    });
}

/** The file is there completely or not at all. */
async function writeWhole(body: Readable, path: string): Promise<number> {
  const part = `${path}.part`;
  try {
    await pipeline(body, createWriteStream(part));
    const { size } = await stat(part);
    await rename(part, path);
    return size;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
