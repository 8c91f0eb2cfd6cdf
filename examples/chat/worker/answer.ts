// One turn of the conversation.
import type { RunHandler } from '@sockudo/ai-transport/agent';
import type OpenAI from 'openai';

export const answerWith =
  (openai: OpenAI, model: string): RunHandler =>
  async (run, { history }) => {
    const messages = (await history()).map(({ role, text }) => ({
      role: role === 'assistant' ? ('assistant' as const) : ('user' as const),
      content: text,
    }));
    const stream = await openai.chat.completions.create(
      { model, messages, stream: true },
      { signal: run.signal },
    );
    await run.pipe(
      (async function* () {
        for await (const { choices } of stream) yield choices[0]?.delta.content ?? '';
      })(),
    );
  };
