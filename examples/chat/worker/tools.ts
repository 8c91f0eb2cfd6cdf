// What the model may do. `needsApproval`: nothing happens before its user has seen the arguments and said yes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelTool, ModelTools } from '@sockudo/ai-transport/model';
import { z } from 'zod';
import type { Documents } from './search.ts';

export interface ToolParts {
  readonly documents: Documents;
  /** Folder in which e-mails are laid down. */
  readonly outbox: string;
}

export const createTools = ({ documents, outbox }: ToolParts): ModelTools => ({
  search_docs: toolOf({
    description: 'Search the documentation of Sockudo and look up what it says.',
    input: z.object({ query: z.string().min(1).max(300).describe('What to look for.') }),
    execute({ query }) {
      const found = documents.search(query);
      if (found.length === 0) return 'Nothing was found.';
      return found.map(({ source, heading, text }) => `# ${source} › ${heading}\n\n${text}`).join('\n\n');
    },
  }),
  send_email: toolOf({
    description: 'Send an email in the name of the user.',
    input: z.object({
      to: z.email().describe('Address of the recipient.'),
      subject: z.string().min(1).max(200),
      body: z.string().min(1).max(10_000),
    }),
    needsApproval: true,
    // In a demo nothing leaves the machine: it is laid down as a file, one for each call, whoever tries how often.
    async execute({ to, subject, body }, callId) {
      await mkdir(outbox, { recursive: true });
      const name = `${callId.replaceAll(/[^\w-]/g, '_')}.txt`;
      await writeFile(join(outbox, name), `To: ${to}\nSubject: ${subject}\n\n${body}\n`);
      return { status: 'sent', to, subject };
    },
  }),
});

interface Definition<Input> {
  readonly description: string;
  readonly input: z.ZodType<Input>;
  readonly needsApproval?: boolean;
  /** @param callId the same in every attempt */
  execute(input: Input, callId: string): unknown;
}

function toolOf<Input>({ description, input, needsApproval, execute }: Definition<Input>): ModelTool {
  return {
    description,
    schema: z.toJSONSchema(input),
    needsApproval,
    parse(given) {
      const { success, data, error } = input.safeParse(given);
      if (success) return data;
      // The model is told, and may do better.
      throw new Error(z.prettifyError(error));
    },
    // CAST: it has been through `parse`.
    execute: (given, { toolCallId }) => execute(given as Input, toolCallId),
  };
}
