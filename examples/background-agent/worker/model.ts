// The language model: any address that speaks OpenAI's chat completions. Two requests: one that has the model call the tool that reads
// a file, one that has it write. Must not know: runs, files.
import type OpenAI from 'openai';
import { READ_TOOL } from '../shared/job.ts';

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;
type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

/** Of a longer text only this much is sent, in characters. */
const MAX_SENT = 60_000;

const TOOL: OpenAI.Chat.Completions.ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: READ_TOOL,
    description: 'Reads a document.',
    parameters: {
      type: 'object',
      properties: { path: { type: 'string', description: 'Path of the document, as it was given.' } },
      required: ['path'],
      additionalProperties: false,
    },
  },
};

const SYSTEM: Message = {
  role: 'system',
  content: 'You summarise technical documents in two or three plain sentences, without headings and lists.',
};

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as it is written. */
  readonly arguments: AsyncIterable<string>;
}

/** The model did something else than what it was asked for. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

export class Model {
  readonly name: string;
  readonly #openai: OpenAI;

  constructor(openai: OpenAI, name: string) {
    this.#openai = openai;
    this.name = name;
  }

  /** Has the model call `read_file` for a document. @throws ModelError when it calls nothing */
  async askToRead(path: string, signal: AbortSignal): Promise<ToolCall> {
    const stream = await this.#openai.chat.completions.create(
      {
        model: this.name,
        messages: [SYSTEM, question(path)],
        tools: [TOOL],
        tool_choice: { type: 'function', function: { name: READ_TOOL } },
        stream: true,
      },
      { signal },
    );
    return firstCall(stream[Symbol.asyncIterator]());
  }

  /** Writes a summary of what the tool has read. */
  summarise(document: ReadDocument, signal: AbortSignal): AsyncGenerator<string> {
    const { path, text, callId, callArguments } = document;
    return this.#write(
      [
        SYSTEM,
        question(path),
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: callId, type: 'function', function: { name: READ_TOOL, arguments: callArguments } },
          ],
        },
        { role: 'tool', tool_call_id: callId, content: text.slice(0, MAX_SENT) },
      ],
      signal,
    );
  }

  /** Writes what several summaries say together. */
  conclude(summaries: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
    const content = `What do these documents say together?\n\n${summaries.join('\n\n')}`;
    return this.#write([SYSTEM, { role: 'user', content: content.slice(0, MAX_SENT) }], signal);
  }

  async *#write(messages: Message[], signal: AbortSignal): AsyncGenerator<string> {
    const stream = await this.#openai.chat.completions.create(
      { model: this.name, messages, stream: true },
      { signal },
    );
    for await (const { choices } of stream) yield choices[0]?.delta.content ?? '';
  }
}

export interface ReadDocument {
  readonly path: string;
  readonly text: string;
  readonly callId: string;
  readonly callArguments: string;
}

const question = (path: string): Message => ({
  role: 'user',
  content: `Read \`${path}\` with the tool ${READ_TOOL}, then summarise it.`,
});

/** The beginning of the first call; its arguments are read by whoever wants them. */
async function firstCall(chunks: AsyncIterator<Chunk>): Promise<ToolCall> {
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    const call = next.value.choices[0]?.delta.tool_calls?.[0];
    if (call?.id === undefined || call.function?.name === undefined) continue;
    const { id, function: called } = call;
    return { id, name: called.name ?? '', arguments: restOf(chunks, called.arguments ?? '') };
  }
  throw new ModelError('The model did not read the document: it has to know how to call tools.');
}

async function* restOf(chunks: AsyncIterator<Chunk>, beginning: string): AsyncGenerator<string> {
  try {
    yield beginning;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      const call = next.value.choices[0]?.delta.tool_calls?.[0];
      // A second call at once: one document is enough.
      if (call !== undefined && call.index === 0) yield call.function?.arguments ?? '';
    }
  } finally {
    await chunks.return?.();
  }
}
