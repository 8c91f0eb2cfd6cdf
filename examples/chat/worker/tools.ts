// What the model may do. `needsApproval`: nothing happens before its user has seen the arguments and said yes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { z } from 'zod';
import type { Documents } from './search.ts';

export interface Tool<Arguments = unknown> {
  readonly description: string;
  readonly arguments: z.ZodType<Arguments>;
  readonly needsApproval: boolean;
  /** @param callId the same in every attempt: what must not happen twice is told apart by it */
  execute(given: Arguments, callId: string): Promise<unknown>;
}

export interface ToolParts {
  readonly documents: Documents;
  /** Where e-mails are laid down. */
  readonly outbox: string;
}

export function createTools({ documents, outbox }: ToolParts): ReadonlyMap<string, Tool> {
  const searchDocs: Tool<{ query: string }> = {
    description: 'Search the documentation of Sockudo and look up what it says.',
    arguments: z.object({ query: z.string().min(1).max(300).describe('What to look for.') }),
    needsApproval: false,
    async execute({ query }) {
      const found = documents.search(query);
      if (found.length === 0) return 'Nothing was found.';
      return found.map(({ source, heading, text }) => `# ${source} › ${heading}\n\n${text}`).join('\n\n');
    },
  };
  const sendEmail: Tool<{ to: string; subject: string; body: string }> = {
    description: 'Send an email in the name of the user.',
    arguments: z.object({
      to: z.email().describe('Address of the recipient.'),
      subject: z.string().min(1).max(200),
      body: z.string().min(1).max(10_000),
    }),
    needsApproval: true,
    // In a demo nothing leaves the machine: it is laid down as a file, once for each call.
    async execute({ to, subject, body }, callId) {
      await mkdir(outbox, { recursive: true });
      const name = `${callId.replaceAll(/[^\w-]/g, '_')}.txt`;
      await writeFile(join(outbox, name), `To: ${to}\nSubject: ${subject}\n\n${body}\n`);
      return { status: 'sent', to, subject };
    },
  };
  // CAST: arguments have been through the tool's own schema before they get to `execute`.
  return new Map<string, Tool>([
    ['search_docs', searchDocs as Tool],
    ['send_email', sendEmail as Tool],
  ]);
}

/** The tools as a request to the model names them. */
export const definitionsOf = (
  tools: ReadonlyMap<string, Tool>,
): OpenAI.Chat.Completions.ChatCompletionFunctionTool[] =>
  [...tools].map(([name, tool]) => ({
    type: 'function',
    function: {
      name,
      description: tool.description,
      parameters: z.toJSONSchema(tool.arguments) as Record<string, unknown>,
    },
  }));

/** What a call asks for, or, for the model, why that cannot be. */
export function readCall(
  tools: ReadonlyMap<string, Tool>,
  { toolName, inputText }: { readonly toolName: string; readonly inputText: string },
): { readonly tool: Tool; readonly given: unknown } | { readonly problem: string } {
  const tool = tools.get(toolName);
  if (tool === undefined) return { problem: `There is no tool '${toolName}'.` };
  const parsed = tool.arguments.safeParse(jsonIn(inputText));
  return parsed.success
    ? { tool, given: parsed.data }
    : { problem: `The arguments are not right. ${z.prettifyError(parsed.error)}` };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
