// One turn of the conversation: the model is asked, what it says is written into the channel as it comes, the tools it calls are carried
// out, and it is asked again until it has nothing more to call. Must not know: leases, retries, connections.
import type { RunHandler } from '@sockudo/ai-transport/agent';
import type { ModelTools } from '@sockudo/ai-transport/model';
import { answerWithOpenAI } from '@sockudo/openai';
import type OpenAI from 'openai';

export interface AnswerParts {
  readonly client: OpenAI;
  readonly model: string;
  readonly tools: ModelTools;
}

const instructions =
  'You are a friendly assistant in a chat. Answer in Markdown, briefly. For questions about Sockudo use the tool search_docs and say ' +
  'where something stands. Send an email only when you are asked to.';

export const answerWith =
  (parts: AnswerParts): RunHandler =>
  (run, context) =>
    answerWithOpenAI(run, context, { ...parts, instructions });
