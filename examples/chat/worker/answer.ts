// One turn of the conversation: the model is asked, what it says is written into the channel as it comes, the tools it calls are carried
// out, and it is asked again until it has nothing more to call. Must not know: leases, retries, connections.
import type { RunHandler } from '@sockudo/ai-transport/agent';
import { writeModel } from '@sockudo/ai-transport/model';
import { openaiChat } from '@sockudo/openai';
import type OpenAI from 'openai';
import { Calls, type Output } from './calls.ts';
import { failureOf } from './failures.ts';
import { type GivenMessage, toChatMessages } from './messages.ts';
import { definitionsOf, type Tool } from './tools.ts';

export interface AnswerParts {
  readonly openai: OpenAI;
  readonly model: string;
  readonly tools: ReadonlyMap<string, Tool>;
}

/** A model that calls tools for ever is stopped here. */
const MODEL_CALLS_MAX = 8;
const SYSTEM =
  'You are a friendly assistant in a chat. Answer in Markdown, briefly. For questions about Sockudo use the tool search_docs and say ' +
  'where something stands. Send an email only when you are asked to.';

export const answerWith =
  ({ openai, model, tools }: AnswerParts): RunHandler =>
  async (run, { history }) => {
    const before = await history();
    const conversation: GivenMessage[] = [...before];
    const calls = new Calls(run, tools);
    const add = (outputs: readonly Output[]): void => {
      if (outputs.length > 0) conversation.push({ role: 'tool', content: outputs });
    };
    const decided = await calls.decide(before);
    add(decided.outputs);
    if (decided.isWaiting) return run.suspend();

    const request = { model, tools: definitionsOf(tools) };
    for (let count = 0; count < MODEL_CALLS_MAX; count += 1) {
      const messages = [{ role: 'system' as const, content: SYSTEM }, ...toChatMessages(conversation)];
      const events = openaiChat(openai, { ...request, messages }, { signal: run.signal });
      const said = await writeModel(run, events, { isStep: true }).catch((error: unknown) => {
        throw failureOf(error);
      });
      if (said.status === 'cancelled' || said.toolCalls.length === 0) return;
      conversation.push({ role: 'assistant', content: said.content });
      const { outputs, isWaiting } = await calls.make(said.toolCalls);
      add(outputs);
      if (isWaiting) return run.suspend();
    }
  };
