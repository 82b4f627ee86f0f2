import { jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { argumentNames, explainInvalidScript } from '../definition/check-script.ts';
import { validationFailure } from '../http-call/call-error.ts';
import { type Endpoint, endpointSchema } from '../http-call/call-arguments.ts';
import { type HttpCallOptions, HttpClient } from '../http-call/http-client.ts';
import { toOutput } from '../http-call/response-output.ts';
import { expandUri, parseUrl } from '../http-call/uri-template.ts';
import { type CallFunction, type Invocation, defineFunction } from '../interpreter/call-function.ts';
import type { StepAttempt } from '../context/durable-context.ts';
import type { ScriptRunner } from './script-runner.ts';

/** The name under which the functions of an engine have what runs scripts; `call` cannot name it. */
export const RUN_SCRIPT = 'run.script';

const scriptArguments = z.strictObject({
  code: z.string().optional(),
  source: endpointSchema.optional(),
  arguments: z.union([z.array(z.string()), z.record(z.string(), jsonSchema)]),
  environment: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]).transform(String)),
  stdin: z.string(),
});

/**
 * What `run: script` does: reads the source, where it is a resource, and runs the code. Both are one recorded step; its value has
 * the fields of `ScriptResult`. A script that was under way when the process went down is run again.
 */
export function scriptFunction(runner: ScriptRunner, options: HttpCallOptions): CallFunction {
  const client = new HttpClient(options);
  return defineFunction({
    description: 'Runs a script',
    arguments: scriptArguments,
    run: (invocation) =>
      invocation.step(async (attempt) => {
        const { source, arguments: args, environment, stdin } = invocation.args;
        const code =
          source === undefined ? (invocation.args.code ?? '') : await readSource(source, { client, invocation, attempt });
        const reason = explainInvalidScript(code, argumentNames(args));
        if (reason !== undefined) throw validationFailure(`Cannot run the script: ${reason}`);
        const { result, ...streams } = await runner.run({ code, arguments: args, environment, stdin, signal: attempt.signal });
        return { ...streams, ...(result === undefined ? {} : { result }) };
      }),
  });
}

async function readSource(
  { uri, authentication }: Endpoint,
  { client, invocation, attempt }: { client: HttpClient; invocation: Invocation<unknown>; attempt: StepAttempt },
): Promise<string> {
  const message = { method: 'GET', url: parseUrl(expandUri(uri, invocation.input)), headers: new Headers() };
  const response = await client.send({ message, authentication, redirect: true }, invocation, attempt);
  // Refuses every status that is no success; the bytes are text, whatever their type says.
  toOutput(response, 'raw', true);
  return response.body.toString('utf8');
}
